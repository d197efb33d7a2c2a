"""The plain values that every room shares. Frozen, and free of behaviour beyond their own fields."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

UNTITLED = "untitled:"
"""How the names of open documents begin that were never saved. All others are paths, relative to the root."""


class Kind(str, Enum):
    """What a unit of code is. The values are what users see and filter by.

    The first group are functions; the second are the declarations that enclose them, stored without the functions
    inside; `module` is what is left of a file when all of those are taken out.
    """

    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    CLOSURE = "closure"
    MACRO = "macro"

    CLASS = "class"
    INTERFACE = "interface"
    STRUCT = "struct"
    ENUM = "enum"
    TRAIT = "trait"
    OBJECT = "object"
    NAMESPACE = "namespace"
    TYPE = "type"

    MODULE = "module"


FUNCTION_KINDS = frozenset({Kind.FUNCTION, Kind.METHOD, Kind.CONSTRUCTOR, Kind.CLOSURE, Kind.MACRO})
"""Kinds whose text is kept whole, nested functions included."""


@dataclass(frozen=True, slots=True)
class Function:
    """One searchable unit of a source file: a function, or code outside functions (see `Kind`).

    Offsets are bytes into the file's text as UTF-8 without a byte order mark, end exclusive: for most files, those on
    disk. Lines are 1-based, both ends inclusive, and end as LSP has it: `\\n`, `\\r\\n` or `\\r`.
    `text` is the unit's own source. For functions that is `source[start_byte:end_byte]`; for declarations and
    `module` units the functions inside the range are left out.
    """

    name: str
    qualified_name: str
    kind: Kind
    language: str
    signature: str
    """The declaration up to the body, on one line."""
    documentation: str
    """The docstring, or the comment that directly precedes the declaration, without comment marks."""
    text: str
    start_byte: int
    end_byte: int
    start_line: int
    end_line: int
    name_line: int = 0
    """Where the name itself stands, 1-based; 0 where there is none or it is not known."""
    name_start: int = 0
    """Where it begins in that line, in UTF-16 code units from 0, as editors count."""
    name_end: int = 0
    guessed: bool = False
    """Whether the parser could not follow the function and layout says where it ends."""

    def without_place(self) -> Function:
        """The same wherever in a file it stands, to tell a function that only moved."""
        return replace(
            self,
            start_byte=0,
            end_byte=0,
            start_line=0,
            end_line=0,
            name_line=0,
            name_start=0,
            name_end=0,
            guessed=False,
        )


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as the index knows it. `path` is relative to the workspace root, with forward slashes."""

    path: str
    language: str
    size: int
    """Bytes."""
    changed_ns: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was looked at and left out, with the reason in words for `fathom status`."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which functions a search may return. Empty means no restriction.

    `paths` are gitignore-style globs relative to the workspace root, any of which must match; a glob that starts
    with `!` takes matches out again.
    """

    paths: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.paths or self.languages or self.kinds)


@dataclass(frozen=True, slots=True)
class Place:
    """A function and the file it stands in. `path` is relative to the workspace root."""

    path: str
    function: Function


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one step of the ranking adds to a hit's score, or takes away."""

    step: str
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. `path` is relative to the workspace root; `score` grows with relevance, comparable only within
    one result list; `snippet` is the first lines of the function."""

    path: str
    function: Function
    score: float
    snippet: str
    explanation: tuple[Contribution, ...] = ()
    """The parts of the score, which is their sum."""
    copies: tuple[str, ...] = ()
    """Where the same code stands elsewhere, as `path:line`: found too, and folded into this hit."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """An answer, best hit first, and how far the deep exit got with it."""

    hits: tuple[Hit, ...]
    candidates: int
    """Functions that were ranked."""
    reranked: int
    """Those of them that were compared at the rerank exit."""
    complete: bool
    """Whether all of them were; if not, the same search gets further another time."""
    compared: Place | None = None
    """The function that others were compared with, if one was."""
    final: bool = True
    """Whether no better order of the same search follows."""


class CloneKind(str, Enum):
    """How two functions are alike, from the surest to the loosest."""

    EXACT = "exact"
    """The same but for layout and comments."""
    RENAMED = "renamed"
    """The same but for names, consistently replaced, and the values of literals."""
    NEAR = "near"
    """Similar above a threshold: a copy that was edited."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A member of a group of duplicates."""

    path: str
    function: Function
    kind: CloneKind
    """How it is like one of the members before it, the closest one; of the first member, as of the second."""
    similarity: float
    """With the first member, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class CloneGroup:
    """Functions that are alike, each with the first one."""

    kind: CloneKind
    """The loosest one of its members."""
    similarity: float
    """The lowest one of its members."""
    tokens: int
    """The length of the first member."""
    key: str
    """Stands for the code of the first member: it stays the same when that moves or is laid out anew."""
    clones: tuple[Clone, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of indexing is. `total` is what is known so far and may grow."""

    stage: Stage
    done: int
    total: int


class Stage(str, Enum):
    """The steps of indexing, in order. After `PARSE` everything is searchable by words."""

    SCAN = "scan"
    PARSE = "parse"
    EMBED = "embed"
    """Vectors of the index exit."""
    READY = "ready"
    DEEPEN = "deepen"
    """Vectors of the rerank exit, in idle time: searches that find them there need not make them."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many functions one way of searching covers. `exit` is None for search by words.

    In `total`, a file that was not read yet counts as one.
    """

    stage: Stage
    exit: int | None
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What is in an index, for `fathom status` and `fathom/status`."""

    root: str
    index_path: str
    index_bytes: int
    model: str
    index_exit: int
    files: int
    functions: int
    embedded: int
    """Functions with a vector at the index exit."""
    coverage: tuple[Coverage, ...] = ()
    """The stages of this index in their order, and how many functions each one covers."""
    languages: dict[str, int] = field(default_factory=dict)
    """Functions a language."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Files left out, by reason."""
    skipped_files: tuple[SkippedFile, ...] = ()
    """The first of them by path, those that are too large before others."""
