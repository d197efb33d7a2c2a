"""What the index hands out: frozen rows of its tables, as other rooms see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fathom_indexer.types import Function, Kind

SketchRow = tuple[int, int, int, bytes, bytes]
"""What a function is compared by to find duplicates: the columns of `sketches` in their order."""


@dataclass(frozen=True, slots=True)
class StoredFunction:
    """A function with its id and its file. `path` is relative to the workspace root."""

    id: int
    path: str
    function: Function


@dataclass(frozen=True, slots=True)
class FunctionSummary:
    """What ranking reads of a function: everything but its text and documentation."""

    id: int
    path: str
    name: str
    qualified_name: str
    kind: Kind
    language: str
    signature: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class SketchedFunction:
    """A function with its sketch, without its text. Offsets are those of `types.Function`."""

    id: int
    path: str
    language: str
    kind: str
    start_byte: int
    end_byte: int
    sketch: SketchRow


@dataclass(frozen=True, slots=True)
class FileState:
    """What is known of a path without opening it. `content_hash` is empty for skipped files."""

    size: int
    changed_ns: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The effect of storing a file again, as ids of functions."""

    gone: Sequence[int]
    new: Sequence[int]
    ids: Sequence[int]
    """All functions of the file now, in the order in which they were given."""


@dataclass(frozen=True, slots=True)
class ColumnWeights:
    """How much a word counts in BM25, by the column it is in. `body` is the whole text, its signature included."""

    name: float = 1.0
    qualified_name: float = 1.0
    signature: float = 1.0
    documentation: float = 1.0
    body: float = 1.0
    path: float = 1.0


@dataclass(frozen=True, slots=True)
class WordStatistics:
    """What BM25 needs to know of all functions together."""

    functions: int
    words: int
    """Terms of all functions, repetitions included."""
    containing: Mapping[str, int]
    """The number of functions that contain each of the words that were asked about."""
