"""Where a function stands: words of the query in the names of its file and folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from fathom_indexer.search.term_overlap import Part, shares, words_of
from fathom_indexer.storage import FunctionSummary

_FOLDER = 0.5
"""What a word in the folder's name counts against one in the file's."""


def path_values(words: Sequence[str], summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """The share of the query's words that name the candidate's file or folder, in (0, 1]; see `shares`."""
    found = shares(words, {path: _parts(path) for path in {summary.path for summary in summaries.values()}})
    return {item: found[summary.path] for item, summary in summaries.items() if summary.path in found}


def _parts(path: str) -> tuple[Part, Part]:
    """Words of the file's name without its ending, and of its folder's."""
    pure = PurePosixPath(path)
    return (words_of(pure.stem), 1.0), (words_of(pure.parent.name), _FOLDER)
