"""Fathom's own requests: `fathom/search`, `similar`, `duplicates`, `status` and `reindex`.

`docs/protocol.md` shows examples.

Parameters are checked strictly: an invalid value raises `JsonRpcInvalidParams` (-32602) with a message that names the
field. Unknown fields are ignored, as LSP requires, except in `filters`, where that would return results that the client
wants to leave out.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from lsprotocol import converters
from pygls.exceptions import JsonRpcInvalidParams

from fathom_indexer.types import Filters, Kind
from fathom_server.config import MAX_LIMIT
from fathom_server.protocol.validation import invalid

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_indexer.wire.messages import Json

PROTOCOL_VERSION = 1
"""The version of these requests. Incompatible changes raise it; additions do not."""

SEARCH = "fathom/search"
SIMILAR = "fathom/similar"
DUPLICATES = "fathom/duplicates"
STATUS = "fathom/status"
"""A request from the client, and a notification to clients that show a status."""
REINDEX = "fathom/reindex"

_CONVERTER = converters.get_converter()


@dataclass(frozen=True, slots=True)
class SearchParams:
    """`fathom/search`: functions that answer a query in words."""

    query: str
    limit: int
    """The most results, 1 to 200. Default: the setting `limit`."""
    filters: Filters
    explain: bool = False
    """Whether hits have the parts of their scores."""
    partial_token: int | str | None = None
    """The token of partial results, which are sent before the answer."""

    @classmethod
    def from_json(cls, value: Any, default_limit: int) -> SearchParams:
        """Raises `JsonRpcInvalidParams`."""
        params = _object(value, "params")
        return cls(
            _string(params, "query"),
            _limit(params, default_limit),
            _filters(params),
            _explain(params),
            _partial_token(params),
        )


@dataclass(frozen=True, slots=True)
class SimilarParams:
    """`fathom/similar`: functions like the one at a position of a document."""

    uri: str
    line: int
    """Zero-based, as in LSP. The column does not matter: functions are found by line."""
    limit: int
    filters: Filters
    explain: bool = False
    partial_token: int | str | None = None

    @classmethod
    def from_json(cls, value: Any, default_limit: int) -> SimilarParams:
        """Raises `JsonRpcInvalidParams`."""
        params = _object(value, "params")
        document = _object(params.get("textDocument"), "textDocument")
        position = _object(params.get("position"), "position")
        _whole_number(position, "character", "position.character", 0)
        return cls(
            uri=_string(document, "uri", "textDocument.uri"),
            line=_whole_number(position, "line", "position.line", 0),
            limit=_limit(params, default_limit),
            filters=_filters(params),
            explain=_explain(params),
            partial_token=_partial_token(params),
        )


@dataclass(frozen=True, slots=True)
class DuplicatesParams:
    """`fathom/duplicates`: functions that are copies of each other."""

    limit: int
    filters: Filters
    options: Json
    """`loosest`, `threshold` and `minTokens`, unchecked: the indexer validates them."""

    @classmethod
    def from_json(cls, value: Any, default_limit: int) -> DuplicatesParams:
        """Raises `JsonRpcInvalidParams`."""
        params = {} if value is None else _object(value, "params")
        options = {name: params[name] for name in ("loosest", "threshold", "minTokens") if params.get(name) is not None}
        return cls(_limit(params, default_limit), _filters(params), options)


@dataclass(frozen=True, slots=True)
class LspHit:
    """One function: `hit` as `fathom_indexer.wire.messages.hit_to_json` returns it, and its location in LSP's terms.

    Results have a `relevance` as well. The function that others were compared with is as `place_to_json` returns it.
    """

    hit: Json
    location: types.Location
    selection: types.Range | None = None
    """The range of its name."""

    def to_json(self) -> Json:
        selection = {} if self.selection is None else {"selectionRange": _CONVERTER.unstructure(self.selection)}
        return {**self.hit, "location": _CONVERTER.unstructure(self.location), **selection}


@dataclass(frozen=True, slots=True)
class LspSearchResult:
    """The answer to `fathom/search` and `fathom/similar`: functions, best first.

    While `indexing`, functions may be missing that a later request will find. Unless `complete`, a later request may
    return a better order.
    """

    results: list[LspHit]
    indexing: bool
    complete: bool
    compared: LspHit | None = None
    """The function that others were compared with, if one was."""
    message: str = ""
    """Why the functions of a folder are missing, as a message for the user; empty if none are."""

    def to_json(self) -> Json:
        compared = {} if self.compared is None else {"compared": self.compared.to_json()}
        message = {"message": self.message} if self.message else {}
        return {
            **message,
            **compared,
            "results": [hit.to_json() for hit in self.results],
            "indexing": self.indexing,
            "complete": self.complete,
        }


@dataclass(frozen=True, slots=True)
class RootStatus:
    """One workspace folder in the answer to `fathom/status`."""

    root_uri: str
    state: str
    """Of the indexer process: `starting`, `ready`, or `dead` (it will be started again)."""
    error: str | None
    """Why there is no `index`, as a message for the user."""
    index: Json
    """`fathom_indexer.wire.messages.status_to_json` with `indexing` and `progress`; empty when there is an `error`."""
    message: str | None = None
    """What is wrong, or why results may be missing, as a message for the user."""

    def to_json(self) -> Json:
        message = {} if self.message is None else {"message": self.message}
        return {**self.index, **message, "rootUri": self.root_uri, "state": self.state, "error": self.error}


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The answer to `fathom/status`."""

    version: str
    """Fathom's version."""
    roots: list[RootStatus]

    def to_json(self) -> Json:
        return {"version": self.version, "roots": [root.to_json() for root in self.roots]}


def check_no_params(value: Any) -> None:
    """Check the parameters of a request that has none. Raises `JsonRpcInvalidParams` unless empty or missing."""
    if value is not None:
        _object(value, "params")


def _object(value: Any, field: str) -> Json:
    if value == []:
        return {}  # Neovim cannot tell an empty table that is an object from one that is a list.
    if not isinstance(value, dict):
        raise invalid(field, "an object", value)
    return value


def _string(values: Json, name: str, field: str = "") -> str:
    value = values.get(name)
    if not isinstance(value, str):
        raise invalid(field or name, "a string", value)
    return value


def _whole_number(values: Json, name: str, field: str, low: int, high: int | None = None) -> int:
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
        bounds = f"{low} or more" if high is None else f"from {low} to {high}"
        raise invalid(field, f"a whole number, {bounds}", value)
    return value


def _limit(params: Json, default: int) -> int:
    return default if params.get("limit") is None else _whole_number(params, "limit", "limit", 1, MAX_LIMIT)


def _explain(params: Json) -> bool:
    value = params.get("explain", False)
    if not isinstance(value, bool):
        raise invalid("explain", "true or false", value)
    return value


def _partial_token(params: Json) -> int | str | None:
    value = params.get("partialResultToken")
    if isinstance(value, bool) or not isinstance(value, (int, str, type(None))):
        raise invalid("partialResultToken", "a string or a whole number", value)
    return value


def _filters(params: Json) -> Filters:
    value = params.get("filters")
    if value is None:
        return Filters()
    filters = _object(value, "filters")
    known = {field.name for field in fields(Filters)}
    for name in filters:
        if name not in known:
            raise JsonRpcInvalidParams(f"filters.{name} is not known; there are: {', '.join(sorted(known))}")
    kinds = _strings(filters, "kinds")
    for index, kind in enumerate(kinds):
        if kind not in {known_kind.value for known_kind in Kind}:
            raise invalid(f"filters.kinds[{index}]", f"one of {', '.join(known.value for known in Kind)}", kind)
    return Filters(paths=_strings(filters, "paths"), languages=_strings(filters, "languages"), kinds=kinds)


def _strings(filters: Json, name: str) -> tuple[str, ...]:
    value = filters.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise invalid(f"filters.{name}", "a list of strings", value)
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise invalid(f"filters.{name}[{index}]", "a string", item)
    return tuple(value)
