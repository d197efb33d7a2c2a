"""Requests that pygls would leave without an answer, life cycle, cancellation and trace."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fathom_server import logs
from fathom_server.handlers import register
from fathom_server.protocol.structuring import NOTIFICATIONS, MalformedRequest
from fathom_server.server import FathomServer

INITIALIZE: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


class Wire:
    """Replaces a connection: JSON in, JSON out."""

    def __init__(self) -> None:
        self.server = FathomServer()
        register(self.server)
        self.sent: list[dict[str, Any]] = []
        self.server.protocol.set_writer(self, include_headers=False)

    def write(self, data: bytes) -> None:
        self.sent.append(json.loads(data))

    def close(self) -> None:
        pass

    def say(self, **message: Any) -> dict[str, Any] | None:
        """The message that a message is answered with at once, if it is."""
        before = len(self.sent)
        protocol = self.server.protocol
        body = json.dumps({"jsonrpc": "2.0", **message})
        protocol.handle_message(json.loads(body, object_hook=protocol.structure_message))
        return self.sent[-1] if len(self.sent) > before else None

    def error_of(self, method: str, **params: Any) -> dict[str, Any]:
        answer = self.say(id=7, method=method, **params)
        assert answer is not None
        assert answer["id"] == 7
        error = answer["error"]
        assert isinstance(error, dict)
        return error


@pytest.fixture
def wire() -> Wire:
    wire = Wire()
    answer = wire.say(id=1, method="initialize", params=INITIALIZE)
    assert answer is not None
    assert answer["result"]["serverInfo"]["name"] == "fathom"
    return wire


@pytest.mark.parametrize("method", ["workspace/symbol", "fathom/search", "shutdown", "no/such"])
def test_before_initialize_there_is_an_error(method: str) -> None:
    assert Wire().error_of(method, params={"query": "q"})["code"] == -32002


@pytest.mark.parametrize("params", [{}, {"query": None}, {"query": 5}, {"query": {}}, [], "q", None])
def test_params_of_a_standard_request_that_do_not_fit(wire: Wire, params: Any) -> None:
    error = wire.error_of("workspace/symbol", params=params)
    assert error["code"] == -32602
    assert "query" in error["message"]


def test_a_message_about_params_names_the_field(wire: Wire) -> None:
    error = wire.error_of("textDocument/willSaveWaitUntil", params={"reason": 1})
    assert error["code"] == -32602
    assert "textDocument" in error["message"] or "text_document" in error["message"]


def test_an_unknown_method(wire: Wire) -> None:
    assert wire.error_of("no/such", params={"class": 1, "type_name": 2})["code"] == -32601
    assert wire.error_of("no/such")["code"] == -32601


@pytest.mark.parametrize("params", [{}, {"textDocument": 5}, None])
def test_a_notification_that_does_not_fit_is_dropped(wire: Wire, params: Any) -> None:
    with pytest.raises(JsonRpcException, match=r"Invalid Params|Internal Error"):
        wire.say(method="textDocument/didSave", params=params)
    assert len(wire.sent) == 1


def test_unknown_notifications_are_ignored(wire: Wire) -> None:
    assert wire.say(method="$/whatever", params={"a": 1}) is None
    assert wire.say(method="$/whatever") is None


def test_params_of_our_own_stay_plain(wire: Wire) -> None:
    message = wire.server.protocol.structure_message(
        {"jsonrpc": "2.0", "id": 1, "method": "fathom/search", "params": {"class": {"type_name": 1}}}
    )
    assert message.params == {"class": {"type_name": 1}}
    assert not isinstance(message, MalformedRequest)


def test_a_client_that_wants_a_trace_is_told_of_each_answer(wire: Wire) -> None:
    wire.say(id=2, method="no/such")
    assert [message for message in wire.sent if message.get("method") == "$/logTrace"] == []
    wire.say(method="$/setTrace", params={"value": "messages"})
    wire.say(id=3, method="no/such")
    [traced] = [message["params"]["message"] for message in wire.sent if message.get("method") == "$/logTrace"]
    assert traced.startswith("no/such 3 failed")
    wire.say(method="$/setTrace", params={"value": "off"})
    wire.say(id=4, method="no/such")
    assert len([message for message in wire.sent if message.get("method") == "$/logTrace"]) == 1
    wire.say(method="$/setTrace", params={"value": "verbose"})
    wire.say(id=5, method="no/such", params={"query": "pay"})
    *_, last = [message["params"] for message in wire.sent if message.get("method") == "$/logTrace"]
    assert (last["message"].startswith("no/such 5"), json.loads(last["verbose"])) == (True, {"query": "pay"})


@pytest.mark.parametrize(("trace", "told"), [("off", 0), ("messages", 1), ("verbose", 1)])
def test_a_client_can_want_a_trace_from_the_start(trace: str, told: int) -> None:
    wire = Wire()
    wire.say(id=1, method="initialize", params={**INITIALIZE, "trace": trace})
    wire.say(id=3, method="no/such")
    traced = [message["params"] for message in wire.sent if message.get("method") == "$/logTrace"]
    assert [set(one) for one in traced] == [{"message", "verbose"} if trace == "verbose" else {"message"}] * told


@pytest.mark.asyncio
async def test_a_cancelled_request_is_answered_at_once_and_only_then(wire: Wire) -> None:
    wire.server.session.hold()
    assert wire.say(id=2, method="fathom/search", params={"query": "pay"}) is None
    await asyncio.sleep(0)
    answer = wire.say(method="$/cancelRequest", params={"id": 2})
    assert answer is not None
    assert (answer["id"], answer["error"]["code"]) == (2, -32800)
    assert wire.say(method="$/cancelRequest", params={"id": 2}) is None
    wire.server.session.release()
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(wire.sent) == 2


@pytest.mark.asyncio
async def test_a_request_that_fails_while_it_is_cancelled_has_one_answer(wire: Wire) -> None:
    async def stubborn(params: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ValueError("too late") from None

    wire.server.feature("no/such")(stubborn)
    wire.say(id=2, method="no/such")
    await asyncio.sleep(0)
    wire.say(method="$/cancelRequest", params={"id": 2})
    for _ in range(5):
        await asyncio.sleep(0)
    assert [message["error"]["code"] for message in wire.sent if message.get("id") == 2] == [-32800]


DOCUMENT = {"uri": "file:///a.py"}


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("textDocument/hover", {}, "textDocument is missing; position is missing"),
        ("textDocument/hover", None, "textDocument is missing; position is missing"),
        ("textDocument/hover", [], "textDocument is missing; position is missing"),
        ("textDocument/hover", 5, "params must be an object with textDocument and position, not 5"),
        ("textDocument/hover", {"textDocument": 5, "position": {}}, "textDocument must be an object, not 5; "),
        ("textDocument/hover", {"textDocument": DOCUMENT, "position": {"line": "x"}}, "position.line must be a whole "),
        ("textDocument/hover", {"textDocument": DOCUMENT, "position": []}, "position.line is missing; position.char"),
        ("textDocument/codeAction", {"textDocument": DOCUMENT, "range": {}, "context": 1}, "range.start is missing; "),
        (
            "textDocument/codeAction",
            {"textDocument": DOCUMENT, "range": {"start": {}, "end": {}}, "context": {"diagnostics": [], "only": 5}},
            "context.only must be a list, not 5",
        ),
        ("workspace/executeCommand", {"command": "x", "workDoneToken": {}}, "workDoneToken must be a whole number or "),
        ("workspaceSymbol/resolve", {"name": "x", "kind": 99, "location": DOCUMENT}, "kind must be one of 1, 2, 3"),
        ("textDocument/diagnostic", {"text_document": DOCUMENT}, "textDocument is missing"),
    ],
)
def test_errors_name_what_the_client_has_sent(wire: Wire, method: str, params: Any, message: str) -> None:
    error = wire.error_of(method, params=params)
    assert error["code"] == -32602
    assert message in error["message"]


IN_PYTHON = re.compile(r"\$|[a-z]_[a-z]|Params\b(?! of)|lsprotocol|Error|Optional|Union|NoneType")


@pytest.mark.parametrize("params", [{}, [], None, 5, "x", {"textDocument": {"uri": None}, "position": {"line": []}}])
def test_no_error_speaks_python(wire: Wire, params: Any, caplog: pytest.LogCaptureFixture) -> None:
    for method in [*wire.server.protocol.fm.builtin_features, *wire.server.protocol.fm.features]:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        if method in NOTIFICATIONS:
            del request["id"]
        try:
            message = wire.server.protocol.structure_message(request)
        except JsonRpcException as error:
            told = error.message
            assert method in told
        else:
            told = message.error.message if isinstance(message, MalformedRequest) else ""
        assert not IN_PYTHON.search(told.replace(method, "")), told
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.asyncio
async def test_mistakes_of_the_client_are_no_errors_in_the_log(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    change = {"textDocument": {**DOCUMENT, "version": 2}, "contentChanges": [{"text": "x"}]}
    wire.say(method="textDocument/didChange", params=change)
    cells = {"notebookDocument": {**DOCUMENT, "version": 2}, "change": {}}
    wire.say(method="notebookDocument/didChange", params=cells)
    wire.error_of("textDocument/hover", params={})
    wire.error_of("no/such", params={})
    wire.say(id=8, method="fathom/search", params={"query": 5})
    wire.say(id=9, method="workspace/executeCommand", params={"command": "x"})
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert {message["id"] for message in wire.sent if "error" in message} == {7, 8, 9}
    ours = [record for record in caplog.records if logs._unanswered(record)]
    assert [record.getMessage() for record in ours if record.levelno >= logging.ERROR] == []
    ignored = [record.getMessage() for record in ours if "is ignored" in record.getMessage()]
    assert ignored == ["a notification is ignored: file:///a.py is not open and cannot be changed"] * 2


def test_initialized_without_parameters(wire: Wire) -> None:
    message = wire.server.protocol.structure_message({"jsonrpc": "2.0", "method": "initialized"})
    assert message.params == types.InitializedParams()
