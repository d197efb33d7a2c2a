"""How an indexer ended: the process that started it notes that in the indexer's log, where other clients find it."""

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
"""Seconds that the note may take after the connection has ended."""

_POLL = 0.02
_LARGEST_STATUS = 255
"""Larger ones are Windows' codes for crashes, which are known by their hexadecimal digits."""


def describe_exit(code: int) -> str:
    """Describe how a process ended, by its exit code as `subprocess` has it: below 0 for a signal."""
    if code >= 0:
        return f"exit code {code}" if code <= _LARGEST_STATUS else f"exit code 0x{code:08X}"
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    return f"killed by signal {-code}{name}"


def note_exit(process: subprocess.Popen[bytes], open_log: Callable[[], int], expected: int) -> None:
    """Wait until an indexer ends, and note in its log how, unless with the exit code that is `expected`."""
    code = process.wait()
    if code == expected:
        return
    try:
        log = open_log()
    except OSError:
        return  # The log's folder is gone, and with it the place where clients look.
    try:
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        note = f"{now} starter {os.getpid()} the indexer (process {process.pid}) ended: {describe_exit(code)}\n"
        os.write(log, note.encode())
    except OSError:
        return  # The disk is full: clients say that it is not known how the indexer ended.
    finally:
        os.close(log)


class ExitLog:
    """Reads the note on how an indexer ended."""

    def __init__(self, pid: int, log: Path) -> None:
        """`pid` is the process as its starter knows it. What the log holds already is of earlier processes."""
        self._note = re.compile(rf"\(process {pid}\) ended: (.+)".encode())
        self._log = log
        self._start = log.stat().st_size if log.exists() else 0

    async def description(self) -> str:
        """How the indexer ended; empty if that is not noted in time, as when its starter has ended before."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if found := self._note.findall(self._new_text()):
                return str(found[-1].decode("utf-8", "replace"))
            if time.monotonic() > deadline:
                return ""
            await asyncio.sleep(_POLL)

    def _new_text(self) -> bytes:
        try:
            with self._log.open("rb") as file:
                # A log that has become shorter was started again.
                file.seek(self._start if os.fstat(file.fileno()).st_size >= self._start else 0)
                return file.read()
        except OSError:
            return b""
