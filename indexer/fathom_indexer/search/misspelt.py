"""Misspelt words of a question: words that no function has and that are one slip away from one that some have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

_SHORTEST = 5
_MOST = 3
"""Words of a query that are looked after: one that has more of them is no misspelt question."""
_PREFIX = 2
"""Few people mistype the first two letters, and they keep the comparison short."""
_STEM = 6
"""Letters of a stem that a misspelt ending may follow: `authenticaton` has that of `authentication`."""
_LONGEST_ENDING = 7


def near_words(words: Iterable[str], terms: Callable[[str, int, int], Mapping[str, int]]) -> dict[str, str]:
    """What some words in lower case that the index does not know were meant to be; words that are near to none are
    left out.

    `terms(prefix, shortest, longest)` gives the stems there are, and how many functions have each.
    """
    found: dict[str, str] = {}
    unknown = [word for word in words if len(word) >= _SHORTEST and word.isascii() and word.isalpha()]
    for word in unknown[:_MOST]:
        best: tuple[int, int, str] | None = None
        for term, functions in terms(word[:_PREFIX], min(len(word) - 1, _STEM), len(word) + 1).items():
            distance = 0 if one_slip(word, term) else 1
            if distance and not _same_stem(word, term):
                continue
            best = min(best or (9, 0, ""), (distance, -functions, term))
        if best:
            found[word] = best[2]
    return found


def one_slip(one: str, other: str) -> bool:
    """Whether two words differ by one letter that is missing, added, wrong, or in the place of its neighbour."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    begin = 0
    while begin < len(shorter) and shorter[begin] == longer[begin]:
        begin += 1
    if len(shorter) < len(longer):
        return shorter[begin:] == longer[begin + 1 :]
    rest, wanted = shorter[begin:], longer[begin:]
    return rest[1:] == wanted[1:] or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])


def _same_stem(word: str, term: str) -> bool:
    return len(term) >= _STEM and 0 < len(word) - len(term) <= _LONGEST_ENDING and word.startswith(term)
