"""The messages between the indexer process and its clients.

Messages are JSON objects, one a line (`framing.py`), over a socket or over standard input and output:

    request       {"id": 7, "method": "search", "params": {...}}
    answer        {"id": 7, "result": {...}}  or  {"id": 7, "error": {"kind": "query", "message": "..."}}
    notification  {"method": "progress", "params": {"stage": "embed", "done": 120, "total": 4000}}

To the indexer: the requests `search`, `similar`, `duplicates`, `status`, `update`, `openDocument`, `closeDocument`,
`closeDocuments`, `watch`, `prioritize`, `rescan`, `reindex`, `ping`, `shutdown`, and the notification `cancel`, which
names the id of a request whose answer is not needed any more. From the indexer: the notifications `ready` (once, first,
and only over standard output), `progress`, `problem` (an error in indexing, which belongs to no request), and `partial`
(the preliminary order of a search that asked for a stream, under the id of its request). `process/handshake.py`
describes the greeting of a shared indexer, `docs/protocol.md` all fields.

`conversion.py` turns the classes below into JSON and back, `validation.py` checks what clients send.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fathom_indexer.types import CloneGroup, CloneKind, Filters, FunctionRef, Hit

PROTOCOL_VERSION = 4

DEFAULT_LIMIT = 10
"""The number of results of a request that names none."""


@dataclass(frozen=True, slots=True)
class WordsQuery:
    """Search by words: a question, a name, a path, an error message or code."""

    text: str


@dataclass(frozen=True, slots=True)
class LocationQuery:
    """Search for functions like the innermost one at a line of a file or open document."""

    path: str
    """Absolute, relative to the workspace root, or the name of an open document that was never saved."""
    line: int
    """1-based."""


@dataclass(frozen=True, slots=True)
class SnippetQuery:
    """Search for functions like a piece of code."""

    code: str


Query = WordsQuery | LocationQuery | SnippetQuery


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search, from the command line or the language server to the searcher."""

    query: Query
    limit: int = DEFAULT_LIMIT
    """The largest number of hits, 1 or more."""
    filters: Filters = field(default_factory=Filters)
    explain: bool = False
    """Whether hits travel with the parts of their scores."""
    stream: bool = False
    """Whether the preliminary order is sent before the answer."""


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """The answer to a search."""

    hits: tuple[Hit, ...] = ()
    """Best first."""
    candidates: int = 0
    """The number of functions that were ranked."""
    reranked: int = 0
    """The number of candidates that were compared at the rerank exit."""
    complete: bool = True
    """Whether all candidates were; if not, the same search gets further another time."""
    compared: FunctionRef | None = None
    """The function that others were compared with, for a `LocationQuery`."""
    final: bool = True
    """Whether no better order of the same search follows. Not sent: the message's form says so."""
    indexing: bool = False
    """Whether functions may be missing because the index is not up to date."""
    message: str = ""
    """The reason why results are missing that indexing will not add, for the user; empty when there is none."""


@dataclass(frozen=True, slots=True)
class DuplicatesRequest:
    """A request for groups of functions that are copies of each other. None stands for the engine's default."""

    limit: int | None = None
    """The largest number of groups, 1 or more; None for all of them, or `DEFAULT_LIMIT` in a message without one."""
    filters: Filters = field(default_factory=Filters)
    loosest: CloneKind | None = None
    """The loosest kind of copy."""
    threshold: float | None = None
    """The lowest similarity of near copies, above 0 and at most 1."""
    min_tokens: int | None = None
    """The length of the shortest functions that are compared."""


@dataclass(frozen=True, slots=True)
class DuplicatesResponse:
    """Groups of duplicates, those with the most repeated code first."""

    groups: tuple[CloneGroup, ...] = ()
    indexing: bool = False
    """As in `SearchResponse`."""
    message: str = ""
    """As in `SearchResponse`."""


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """The text of a document that a client has open."""

    path: str
    """Relative to the workspace root, or a name that begins with `untitled:`."""
    text: str
    language: str = ""
    """Fathom's name of it, needed for `untitled:` documents."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """The `error` of an answer. `kind` is `query` (the request is at fault), `index` or `internal`."""

    kind: str
    message: str
