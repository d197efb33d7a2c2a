"""Searching a real workspace through a real server: the answers of every request."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path
from pytest_lsp import LanguageClient

from fathom_indexer.wire.conversion import relevances

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(client: LanguageClient, method: str, params: Any = None) -> Any:
    protocol: Any = client.protocol
    return await asyncio.wait_for(protocol.send_request_async(method, params), 60)


@pytest.mark.parametrize(
    ("query", "name", "file"),
    [
        ("how much money is owed for bringing a book back too late", "overdue_charge", "fines.py"),
        ("check the control digit of a thirteen digit book number", "is_valid_isbn13", "catalogue.py"),
        ("run something again when it fails", "persistently", "requests.ts"),
        ("wait until the user stops typing in the search field", "settled", "requests.ts"),
        ("remove the oldest book from memory when there is no space left", "Put", "shelf.go"),
    ],
)
async def test_workspace_symbol_finds_functions_in_words_that_are_not_their_names(
    library: LanguageClient, query: str, name: str, file: str
) -> None:
    symbols = await library.workspace_symbol_async(types.WorkspaceSymbolParams(query))
    assert symbols
    assert symbols[0].name == name
    location = symbols[0].location
    assert isinstance(location, types.Location)
    assert location.uri.endswith(file)
    assert "my%20library" in location.uri
    # What a client jumps to is the name itself, not the line of a decorator or a comment.
    assert location.range.start.line == location.range.end.line
    line = Path(to_fs_path(location.uri) or "").read_text(encoding="utf-8").splitlines()[location.range.start.line]
    assert line[location.range.start.character : location.range.end.character] == name


async def test_a_symbol_says_what_it_is_in(library: LanguageClient) -> None:
    symbols = await library.workspace_symbol_async(types.WorkspaceSymbolParams("take a payment"))
    assert symbols
    assert (symbols[0].name, symbols[0].container_name) == ("settle", "Account")
    assert symbols[0].kind is types.SymbolKind.Method


@pytest.mark.parametrize("query", ["", "  \n"])
async def test_an_empty_query_finds_nothing(library: LanguageClient, query: str) -> None:
    assert await library.workspace_symbol_async(types.WorkspaceSymbolParams(query)) == []
    assert await ask(library, "fathom/search", {"query": query}) == {"results": [], "indexing": False, "complete": True}


async def test_a_hit_has_the_documented_shape(library: LanguageClient) -> None:
    answer = await ask(library, "fathom/search", {"query": "money owed for a late return", "limit": 1})
    assert answer["indexing"] is False
    [hit] = answer["results"]
    uri = hit["location"].pop("uri")
    assert uri.endswith("/my%20library/lending/fines.py")
    score = hit.pop("score")
    assert isinstance(score, float)
    assert hit.pop("relevance") == 100
    snippet = hit.pop("snippet")
    assert snippet.startswith("def overdue_charge(")
    signature = hit.pop("signature")
    assert signature.startswith("def overdue_charge(loan: Loan, returned: date, daily_rate: int, cap: int) -> int")
    assert hit == {
        "path": "lending/fines.py",
        "startLine": 17,
        "endLine": 22,
        "name": "overdue_charge",
        "qualifiedName": "overdue_charge",
        "kind": "function",
        "language": "python",
        "nameRange": {"line": 17, "start": 4, "end": 18},
        "location": {"range": {"start": {"line": 16, "character": 0}, "end": {"line": 22, "character": 0}}},
        "selectionRange": {"start": {"line": 16, "character": 4}, "end": {"line": 16, "character": 18}},
    }


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"languages": ["go"]}, {"cmd/shelf.go"}),
        ({"paths": ["lending/"]}, {"lending/fines.py", "lending/catalogue.py"}),
        ({"paths": ["lending/", "!catalogue.py"]}, {"lending/fines.py"}),
        ({"kinds": ["method"], "languages": ["python"]}, {"lending/fines.py"}),
        ({"kinds": ["macro"]}, set()),
    ],
)
async def test_filters_restrict_the_results(library: LanguageClient, filters: Any, expected: set[str]) -> None:
    answer = await ask(library, "fathom/search", {"query": "late return", "limit": 200, "filters": filters})
    assert {hit["path"] for hit in answer["results"]} == expected
    assert all(hit["kind"] in filters.get("kinds", [hit["kind"]]) for hit in answer["results"])


async def test_the_limit_is_kept(library: LanguageClient) -> None:
    answer = await ask(library, "fathom/search", {"query": "book", "limit": 3})
    assert len(answer["results"]) == 3
    scores = [hit["score"] for hit in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    shares = [hit["relevance"] for hit in answer["results"]]
    assert shares == relevances(scores)


async def test_similar_code_is_found_across_languages(library: LanguageClient) -> None:
    query = {"query": "fee for a late return", "filters": {"languages": ["go"]}, "limit": 1}
    [hit] = (await ask(library, "fathom/search", query))["results"]
    assert hit["name"] == "Fee"
    place = {"textDocument": {"uri": hit["location"]["uri"]}, "position": hit["location"]["range"]["start"]}
    answer = await ask(library, "fathom/similar", {**place, "filters": {"kinds": ["function"]}})
    names = [found["name"] for found in answer["results"]]
    assert names[0] == "overdue_charge"
    assert "Fee" not in names


@pytest.mark.parametrize(
    ("uri", "line", "message"),
    [
        ("{library}/cmd/shelf.go", 9999, "no code at"),
        ("{library}/cmd/shelf.go.bak", 0, "not in the index"),
        ("{library}/../secret.py", 0, "workspace folders"),
        ("file:///etc/passwd", 0, "workspace folders"),
        ("untitled:Untitled-1", 0, "not in the index"),
        ("git:/cmd/shelf.go?ref=HEAD", 0, "textDocument.uri"),
    ],
)
async def test_similar_where_nothing_is(library: LanguageClient, uri: str, line: int, message: str) -> None:
    root = (await ask(library, "fathom/status"))["roots"][0]["rootUri"]
    document = {"uri": uri.format(library=root)}
    with pytest.raises(JsonRpcException, match=message) as error:
        await ask(library, "fathom/similar", {"textDocument": document, "position": {"line": line, "character": 0}})
    assert error.value.code == -32602


async def test_status_tells_what_is_indexed(library: LanguageClient) -> None:
    params: Any
    for params in ({}, None):
        status = await ask(library, "fathom/status", params)
        [root] = status["roots"]
        assert root["rootUri"].endswith("/my%20library")
        assert (root["state"], root["error"], root["indexing"], root["progress"]) == ("ready", None, False, None)
        assert root["files"] == 4
        assert set(root["languages"]) == {"python", "typescript", "go"}
        assert root["embedded"] == root["functions"] == sum(root["languages"].values())
        assert Path(root["indexPath"]).is_file()


@pytest.mark.parametrize(
    ("method", "params", "names"),
    [
        ("fathom/search", None, "params"),
        ("fathom/search", {}, "query"),
        ("fathom/search", {"query": 5}, "query"),
        ("fathom/search", {"query": "q", "limit": 0}, "limit"),
        ("fathom/search", {"query": "q", "filters": {"kinds": ["klass"]}}, "filters.kinds"),
        ("fathom/search", {"query": "q", "filters": {"languages": ["klingon"]}}, "language"),
        ("fathom/similar", {"position": {"line": 0, "character": 0}}, "textDocument"),
        ("fathom/similar", {"textDocument": {"uri": "file:///a"}, "position": {"line": -1, "character": 0}}, "line"),
        ("fathom/status", [1], "params"),
    ],
)
async def test_malformed_params_are_answered(library: LanguageClient, method: str, params: Any, names: str) -> None:
    with pytest.raises(JsonRpcException, match=names) as error:
        await ask(library, method, params)
    assert error.value.code == -32602
