"""Work of a search that may take so long: in batches, the most useful ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

Clock = Callable[[], float]

_BATCH = 4
"""Functions between two looks at the clock."""


def batches_within(
    seconds: float, ids: Sequence[int], clock: Clock, cancelled: Callable[[], bool]
) -> Iterator[Sequence[int]]:
    """The ids in their order, a batch at a time, until `seconds` are over.

    A batch that would probably not be done in time is not begun, nor is one once the search is cancelled.
    """
    start, longest = clock(), 0.0
    for first in range(0, len(ids), _BATCH):
        begun = clock()
        if begun - start + longest >= seconds or cancelled():
            return
        yield ids[first : first + _BATCH]
        longest = max(longest, clock() - begun)
