"""What the indexer takes from its clients, and what it says of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.errors import QueryError
from fathom_indexer.types import CloneKind, Filters
from fathom_indexer.wire import validation
from fathom_indexer.wire.conversion import duplicates_request_to_json, search_request_to_json
from fathom_indexer.wire.messages import (
    DuplicatesRequest,
    LocationQuery,
    OpenDocument,
    Query,
    SearchRequest,
    SnippetQuery,
    WordsQuery,
)
from fathom_indexer.wire.validation import check_filters

LANGUAGES = ("python", "ruby")


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(kinds=("methods",)), "unknown kind 'methods'; there are: function, method"),
        (Filters(languages=("pyhton",)), "unknown language 'pyhton'; there are: python, ruby"),
        (Filters(paths=("a/***b[",)), None),
    ],
)
def test_names_what_cannot_be_meant(filters: Filters, words: str | None) -> None:
    if words is None:
        check_filters(filters, ["python", "ruby"])
        return
    with pytest.raises(QueryError, match=words.replace("(", r"\(")):
        check_filters(filters, ["python", "ruby"])


filters = st.builds(
    Filters,
    paths=st.lists(st.text()).map(tuple),
    languages=st.lists(st.sampled_from(LANGUAGES)).map(tuple),
    kinds=st.lists(st.sampled_from(["method", "class"])).map(tuple),
)
queries: st.SearchStrategy[Query] = st.one_of(
    st.builds(WordsQuery, st.text()),
    st.builds(LocationQuery, st.text(), st.integers(min_value=1)),
    st.builds(SnippetQuery, st.text().filter(lambda code: bool(code.strip()))),
)


@given(st.builds(SearchRequest, queries, st.integers(min_value=1), filters, st.booleans(), st.booleans()))
def test_a_search_arrives_as_it_was_sent(request: SearchRequest) -> None:
    method, params = search_request_to_json(request)
    read = {"search": validation.search_request, "similar": validation.similar_request}[method]
    assert read(params, LANGUAGES) == request


@pytest.mark.parametrize(
    "request_",
    [
        DuplicatesRequest(limit=3),
        DuplicatesRequest(7, Filters(kinds=("method",)), CloneKind.RENAMED, 0.5, 1),
    ],
)
def test_a_request_for_duplicates_arrives_as_it_was_sent(request_: DuplicatesRequest) -> None:
    assert validation.duplicates_request(duplicates_request_to_json(request_), LANGUAGES) == request_


def test_what_is_left_out_has_a_default() -> None:
    assert validation.search_request({"query": "q"}, LANGUAGES) == SearchRequest(WordsQuery("q"), 10)
    assert validation.duplicates_request({}, LANGUAGES) == DuplicatesRequest(10)
    assert validation.open_document({"path": "untitled:U", "text": ""}) == OpenDocument("untitled:U", "")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"query": "q", "color": 1}, "color is not known; there are: explain, filters, limit, query, stream"),
        ({"query": "q", "line": 1}, "line is not known"),
        ({"query": 5}, "query must be a string, not 5"),
        ({"query": "q", "limit": 0}, "limit must be a whole number, 1 or more, not 0"),
        ({"query": "q", "explain": 1}, "explain must be true or false, not 1"),
        ({"query": "q", "filters": {"path": []}}, "filters.path is not known; there are: kinds, languages, paths"),
        ({"query": "q", "filters": {"paths": [1]}}, r"filters.paths\[0\] must be a string, not 1"),
        ({"query": "q", "filters": {"paths": False}}, "filters.paths must be a list of strings, not False"),
        ({"query": "q", "filters": {"kinds": ["klass"]}}, r"filters.kinds\[0\] must be one of function, .*'klass'"),
        ({"query": "q", "filters": {"languages": ["klingon"]}}, "unknown language 'klingon'; there are: python, ruby"),
    ],
)
def test_wrong_searches_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        validation.search_request(params, LANGUAGES)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"snippet": " \n"}, "the snippet is empty"),
        ({"snippet": "x", "path": "a.py"}, "path is not known"),
        ({"path": "a.py", "line": 0}, "line must be a whole number, 1 or more, not 0"),
        ({"path": "a.py", "line": True}, "line must be a whole number"),
    ],
)
def test_wrong_comparisons_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        validation.similar_request(params, LANGUAGES)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loosest": "same"}, "loosest must be one of exact, renamed, near, not 'same'"),
        ({"threshold": "1"}, "threshold must be a number, not '1'"),
        ({"threshold": 1.5}, "the threshold must be above 0 and at most 1, not 1.5"),
        ({"minTokens": 0}, "minTokens must be a whole number, 1 or more, not 0"),
        ({"query": "q"}, "query is not known"),
    ],
)
def test_wrong_requests_for_duplicates_are_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        validation.duplicates_request(params, LANGUAGES)


def test_requests_without_parameters_take_none() -> None:
    validation.no_params({})
    with pytest.raises(QueryError, match="x is not known; there are no fields"):
        validation.no_params({"x": 1})


def test_long_values_are_not_repeated_in_full() -> None:
    for params in ({"query": ["x" * 1000]}, {"query": "q", "x" * 1000: 1}):
        with pytest.raises(QueryError) as error:
            validation.search_request(params, LANGUAGES)
        assert len(str(error.value)) < 200
