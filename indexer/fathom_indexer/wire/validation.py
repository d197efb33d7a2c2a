"""The checks of what clients ask: types, ranges, filters, unknown fields, and paths inside the workspace.

A request is checked once in each process that it enters: by the command line and the language server as the user wrote
it, by the indexer as it was received. Code behind these entrances relies on it. All errors are `QueryError`, and their
messages name the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import PurePath
from typing import Any

from fathom_indexer.errors import QueryError
from fathom_indexer.types import UNTITLED, CloneKind, Filters, Kind
from fathom_indexer.wire.framing import Json
from fathom_indexer.wire.messages import (
    DEFAULT_LIMIT,
    DuplicatesRequest,
    LocationQuery,
    OpenDocument,
    Query,
    SearchRequest,
    SnippetQuery,
    WordsQuery,
)

_LONGEST_VALUE = 80
"""Characters of a wrong value that an error message repeats."""

_SEARCH_FIELDS = ("limit", "filters", "explain", "stream")
_FILTER_FIELDS = tuple(field.name for field in fields(Filters))
_KINDS = tuple(kind.value for kind in Kind)


# --- requests as the indexer receives them ---------------------------------------------------------------------------


def search_request(params: Json, languages: Iterable[str]) -> SearchRequest:
    """The parameters of `search`. `languages` are the names of all languages."""
    check_fields(params, ("query", *_SEARCH_FIELDS))
    return _search_request(params, WordsQuery(string(params, "query")), languages)


def similar_request(params: Json, languages: Iterable[str]) -> SearchRequest:
    """The parameters of `similar`: a `snippet`, or `path` and `line`."""
    query: Query
    if "snippet" in params:
        check_fields(params, ("snippet", *_SEARCH_FIELDS))
        query = SnippetQuery(string(params, "snippet"))
    else:
        check_fields(params, ("path", "line", *_SEARCH_FIELDS))
        query = LocationQuery(string(params, "path"), whole_number(params, "line", 1))
    return _search_request(params, query, languages)


def duplicates_request(params: Json, languages: Iterable[str]) -> DuplicatesRequest:
    """The parameters of `duplicates`."""
    check_fields(params, ("limit", "filters", "loosest", "threshold", "minTokens"))
    request = DuplicatesRequest(
        limit=_limit(params), filters=filters_from_json(params.get("filters")), **duplicates_options(params)
    )
    check_duplicates(request, languages)
    return request


def open_document(params: Json) -> OpenDocument:
    """The parameters of `openDocument`."""
    check_fields(params, ("path", "text", "language"))
    language = "" if params.get("language") is None else string(params, "language")
    return OpenDocument(_document_path(params), string(params, "text"), language)


def close_document(params: Json) -> str:
    """The parameters of `closeDocument`: the document's path."""
    check_fields(params, ("path",))
    return _document_path(params)


def file_paths(params: Json) -> list[str]:
    """The parameters of `update` and `prioritize`: paths of files, relative to the workspace root."""
    check_fields(params, ("paths",))
    paths = list(_strings(params.get("paths"), "paths"))
    for path in paths:
        if not _is_inside(path):
            raise QueryError(f"paths must be relative and inside the workspace, not {path!r}")
    return paths


def no_params(params: Json) -> None:
    """The parameters of a request that takes none."""
    check_fields(params, ())


# --- requests as the command line and other callers make them ---------------------------------------------------------


def check_request(request: SearchRequest, languages: Iterable[str]) -> None:
    """Check a search request whose types are right."""
    check_filters(request.filters, languages)
    check_query(request.query)


def check_duplicates(request: DuplicatesRequest, languages: Iterable[str]) -> None:
    """Check a request for duplicates whose types are right."""
    check_filters(request.filters, languages)
    if request.threshold is not None:
        check_threshold(request.threshold)


def check_query(query: Query) -> None:
    """Check that there is something to compare with."""
    if isinstance(query, SnippetQuery) and not query.code.strip():
        raise QueryError("the snippet is empty")


def check_threshold(threshold: float) -> None:
    """Check the similarity of near copies."""
    if not 0 < threshold <= 1:
        raise QueryError(f"the threshold must be above 0 and at most 1, not {threshold:g}")


def check_filters(filters: Filters, languages: Iterable[str]) -> None:
    """Check that kinds and languages exist."""
    _check_names("kind", filters.kinds, _KINDS)
    _check_names("language", filters.languages, sorted(languages))


# --- single fields ---------------------------------------------------------------------------------------------------


def refusal(field: str, expected: str, value: Any) -> QueryError:
    """The error that a field must have another value."""
    got = "nothing" if value is None else repr(value)
    return QueryError(f"{field} must be {expected}, not {_shortened(got)}")


def check_fields(values: Mapping[str, Any], known: Iterable[str], of: str = "") -> None:
    """Check that an object has no fields but the `known` ones; `of` is the object's own name."""
    known = sorted(known)
    for name in values:
        if name not in known:
            there = f"there are: {', '.join(known)}" if known else "there are no fields"
            raise QueryError(f"{_shortened(f'{of}.{name}' if of else name)} is not known; {there}")


def string(values: Json, name: str, field: str = "") -> str:
    """The text of a field; `field` is its full name for messages."""
    value = values.get(name)
    if not isinstance(value, str):
        raise refusal(field or name, "a string", value)
    return value


def whole_number(values: Json, name: str, low: int, high: int | None = None, field: str = "") -> int:
    """The number of a field, within its bounds."""
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
        bounds = f"{low} or more" if high is None else f"from {low} to {high}"
        raise refusal(field or name, f"a whole number, {bounds}", value)
    return value


def flag(values: Json, name: str) -> bool:
    """Whether a field that may be left out is true."""
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise refusal(name, "true or false", value)
    return value


def filters_from_json(value: Any) -> Filters:
    """Filters as they travel: `{"paths": [...], "languages": [...], "kinds": [...]}`, each optional.

    Whether the languages exist is for `check_filters`: only the indexer knows them.
    """
    if value is None:
        return Filters()
    if not isinstance(value, dict):
        raise refusal("filters", "an object", value)
    check_fields(value, _FILTER_FIELDS, "filters")
    lists = {
        name: () if value.get(name) is None else _strings(value[name], f"filters.{name}") for name in _FILTER_FIELDS
    }
    for index, kind in enumerate(lists["kinds"]):
        if kind not in _KINDS:
            raise refusal(f"filters.kinds[{index}]", f"one of {', '.join(_KINDS)}", kind)
    return Filters(**lists)


def duplicates_options(params: Json) -> dict[str, Any]:
    """The options of a request for duplicates by their names in `DuplicatesRequest`, as far as there are any."""
    options: dict[str, Any] = {}
    if params.get("loosest") is not None:
        options["loosest"] = _clone_kind(params["loosest"])
    if params.get("threshold") is not None:
        options["threshold"] = _number(params, "threshold")
    if params.get("minTokens") is not None:
        options["min_tokens"] = whole_number(params, "minTokens", 1)
    return options


def _search_request(params: Json, query: Query, languages: Iterable[str]) -> SearchRequest:
    request = SearchRequest(
        query, _limit(params), filters_from_json(params.get("filters")), flag(params, "explain"), flag(params, "stream")
    )
    check_request(request, languages)
    return request


def _limit(params: Json) -> int:
    return DEFAULT_LIMIT if params.get("limit") is None else whole_number(params, "limit", 1)


def _number(values: Json, name: str) -> float:
    value = values.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise refusal(name, "a number", value)
    return float(value)


def _strings(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise refusal(field, "a list of strings", value)
    for index, item in enumerate(value):
        if not isinstance(item, str):
            raise refusal(f"{field}[{index}]", "a string", item)
    return tuple(value)


def _clone_kind(value: Any) -> CloneKind:
    try:
        return CloneKind(value)
    except ValueError:
        raise refusal("loosest", f"one of {', '.join(kind.value for kind in CloneKind)}", value) from None


def _document_path(params: Json) -> str:
    path = string(params, "path")
    if not path.startswith(UNTITLED) and not _is_inside(path):
        raise QueryError(f"path must be relative and inside the workspace, not {path!r}")
    return path


def _is_inside(path: str) -> bool:
    """Whether a path names something below the root, by its text alone: links are not followed."""
    pure = PurePath(path)
    return not pure.anchor and ".." not in pure.parts and "\0" not in path


def _check_names(what: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for value in wanted:
        if value not in known:
            raise QueryError(f"unknown {what} {value!r}; there are: {', '.join(known)}")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "..."
