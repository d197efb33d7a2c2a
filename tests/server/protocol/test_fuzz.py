"""For any input: one answer to each request, or none where the documentation says so; the server continues."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fathom_indexer.config import Config
from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.client import Events, IndexerClient
from fathom_server.handlers import register
from fathom_server.protocol.transport import _serve
from fathom_server.server import FathomServer

LAST = "the last question"
INITIALIZE = {"jsonrpc": "2.0", "id": "first", "method": "initialize", "params": {"capabilities": {}}}
INITIALIZED = {"jsonrpc": "2.0", "method": "initialized", "params": {}}

METHODS = (
    "initialize", "initialized", "workspace/symbol", "workspaceSymbol/resolve", "workspace/executeCommand",
    "workspace/didChangeConfiguration", "workspace/didChangeWorkspaceFolders", "workspace/didChangeWatchedFiles",
    "workspace/didRenameFiles", "textDocument/didOpen", "textDocument/didChange", "textDocument/didClose",
    "textDocument/didSave", "textDocument/codeAction", "textDocument/codeLens", "textDocument/diagnostic",
    "textDocument/hover", "notebookDocument/didOpen", "notebookDocument/didChange", "notebookDocument/didClose",
    "fathom/search", "fathom/similar", "fathom/duplicates", "fathom/status", "fathom/reindex",
    "codeLens/resolve", "$/cancelRequest", "$/setTrace", "$/progress", "window/workDoneProgress/cancel", "no/such", "",
)  # fmt: skip


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def message(value: Any) -> bytes:
    return framed(json.dumps(value).encode())


class Output:
    """The output of the server."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.answered = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))
        if self.messages[-1].get("id") == LAST:
            self.answered.set()

    def close(self) -> None:
        pass


async def no_indexer(root: Path, config: Config, events: Events) -> IndexerClient:
    raise IndexerUnavailableError("there is none here")


async def converse(*parts: bytes) -> list[Any]:
    """The server's output for an input, up to the answer to an additional valid request."""
    server = FathomServer(no_indexer)
    register(server)
    reader, output = asyncio.StreamReader(), Output()
    serving = asyncio.create_task(_serve(server, reader, output))  # type: ignore[arg-type]
    for part in parts:
        reader.feed_data(part)
    reader.feed_data(message({"jsonrpc": "2.0", "id": LAST, "method": "fathom/status"}))
    await asyncio.wait_for(output.answered.wait(), 60)
    reader.feed_eof()
    assert await asyncio.wait_for(serving, 60) in (0, 1)
    return output.messages


def answers(messages: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in messages:
        if "method" not in one:
            assert ("result" in one) != ("error" in one)
            found.setdefault(json.dumps(one["id"]), []).append(one)
    return found


def talk(*parts: bytes, initialized: bool = True) -> dict[str, list[Any]]:
    opening = [message(INITIALIZE), message(INITIALIZED)] if initialized else []
    return answers(asyncio.run(converse(*opening, *parts)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
positions = st.fixed_dictionaries({"line": st.integers(), "character": st.integers()}) | json_values
uris = st.sampled_from(
    ["file:///a.py", "untitled:Untitled-1", "", "file://", "git:/x?y", "\0", "file:///%00"]
) | st.text(max_size=20)
likely_params: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "query": json_values | st.just("pay"),
        "textDocument": st.fixed_dictionaries({"uri": uris}) | json_values,
        "position": positions,
        "range": st.fixed_dictionaries({"start": positions, "end": positions}) | json_values,
        "context": st.just({"diagnostics": []}) | json_values,
        "contentChanges": st.lists(
            st.fixed_dictionaries({"text": st.text(max_size=5), "range": json_values}), max_size=2
        ),
        "filters": json_values,
        "limit": json_values,
        "command": st.sampled_from(["fathom/search", "fathom/status", "fathom/showCopies", "x"]) | json_values,
        "arguments": st.lists(json_values, max_size=2) | json_values,
        "settings": json_values,
        "changes": json_values,
        "event": json_values,
        "files": json_values,
        "name": json_values,
        "kind": st.integers(),
        "location": json_values,
        "notebookDocument": st.fixed_dictionaries(
            {"uri": uris, "notebookType": st.just("x"), "version": st.just(1), "cells": st.just([])}
        )
        | json_values,
        "cellTextDocuments": st.lists(
            st.fixed_dictionaries(
                {"uri": uris, "languageId": st.just("python"), "version": st.just(1), "text": st.text(max_size=5)}
            ),
            max_size=2,
        )
        | json_values,
        "change": st.fixed_dictionaries({"cells": json_values}) | json_values,
        "id": json_values,
        "value": json_values,
        "token": json_values,
        "partialResultToken": json_values,
    },
)
requests = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": st.sampled_from(METHODS)},
    optional={"id": st.integers(1, 5) | st.text(max_size=3), "params": likely_params | json_values},
)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(requests | json_values, max_size=6))
@example(
    [{"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": {"textDocument": {"uri": "file:///a"}}}]
)
@example([{"jsonrpc": "2.0", "id": "first", "result": None}, {"jsonrpc": "2.0", "id": 9, "error": {}}])
def test_every_request_has_one_answer(sent: list[Any]) -> None:
    found = talk(*(message(one) for one in sent))
    asked = Counter(json.dumps(one["id"]) for one in sent if isinstance(one, dict) and {"id", "method"} <= set(one))
    asked.update([json.dumps("first"), json.dumps(LAST)])
    assert {request_id: len(messages) for request_id, messages in found.items()} == dict(asked)


@pytest.mark.parametrize("request_id", [None, 1.5, True, [], {}, [1]])
def test_ids_that_cannot_be_answered_are_passed_over(request_id: Any) -> None:
    found = talk(message({"jsonrpc": "2.0", "id": request_id, "method": "fathom/status"}))
    assert set(found) == {json.dumps("first"), json.dumps(LAST)}


@pytest.mark.parametrize(
    "garbage",
    [
        framed(b"{"),
        framed(b"[" * 100_000),
        framed(b"\xff\xfe"),
        framed(b"null"),
        framed(b"5"),
        framed(b"[]"),
        framed(b"[{}]"),
        framed(b'{"jsonrpc": "2.0"}'),
        framed(b'{"jsonrpc": "2.0", "method": 5}'),
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"x" * 300_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_message_is_passed_over(garbage: bytes) -> None:
    assert set(talk(garbage)) == {json.dumps("first"), json.dumps(LAST)}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"id": 1, "method": "fathom/status"}, -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "fathom/status"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "no/such"}, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "workspace/symbol", "params": {}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "workspace/executeCommand", "params": {"command": "x"}}, -32602),
        (
            {"jsonrpc": "2.0", "id": 1, "method": "fathom/search", "params": {"query": "q" * 5_000_000, "limit": 0}},
            -32602,
        ),
    ],
)
def test_errors_say_who_is_at_fault(request_: Any, code: int) -> None:
    [answer] = talk(message(request_))["1"]
    assert answer["error"]["code"] == code


def test_before_initialize_and_after_shutdown() -> None:
    early = message({"jsonrpc": "2.0", "id": 1, "method": "fathom/status"})
    opened = {"textDocument": {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": ""}}
    notified = message({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": opened})
    found = talk(early, notified, message(INITIALIZED), initialized=False)
    assert [found[key][0]["error"]["code"] for key in ("1", json.dumps(LAST))] == [-32002, -32002]
    found = talk(message({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}), early, notified)
    assert found["2"][0]["result"] is None
    assert [found[key][0]["error"]["code"] for key in ("1", json.dumps(LAST))] == [-32600, -32600]


def test_a_document_is_changed_outside_its_text(tmp_path: Path) -> None:
    uri = (tmp_path / "a.py").as_uri()
    item = {"uri": uri, "languageId": "python", "version": 1, "text": "x = '🦆'\n"}
    parts = [message({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}})]
    for start, end in (((0, 900), (7, 0)), ((90, 0), (99, 9)), ((-1, 0), (0, 0)), ((1, 0), (0, 0))):
        change = {
            "range": {
                "start": {"line": start[0], "character": start[1]},
                "end": {"line": end[0], "character": end[1]},
            },
            "text": "y",
        }
        params = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}
        parts.append(message({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}))
    place = {"textDocument": {"uri": uri}, "position": {"line": 2**31 - 1, "character": 2**31 - 1}}
    parts.append(message({"jsonrpc": "2.0", "id": 3, "method": "textDocument/hover", "params": place}))
    assert len(talk(*parts)["3"]) == 1
