"""Debounces the changes of files that the client watches before they are sent to the indexers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom_indexer.process.debounce import Debounce

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable


class WatchedChanges:
    """Collects changes until a burst is over."""

    def __init__(self, send: Callable[[list[Path]], Coroutine[Any, Any, None]]) -> None:
        """`send` is called with the files that changed in one burst."""
        self._send = send
        self._burst = Debounce()
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def add(self, paths: Iterable[Path]) -> None:
        """These files have changed."""
        self._burst.add(str(path) for path in paths)
        self._wait()

    async def settle(self) -> None:
        """Send all collected changes and wait until they are sent."""
        self._send_now()
        if self._sending:
            # Cancelling the caller must not cancel the sending.
            await asyncio.shield(asyncio.gather(*self._sending))

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if (seconds := self._burst.wait()) is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._over)

    def _over(self) -> None:
        if self._burst.wait() == 0:
            self._send_now()
        else:
            self._wait()

    def _send_now(self) -> None:
        if paths := self._burst.take():
            task = asyncio.create_task(self._send([Path(path) for path in paths]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
