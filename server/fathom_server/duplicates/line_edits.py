"""Open documents as they were saved last: where what is known of a file stands in the edited document."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Edits:
    """The difference between two texts, as far as it is easily had: what is before the first edit, and after the last.

    What lies between two edits counts as edited.
    """

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        """The lines of both texts."""
        self._above = _shared(before, after)
        longest = min(len(before), len(after)) - self._above
        self._below = _shared(before[::-1][:longest], after[::-1][:longest])
        self._before, self._after = len(before), len(after)

    def shift(self, first: int, last: int) -> int | None:
        """By how many lines a range of lines (1-based, inclusive) has moved; None when it was edited."""
        if last <= self._above:
            return 0
        if first > self._before - self._below:
            return self._after - self._before
        return None


class SavedTexts:
    """The lines of open documents as they were when they were opened or saved last."""

    def __init__(self) -> None:
        self._lines: dict[str, Sequence[str]] = {}

    def saved(self, uri: str, lines: Sequence[str]) -> None:
        """The file has these lines now."""
        self._lines[uri] = lines

    def closed(self, uri: str) -> None:
        """Nobody asks about the document any more."""
        self._lines.pop(uri, None)

    def edits(self, uri: str, lines: Sequence[str]) -> Edits:
        """How a document with these lines differs from its file."""
        return Edits(self._lines.get(uri, lines), lines)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are the same from the first on."""
    pairs = zip(one, other, strict=False)
    return next((number for number, (mine, yours) in enumerate(pairs) if mine != yours), min(len(one), len(other)))
