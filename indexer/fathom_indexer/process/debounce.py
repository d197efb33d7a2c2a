"""Collects changes of files until a checkout, a build or an install is over, and reports them at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

FEW = 100
"""Up to so many changes may be an edit, which is reported soon; more belong to an operation that is waited for."""

_QUIET_FEW, _LONGEST_FEW = 0.1, 0.5
_QUIET_MANY, _LONGEST_MANY = 0.5, 10.0
"""Seconds without a change after which changes are reported, and seconds after which they are reported anyway."""


class Debounce:
    """Changed paths, until nothing has changed for a while. Not thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paths: dict[str, None] = {}
        self._first = self._last = 0.0

    def add(self, paths: Iterable[str]) -> None:
        """Record paths that have changed now."""
        self._last = self._clock()
        if not self._paths:
            self._first = self._last
        self._paths.update(dict.fromkeys(paths))

    def wait(self) -> float | None:
        """Seconds until the changes should be taken, 0 for now; None when there are none."""
        if not self._paths:
            return None
        few = len(self._paths) <= FEW
        quiet, longest = (_QUIET_FEW, _LONGEST_FEW) if few else (_QUIET_MANY, _LONGEST_MANY)
        return max(0.0, min(self._last + quiet, self._first + longest) - self._clock())

    def take(self) -> list[str]:
        """The paths that have changed, each one once; the next change begins a new collection."""
        paths, self._paths = list(self._paths), {}
        return paths
