"""Holds requests and changes of folders until the workspace folders and their settings are known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class StartupGate:
    """Open at first; closed between `hold` and `release`."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._changes: list[Callable[[], None]] = []

    def hold(self) -> None:
        """Close the gate."""
        self._open.clear()

    def release(self) -> None:
        """Open the gate and make the changes that wait, in the order in which they came."""
        self._open.set()
        changes, self._changes = self._changes, []
        for change in changes:
            change()

    def when_open(self, change: Callable[[], None]) -> None:
        """Make a change now if the gate is open, else at `release`."""
        if self._open.is_set():
            change()
        else:
            self._changes.append(change)

    async def wait(self) -> None:
        """Return once the gate is open."""
        await self._open.wait()
