"""The two ways in which a client talks to an indexer: through pipes to its own, over a connection to a shared one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path
from typing import Protocol

from fathom_indexer.process.exit_log import EndingOf, in_words
from fathom_indexer.wire.messages import encode

logger = logging.getLogger(__name__)

STOP_GRACE = 1.0
"""Seconds that an indexer of one's own has to stop by itself before it is killed. Its index survives that."""


class Link(Protocol):
    """A way to talk to an indexer process."""

    pid: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def leave(self, grace: float) -> None:
        """Stop talking. An indexer of one's own ends with it, within `grace` seconds."""

    async def ended(self) -> str:
        """After the end of `reader`: let go of everything, and say in words how it ended."""

    def kill(self) -> None:
        """End a process that does not answer."""


class PipeLink:
    """An indexer of one's own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process must have pipes for standard input and output")
        self.pid = process.pid
        self.reader = process.stdout
        self.writer = process.stdin
        self._process = process

    async def leave(self, grace: float) -> None:
        if not self.writer.is_closing():
            self.writer.write(encode({"id": -1, "method": "shutdown", "params": {}}))
            self.writer.close()
        await self._end(grace)

    async def ended(self) -> str:
        # Without its output the process is of no use, whether or not it means to end.
        return in_words(await self._end(STOP_GRACE))

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _end(self, grace: float) -> int:
        try:
            return await asyncio.wait_for(self._process.wait(), grace)
        except asyncio.TimeoutError:
            logger.warning("the indexer (process %d) did not stop and is killed", self.pid)
        finally:
            self.kill()
        return await self._process.wait()


class SocketLink:
    """A connection to an indexer that others may use too."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pid: int, log: Path) -> None:
        self.pid = pid
        self.reader = reader
        self.writer = writer
        self._log = log
        self._ending = EndingOf(pid, log)
        self._left = False

    async def leave(self, grace: float) -> None:
        self._left = True
        self.writer.close()

    async def ended(self) -> str:
        self.writer.close()
        how = "" if self._left else await self._ending.in_words()
        return f"{how or 'it is not known how'}, process {self.pid}, log in {self._log}"

    def kill(self) -> None:
        # The connection stands, so the process that the indexer said it is lives and is still the same one.
        with contextlib.suppress(OSError):
            os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
