"""The two connections of a client to an indexer: pipes to a private process, or a socket to a shared one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from pathlib import Path
from typing import Protocol

from fathom_indexer.process.exit_log import ExitLog, describe_exit
from fathom_indexer.process.peer import listens, peer_pid
from fathom_indexer.wire.framing import encode

logger = logging.getLogger(__name__)

STOP_GRACE = 1.0
"""Seconds that a private indexer has to stop by itself before it is killed. Its index survives that."""


class Connection(Protocol):
    """A connection to an indexer process."""

    pid: int
    """The process id that the indexer has told: for messages, not to kill the process by."""
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def leave(self, grace: float) -> None:
        """Disconnect. A private indexer ends with that, within `grace` seconds."""

    async def ended(self) -> str:
        """After the end of `reader`: release all resources, and describe how the indexer ended."""

    def kill(self) -> None:
        """Kill the process, which does not answer any more."""


class PipeConnection:
    """A connection to a private indexer, a child of this process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process must have pipes for standard input and output")
        self.pid = process.pid
        self.reader = process.stdout
        self.writer = process.stdin
        self._process = process

    async def leave(self, grace: float) -> None:
        """Ask the process to stop, and kill it when it has not after `grace` seconds."""
        if not self.writer.is_closing():
            self.writer.write(encode({"id": -1, "method": "shutdown", "params": {}}))
            self.writer.close()
        await self._end(grace)

    async def ended(self) -> str:
        """The process's exit status. Without its output it is of no use, whether or not it means to end."""
        return describe_exit(await self._end(STOP_GRACE))

    def kill(self) -> None:
        """Kill the process."""
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


class SocketConnection:
    """A connection to an indexer that other clients may use too."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pid: int, log: Path) -> None:
        """`pid` is the process id that the indexer has told; its starter notes in `log` how it ends."""
        self.pid = pid
        self.reader = reader
        self.writer = writer
        self._log = log
        self._exit_log = ExitLog(pid, log)
        self._left = False

    async def leave(self, grace: float) -> None:
        """Close the connection. The indexer goes on for its other clients."""
        self._left = True
        self.writer.close()

    async def ended(self) -> str:
        """How the indexer ended, from the note in its log."""
        self.writer.close()
        how = "" if self._left else await self._exit_log.description()
        return f"{how or 'it is not known how'}, process {self.pid}, log in {self._log}"

    def kill(self) -> None:
        """Kill the indexer if the operating system confirms which process it is; in any case, disconnect."""
        # The connection stands, so the process at its other end lives and its id was not used again.
        pid = self._confirmed_pid()
        if pid is None:
            logger.warning("the indexer (process %d, as it says) cannot be identified and is not killed", self.pid)
            self.writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def _confirmed_pid(self) -> int | None:
        """The indexer's process id in this process's namespace; None when that is not known."""
        found = self.writer.get_extra_info("socket")
        if found is None:
            return None
        if found.family != socket.AF_INET:
            return peer_pid(found)
        _, port = found.getpeername()
        return self.pid if listens(self.pid, port) else None
