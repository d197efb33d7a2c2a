"""How much of a query's words stands in names: of functions, of their files and folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from fathom_indexer.identifiers import split_words

Key = TypeVar("Key")

Part = tuple[tuple[str, ...], float]
"""Words in lower case, and what one of them counts, in (0, 1]."""

_SHORTEST_STEM = 4
_MOST_ENDING = 4


def shares(words: Sequence[str], named: Mapping[Key, Sequence[Part]]) -> dict[Key, float]:
    """The share of the query's words that each key's parts have, in (0, 1]; keys without any are left out.

    A word counts as much as it tells the keys apart: one that most of them have counts little. One that several parts
    have counts as in the best of them.
    """
    having: dict[str, dict[Key, float]] = {}
    for key, parts in named.items():
        for own, value in parts:
            for part in own:
                keys = having.setdefault(part, {})
                keys[key] = max(value, keys.get(key, 0.0))
    # Forms of one word begin alike, so a word is compared with few.
    alike: dict[str, list[str]] = {}
    for part in having:
        alike.setdefault(_beginning(part), []).append(part)
    whole = 0.0
    sums: dict[Key, float] = {}
    for word in words:
        found: dict[Key, float] = {}
        for part in alike.get(_beginning(word), ()):
            if same_word(word, part):
                for key, value in having[part].items():
                    found[key] = max(value, found.get(key, 0.0))
        telling = 1.0 - len(found) / (len(named) + 1)
        whole += telling
        for key, value in found.items():
            sums[key] = sums.get(key, 0.0) + telling * value
    return {key: value / whole for key, value in sums.items()}


def same_word(one: str, other: str) -> bool:
    """Whether two words in lower case are forms of one: equal, or one the other with a short ending."""
    one, other = _stem(one), _stem(other)
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter) and len(longer) - len(shorter) <= _MOST_ENDING


@lru_cache(maxsize=16384)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, and all of them in one: `filename` is asked for as "file name" and the other
    way round."""
    words = [word.lower() for word in split_words(name)]
    return (*words, "".join(words)) if len(words) > 1 else tuple(words)


def _beginning(word: str) -> str:
    return _stem(word)[:_SHORTEST_STEM]


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word
