"""Fathom's own requests: `fathom/search`, `similar`, `duplicates`, `status` and `reindex`.

`docs/protocol.md` shows examples.

Parameters are checked strictly: an invalid value raises `JsonRpcInvalidParams` (-32602) with a message that names the
field. Unknown fields are ignored, as LSP requires, except in `filters`, where that would return results that the client
wants to leave out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import converters
from pygls.exceptions import JsonRpcInvalidParams

from fathom_indexer.errors import QueryError
from fathom_indexer.types import Filters
from fathom_indexer.wire.messages import DuplicatesRequest
from fathom_indexer.wire.validation import (
    check_threshold,
    duplicates_options,
    filters_from_json,
    flag,
    refusal,
    string,
    whole_number,
)
from fathom_server.config import MAX_LIMIT

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_indexer.wire.framing import Json

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
        with _invalid_params():
            params = _object(value, "params")
            return cls(
                string(params, "query"),
                _limit(params, default_limit),
                _filters(params),
                flag(params, "explain"),
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
        with _invalid_params():
            params = _object(value, "params")
            document = _object(params.get("textDocument"), "textDocument")
            position = _object(params.get("position"), "position")
            whole_number(position, "character", 0, field="position.character")
            return cls(
                uri=string(document, "uri", "textDocument.uri"),
                line=whole_number(position, "line", 0, field="position.line"),
                limit=_limit(params, default_limit),
                filters=_filters(params),
                explain=flag(params, "explain"),
                partial_token=_partial_token(params),
            )


def duplicates_request(value: Any, default_limit: int) -> DuplicatesRequest:
    """The parameters of `fathom/duplicates`. Raises `JsonRpcInvalidParams`."""
    with _invalid_params():
        params = {} if value is None else _object(value, "params")
        request = DuplicatesRequest(
            limit=_limit(params, default_limit), filters=_filters(params), **duplicates_options(params)
        )
        if request.threshold is not None:
            check_threshold(request.threshold)
        return request


@dataclass(frozen=True, slots=True)
class LspHit:
    """One function: `hit` in a shape of `fathom_indexer.wire.conversion`, and its location in LSP's terms.

    Results have the shape of `hit_to_json` and their `relevance`, the function that others were compared with that of
    `function_to_json`.
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
    """The indexer's answer to `status`; empty when there is an `error`."""
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
    with _invalid_params():
        if value is not None:
            _object(value, "params")


def _object(value: Any, field: str) -> Json:
    if value == []:
        return {}  # Neovim cannot distinguish an empty table that is an object from one that is a list.
    if not isinstance(value, dict):
        raise refusal(field, "an object", value)
    return value


def _limit(params: Json, default: int) -> int:
    return default if params.get("limit") is None else whole_number(params, "limit", 1, MAX_LIMIT)


def _partial_token(params: Json) -> int | str | None:
    value = params.get("partialResultToken")
    if isinstance(value, bool) or not isinstance(value, (int, str, type(None))):
        raise refusal("partialResultToken", "a string or a whole number", value)
    return value


def _filters(params: Json) -> Filters:
    value = params.get("filters")
    return filters_from_json({} if value == [] else value)


@contextmanager
def _invalid_params() -> Iterator[None]:
    """Turn what is wrong with parameters into the error that LSP has for it."""
    try:
        yield
    except QueryError as error:
        raise JsonRpcInvalidParams(str(error)) from error
