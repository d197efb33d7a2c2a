"""How an indexer ended: whoever started it notes that in the indexer's log, where the other clients find it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 1.0
"""Seconds that the note on an ending may take after the connection has ended."""

_POLL = 0.02
_LARGEST_STATUS = 255
"""Larger ones are Windows' codes for crashes, which are known by their hexadecimal digits."""


def in_words(code: int) -> str:
    """How a process ended, by its exit code as `subprocess` has it: below 0 for a signal."""
    if code >= 0:
        return f"exit code {code}" if code <= _LARGEST_STATUS else f"exit code 0x{code:08X}"
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    return f"killed by signal {-code}{name}"


def note_ending(process: subprocess.Popen[bytes], open_log: Callable[[], int], expected: int) -> None:
    """Wait until an indexer ends, and note in its log how, unless with the exit code that is `expected`."""
    code = process.wait()
    if code == expected:
        return
    try:
        log = open_log()
    except OSError:
        return  # With the log's folder gone, nobody is left to read it.
    try:
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        os.write(
            log, f"{now} starter {os.getpid()} the indexer (process {process.pid}) ended: {in_words(code)}\n".encode()
        )
    except OSError:
        return  # A full disk; clients say then that it is not known.
    finally:
        os.close(log)


class EndingOf:
    """Looks for the note on an indexer's ending."""

    def __init__(self, pid: int, log: Path) -> None:
        """What the log holds already is of earlier processes."""
        self._note = re.compile(rf"\(process {pid}\) ended: (.+)".encode())
        self._log = log
        self._start = log.stat().st_size if log.exists() else 0

    async def in_words(self) -> str:
        """How it ended; empty if that is not noted in time, as when whoever started it has ended before."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if found := self._note.findall(self._news()):
                return str(found[-1].decode("utf-8", "replace"))
            if time.monotonic() > deadline:
                return ""
            await asyncio.sleep(_POLL)

    def _news(self) -> bytes:
        try:
            with self._log.open("rb") as file:
                # A log that has become shorter was begun anew.
                file.seek(self._start if os.fstat(file.fileno()).st_size >= self._start else 0)
                return file.read()
        except OSError:
            return b""
