"""Where a function stands: words of the query in the names of its file and folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from fathom_indexer.identifiers import all_search_words
from fathom_indexer.search.term_overlap import Part, same_word, shares, words_of
from fathom_indexer.storage import FunctionSummary

_NAMED_BY_FOLDER = frozenset({"mod", "index", "__init__", "lib", "main", "__main__", "init"})
"""Names of files that stand for their folder."""

_FOLDER = 0.5
"""What a word in the folder's name counts against one in the file's."""


def path_values(words: Sequence[str], summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """The share of the query's words that name the candidate's file or folder, in (0, 1]; see `shares`."""
    found = shares(words, {path: _parts(path) for path in {summary.path for summary in summaries.values()}})
    return {item: found[summary.path] for item, summary in summaries.items() if summary.path in found}


def stem_values(words: Sequence[str], summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """The share of the words of the candidate's file's name that the query has, in (0, 1].

    A longer name that only has some of its words in the query says less than a shorter one that is there as a whole; a
    name that most files have says little.
    """
    paths = {summary.path for summary in summaries.values()}
    stems = {path: tuple(dict.fromkeys(word.lower() for word in all_search_words(stem_of(path)))) for path in paths}
    asked = {
        own: any(same_word(own, word) for word in words) for own in {word for stem in stems.values() for word in stem}
    }
    found: dict[str, float] = {}
    for path, stem in stems.items():
        shared = sum(asked[own] for own in stem)
        if shared:
            found[path] = (shared / len(stem)) ** 2
    whole = sum(value == 1.0 for value in found.values())
    rarity = 1.0 - whole / (len(paths) + 1)
    return {item: found[summary.path] * rarity for item, summary in summaries.items() if summary.path in found}


def stem_of(path: str) -> str:
    """The name of a file without its endings, or of its folder where the file is named for its role in it."""
    pure = PurePosixPath(path)
    stem = pure.name.partition(".")[0] or pure.name.lstrip(".").partition(".")[0]
    return pure.parent.name or stem if stem.lower() in _NAMED_BY_FOLDER else stem


def _parts(path: str) -> tuple[Part, Part]:
    """Words of the file's name without its ending, and of its folder's."""
    pure = PurePosixPath(path)
    return (words_of(pure.stem), 1.0), (words_of(pure.parent.name), _FOLDER)
