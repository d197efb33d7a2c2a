"""Where a function stands: words of the query in the names of its file and folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from pathlib import PurePosixPath

from fathom_indexer.identifiers import split_words
from fathom_indexer.storage import Outline

_FOLDER = 0.5
"""What a word in the folder's name counts against one in the file's."""
_SHORTEST_STEM = 4
_MOST_ENDING = 4


def place_values(words: Sequence[str], outlines: Mapping[int, Outline]) -> dict[int, float]:
    """The share of the query's words that name the candidate's file or folder, in [0, 1].

    A word counts as much as it tells files apart: one that most candidates' paths have counts little.
    """
    paths = {outline.path for outline in outlines.values()}
    known = {part for path in paths for parts in _path_words(path) for part in parts}
    forms = [frozenset(part for part in known if same_word(word, part)) for word in words]
    matches = {path: _matches(forms, path) for path in paths}
    telling = [1.0 - sum(1 for path in paths if matches[path][n]) / (len(paths) + 1) for n in range(len(words))]
    whole = sum(telling)
    if not whole:
        return {}
    shares = {path: sum(map(_product, telling, matches[path])) / whole for path in paths}
    return {function_id: shares[outline.path] for function_id, outline in outlines.items() if shares[outline.path]}


def same_word(one: str, other: str) -> bool:
    """Whether two words in lower case are forms of one: equal, or one the other with a short ending."""
    one, other = _stem(one), _stem(other)
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter) and len(longer) - len(shorter) <= _MOST_ENDING


def _matches(forms: Sequence[AbstractSet[str]], path: str) -> list[float]:
    """For each word, given by its forms, how well it names the file."""
    stem, folder = _path_words(path)
    return [1.0 if not words.isdisjoint(stem) else 0.0 if words.isdisjoint(folder) else _FOLDER for words in forms]


@lru_cache(maxsize=8192)
def _path_words(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words of the file's name without its ending, and of its folder's."""
    pure = PurePosixPath(path)
    return _lower_words(pure.stem), _lower_words(pure.parent.name)


def _lower_words(text: str) -> tuple[str, ...]:
    words = [word.lower() for word in split_words(text)]
    # `filename` is asked for as "file name" and the other way round.
    return (*words, "".join(words)) if len(words) > 1 else tuple(words)


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word


def _product(one: float, other: float) -> float:
    return one * other
