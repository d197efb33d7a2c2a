"""How the lines of an open document differ from those of its file: where a function of the file stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class LineEdits:
    """The difference between two texts: the lines that are equal before the first edit and after the last one.

    All lines between two edits count as edited.
    """

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        """The lines of both texts."""
        self._above = _common_prefix(before, after)
        longest = min(len(before), len(after)) - self._above
        self._below = _common_prefix(before[::-1][:longest], after[::-1][:longest])
        self._before, self._after = len(before), len(after)

    def shift(self, first: int, last: int) -> int | None:
        """By how many lines a range of lines (1-based, inclusive) has moved; None if it was edited."""
        if last <= self._above:
            return 0
        if first > self._before - self._below:
            return self._after - self._before
        return None


class SavedTexts:
    """The lines of open documents as of the last time that they were opened or saved."""

    def __init__(self) -> None:
        self._lines: dict[str, Sequence[str]] = {}

    def saved(self, uri: str, lines: Sequence[str]) -> None:
        """A document's file has these lines now."""
        self._lines[uri] = lines

    def closed(self, uri: str) -> None:
        """A document was closed."""
        self._lines.pop(uri, None)

    def edits(self, uri: str, lines: Sequence[str]) -> LineEdits:
        """How a document with these lines differs from its file. A document that is not open counts as unchanged."""
        return LineEdits(self._lines.get(uri, lines), lines)


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines are equal from the first on."""
    pairs = zip(one, other, strict=False)
    return next((number for number, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
