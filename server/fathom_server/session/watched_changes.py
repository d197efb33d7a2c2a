"""Changes of files that the client has watched, on their way to the indexers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom_indexer.process.debounce import Debounce

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable


class WatchedChanges:
    """Collects changes and tells them burst by burst."""

    def __init__(self, tell: Callable[[list[Path]], Coroutine[Any, Any, None]]) -> None:
        """`tell` is given what has changed in one burst."""
        self._tell = tell
        self._burst = Debounce()
        self._timer: asyncio.TimerHandle | None = None
        self._tellings: set[asyncio.Task[None]] = set()

    def add(self, paths: Iterable[Path]) -> None:
        """These have changed now."""
        self._burst.add(str(path) for path in paths)
        self._wait()

    async def settle(self) -> None:
        """Return when everything is told."""
        self._tell_now()
        if self._tellings:
            # Whoever waits may lose interest; the changes must be told all the same.
            await asyncio.shield(asyncio.gather(*self._tellings))

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if (seconds := self._burst.wait()) is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._over)

    def _over(self) -> None:
        if self._burst.wait() == 0:
            self._tell_now()
        else:
            self._wait()

    def _tell_now(self) -> None:
        if paths := self._burst.take():
            telling = asyncio.create_task(self._tell([Path(path) for path in paths]))
            self._tellings.add(telling)
            telling.add_done_callback(self._tellings.discard)
