"""Parameters of Fathom's own requests: valid values, and the error messages for invalid ones."""

from __future__ import annotations

import contextlib
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from fathom_indexer.types import Filters
from fathom_server.protocol.lsp_ext import (
    LspHit,
    LspSearchResult,
    RootStatus,
    SearchParams,
    SimilarParams,
    StatusResult,
    check_no_params,
)

PLACE = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 4, "character": 0}}


def test_search_params() -> None:
    filters = {"paths": ["src/"], "languages": ["go"], "kinds": ["method"]}
    assert SearchParams.from_json({"query": "q", "limit": 200, "filters": filters}, 20) == SearchParams(
        "q", 200, Filters(("src/",), ("go",), ("method",))
    )


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"limit": None, "filters": None},
        {"filters": {"paths": None}},
        {"filters": []},
        {"workDoneToken": 1, "later": True},
    ],
)
def test_search_params_have_defaults(extra: dict[str, Any]) -> None:
    assert SearchParams.from_json({"query": "q", **extra}, 20) == SearchParams("q", 20, Filters())


def test_similar_params() -> None:
    assert SimilarParams.from_json({**PLACE, "limit": 1}, 20) == SimilarParams("file:///a.py", 4, 1, Filters())


@pytest.mark.parametrize(
    ("params", "field"),
    [
        (None, "params"),
        ([1], "params"),
        ("q", "params"),
        ({}, "query"),
        ({"query": None}, "query"),
        ({"query": 5}, "query"),
        ({"query": "q", "limit": 0}, "limit"),
        ({"query": "q", "limit": 201}, "limit"),
        ({"query": "q", "limit": -1}, "limit"),
        ({"query": "q", "limit": "5"}, "limit"),
        ({"query": "q", "limit": 5.0}, "limit"),
        ({"query": "q", "limit": True}, "limit"),
        ({"query": "q", "filters": [1]}, "filters"),
        ({"query": "q", "filters": {"path": ["src/"]}}, "filters.path"),
        ({"query": "q", "filters": {"paths": "src/"}}, "filters.paths"),
        ({"query": "q", "filters": {"paths": ["src/", 1]}}, "filters.paths[1]"),
        ({"query": "q", "filters": {"languages": [None]}}, "filters.languages[0]"),
        ({"query": "q", "filters": {"kinds": ["method", "klass"]}}, "filters.kinds[1]"),
    ],
)
def test_wrong_search_params_are_named(params: Any, field: str) -> None:
    with pytest.raises(JsonRpcInvalidParams) as error:
        SearchParams.from_json(params, 20)
    assert error.value.code == -32602
    assert error.value.message.startswith(f"{field} ")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"textDocument": None}, "textDocument"),
        ({"textDocument": "file:///a.py"}, "textDocument"),
        ({"textDocument": {}}, "textDocument.uri"),
        ({"position": None}, "position"),
        ({"position": {"line": 4}}, "position.character"),
        ({"position": {"character": 4}}, "position.line"),
        ({"position": {"line": -1, "character": 0}}, "position.line"),
        ({"position": {"line": 0, "character": -1}}, "position.character"),
        ({"position": {"line": "4", "character": 0}}, "position.line"),
        ({"limit": 0}, "limit"),
        ({"filters": {"kinds": [1]}}, "filters.kinds[0]"),
    ],
)
def test_wrong_similar_params_are_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(JsonRpcInvalidParams) as error:
        SimilarParams.from_json({**PLACE, **change}, 20)
    assert error.value.message.startswith(f"{field} ")


def test_long_values_are_not_repeated_in_full() -> None:
    with pytest.raises(JsonRpcInvalidParams) as error:
        SearchParams.from_json({"query": ["x" * 100_000]}, 20)
    assert len(error.value.message) < 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["query", "limit", "filters", "kinds", "uri"]), inner)
    ),
)


@given(json_values)
def test_parameters_are_read_or_refused(params: Any) -> None:
    for read in (
        lambda: SearchParams.from_json(params, 20),
        lambda: SimilarParams.from_json(params, 20),
        lambda: check_no_params(params),
    ):
        with contextlib.suppress(JsonRpcInvalidParams):
            read()


def test_status_takes_no_parameters() -> None:
    check_no_params(None)
    check_no_params({})
    check_no_params([])
    with pytest.raises(JsonRpcInvalidParams):
        check_no_params([1])


def test_results_are_plain_json() -> None:
    location = types.Location("file:///a.py", types.Range(types.Position(2, 0), types.Position(5, 0)))
    assert LspSearchResult([LspHit({"path": "a.py"}, location)], indexing=True, complete=False).to_json() == {
        "results": [
            {
                "path": "a.py",
                "location": {
                    "uri": "file:///a.py",
                    "range": {"start": {"line": 2, "character": 0}, "end": {"line": 5, "character": 0}},
                },
            }
        ],
        "indexing": True,
        "complete": False,
    }
    assert LspSearchResult([], indexing=False, complete=True, message="some are missing").to_json() == {
        "message": "some are missing",
        "results": [],
        "indexing": False,
        "complete": True,
    }
    answer = LspSearchResult([], indexing=False, complete=True, compared=LspHit({"path": "b.py"}, location)).to_json()
    assert answer["compared"] == {"path": "b.py", "location": {"uri": "file:///a.py", "range": ANY}}
    assert StatusResult("1.0", [RootStatus("file:///a", "ready", None, {"files": 2})]).to_json() == {
        "version": "1.0",
        "roots": [{"files": 2, "rootUri": "file:///a", "state": "ready", "error": None}],
    }
