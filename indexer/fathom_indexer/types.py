"""The plain values that all packages share. Frozen, and free of behaviour beyond their own fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

UNTITLED = "untitled:"
"""The prefix of the names of open documents that were never saved. All others are paths, relative to the root."""


def _never() -> bool:
    return False


class Kind(str, Enum):
    """The kinds of units of code. Users see and filter by the values.

    The first group are functions; the second are the declarations that enclose them, stored without the functions
    inside; `module` is the rest of a file.
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
    """The line of the name itself, 1-based; 0 where there is none or it is not known."""
    name_start: int = 0
    """The column of its first character, in UTF-16 code units from 0, as editors count."""
    name_end: int = 0
    guessed: bool = False
    """Whether the parser could not follow the function and layout says where it ends."""

    def without_place(self) -> Function:
        """The same function without its position in the file, to recognise a function that only moved."""
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
class NameRange:
    """The position of a function's name in its file."""

    line: int
    """1-based."""
    start: int
    """The column of its first character, in UTF-16 code units from 0, as LSP counts by default."""
    end: int
    """The column after its last character."""


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function in a file, without its text: what result lists show and what travels between processes."""

    path: str
    """Relative to the workspace root with forward slashes, or the name of an open document (`UNTITLED`)."""
    name: str
    qualified_name: str
    kind: Kind
    language: str
    signature: str
    start_line: int
    """Lines are 1-based, both ends inclusive."""
    end_line: int
    name_range: NameRange | None = None
    """None for code without a name."""
    guessed: bool = False
    """As in `Function`."""

    @classmethod
    def of(cls, path: str, function: Function) -> FunctionRef:
        """The reference to a function of the file at `path`."""
        has_name = function.name_line > 0
        return cls(
            path=path,
            name=function.name,
            qualified_name=function.qualified_name,
            kind=function.kind,
            language=function.language,
            signature=function.signature,
            start_line=function.start_line,
            end_line=function.end_line,
            name_range=NameRange(function.name_line, function.name_start, function.name_end) if has_name else None,
            guessed=function.guessed,
        )


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one step of the ranking adds to a hit's score, or takes away."""

    step: str
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result. Scores grow with relevance and are comparable only within one list of results."""

    function: FunctionRef
    score: float
    snippet: str
    """The first lines of the function."""
    explanation: tuple[Contribution, ...] = ()
    """The parts of the score, which is their sum."""
    copies: tuple[str, ...] = ()
    """The positions (`path:line`) of other hits with the same code, which this hit stands for."""
    source: Function | None = None
    """The function with its text and offsets. None in a hit that was received from another process."""

    @property
    def path(self) -> str:
        """The path of the function's file."""
        return self.function.path


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The circumstances of one request to the engine."""

    client: int = 0
    """The client that sent it, whose open documents are searched in place of their files."""
    cancelled: Callable[[], bool] = _never
    """Whether the answer is not needed any more. Called between the steps of a search, from the engine's thread."""
    skip_rerank: bool = False
    """Whether to answer without computing missing vectors of the rerank exit, so that the answer comes at once."""


NO_CONTEXT = RequestContext()
"""The circumstances of a request that names none."""


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

    function: FunctionRef
    kind: CloneKind
    """How it is like one of the members before it, the closest one; of the first member, as of the second."""
    similarity: float
    """With the first member, from 0 to 1."""

    @property
    def path(self) -> str:
        """The path of the function's file."""
        return self.function.path


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
    """The content of an index, for `fathom status` and `fathom/status`."""

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
