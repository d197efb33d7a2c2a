"""JSON-RPC where pygls stops: a request that cannot be read gets an answer too, and raw parameters for our methods."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from cattrs import transform_error
from cattrs.v import format_exception
from lsprotocol import converters, types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, LanguageServerProtocol, lsp_method

from fathom_server.capabilities import announce

if TYPE_CHECKING:
    from collections.abc import Generator
    from concurrent.futures import Future

    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)

REQUEST_FAILED = -32803
"""LSP's `RequestFailed`: the request is well-formed, and could not be answered."""


@dataclass(frozen=True, slots=True)
class UnreadableRequest:
    """A request whose parameters do not fit its method, on its way to be answered."""

    id: int | str
    error: JsonRpcException


class FathomProtocol(LanguageServerProtocol):
    """pygls leaves a request without an answer when it is no JSON-RPC 2.0, when its parameters cannot be structured,
    when it comes before `initialize`, and when it comes after `shutdown`. LSP has an error for each.

    What has no id that could be answered is passed over: JSON that cannot be read, ids that are neither strings nor
    whole numbers, and notifications that do not fit.
    """

    _server: FathomServer
    initialized = False
    shutdown_requested = False

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._begun: dict[int | str, tuple[Any, float]] = {}
        """Requests under way, and when they came, while the client wants a trace."""
        self._cancelled: WeakSet[Future[Any]] = WeakSet()
        """Requests that were answered when they were cancelled."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        if "jsonrpc" not in data:
            return data
        request_id = data.get("id")
        if "id" in data and (isinstance(request_id, bool) or not isinstance(request_id, (int, str))):
            raise JsonRpcInvalidRequest(f"an id must be a string or a whole number, not {request_id!r:.80}")
        try:
            message = super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and "id" in data:
                return UnreadableRequest(data["id"], _explained(error))
            if isinstance(request_id, str) and (waiting := self._request_futures.pop(request_id, None)) is not None:
                waiting.set_exception(error)  # An answer of the client that makes no sense is an answer all the same.
            raise
        if "method" in data and "id" in data and not hasattr(message, "id"):
            refusal = JsonRpcInvalidRequest(f"{data['method']} is a notification, which has no id")
            return UnreadableRequest(data["id"], refusal)
        return message

    def handle_message(self, message: Any) -> None:
        if isinstance(message, dict):
            message = _without_version(message)
        if isinstance(message, UnreadableRequest):
            self._refuse(message.id, message.error)
        elif not hasattr(message, "jsonrpc"):
            raise JsonRpcInvalidRequest(f"{type(message).__name__} is no message")
        elif self.initialized and isinstance(message, types.CancelNotification):
            # Without the way through pygls, which takes longer than all the rest when many are cancelled at once.
            self._handle_cancel_notification(message.params.id)
        elif not (hasattr(message, "id") and hasattr(message, "method")):
            if self.initialized or getattr(message, "method", "") == types.EXIT:
                super().handle_message(message)
        elif message.jsonrpc != self.VERSION:
            self._refuse(message.id, JsonRpcInvalidRequest("jsonrpc must be 2.0"))
        elif self.shutdown_requested:
            self._refuse(message.id, JsonRpcInvalidRequest("the server is shutting down"))
        elif not self.initialized and message.method != types.INITIALIZE:
            self._refuse(message.id, JsonRpcServerNotInitialized("the first request must be initialize"))
        elif self.initialized and message.method == types.INITIALIZE:
            self._refuse(message.id, JsonRpcInvalidRequest("the server is initialized already"))
        else:
            self.initialized = True
            self.shutdown_requested = message.method == types.SHUTDOWN
            if self.trace is not types.TraceValue.Off:
                self._begun[message.id] = (message, time.monotonic())
            super().handle_message(message)

    def _handle_cancel_notification(self, msg_id: int | str) -> None:
        """Answer at once. What the request has begun ends by itself, behind the answers to all that is cancelled."""
        request = self._request_futures.get(msg_id)
        if isinstance(request, asyncio.Task) and request.cancel():
            del self._request_futures[msg_id]
            self._cancelled.add(request)
            self._refuse(msg_id, JsonRpcRequestCancelled("the client has cancelled the request"))
        else:
            super()._handle_cancel_notification(msg_id)

    def _send_handler_result(self, future: Future[Any], *, msg_id: int | str) -> None:
        if future not in self._cancelled:
            super()._send_handler_result(future, msg_id=msg_id)
        elif not future.cancelled() and (error := future.exception()) is not None:
            logger.info("request %s failed while it was cancelled: %s", msg_id, error)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Answer as pygls does, and say what it does not know."""
        result = yield from super().lsp_initialize(params)
        announce(result.capabilities, self._server.capabilities)
        return result

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> None:  # type: ignore[override]
        """End the session. pygls would close the stream at once, though answers may be due: `shutdown` has one."""
        raise SystemExit

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """Run a command. As a coroutine, unlike pygls' own, it can be cancelled."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command!r}")
        return await handler(*(params.arguments or ()))

    def _send_response(self, msg_id: int | str, result: Any = None, error: types.ResponseError | None = None) -> None:
        super()._send_response(msg_id, result, error)
        request, since = self._begun.pop(msg_id, (None, 0.0))
        if request is not None and self.trace is not types.TraceValue.Off:
            outcome = f"failed ({error.message})" if error is not None else "was answered"
            text = f"{request.method} {msg_id} {outcome} after {1000 * (time.monotonic() - since):.0f} ms"
            asked = None
            if self.trace is types.TraceValue.Verbose:
                asked = json.dumps(request.params, default=self._serialize_message)
            self.notify(types.LOG_TRACE, types.LogTraceParams(text, asked))

    def _refuse(self, request_id: int | str, error: JsonRpcException) -> None:
        self._send_response(request_id, error=error.to_response_error())


def _without_version(message: dict[str, Any]) -> Any:
    """JSON that does not say that it is JSON-RPC; a request is refused all the same."""
    request_id = message.get("id")
    if "method" in message and isinstance(request_id, (int, str)) and not isinstance(request_id, bool):
        return UnreadableRequest(request_id, JsonRpcInvalidRequest("jsonrpc must be 2.0"))
    return message


def make_converter() -> Converter:
    """lsprotocol's converter. Messages that it does not know keep their parameters as plain JSON."""
    converter = converters.get_converter()
    converter.register_structure_hook(
        JsonRPCRequestMessage,
        lambda message, _: JsonRPCRequestMessage(
            id=message["id"], method=message["method"], jsonrpc=message["jsonrpc"], params=message.get("params")
        ),
    )
    converter.register_structure_hook(
        JsonRPCNotification,
        lambda message, _: JsonRPCNotification(
            method=message["method"], jsonrpc=message["jsonrpc"], params=message.get("params")
        ),
    )
    converter.register_structure_hook(types.WorkspaceSymbolParams, _workspace_symbol_params)
    return converter


def _workspace_symbol_params(value: Any, _: type) -> types.WorkspaceSymbolParams:
    """lsprotocol makes a string of whatever stands where a string belongs, and we would search for that."""
    query = value.get("query") if isinstance(value, dict) else None
    if not isinstance(query, str):
        raise JsonRpcInvalidParams("query must be a string")
    return types.WorkspaceSymbolParams(query, value.get("workDoneToken"), value.get("partialResultToken"))


def _explained(error: JsonRpcException) -> JsonRpcException:
    """The same error, its message naming the fields that did not fit."""
    cause = error.__cause__
    if cause is None:
        return error
    return JsonRpcInvalidParams("; ".join(transform_error(cause, format_exception=_formatted)))


def _formatted(error: BaseException, expected: type | None) -> str:
    return str(error) if isinstance(error, JsonRpcInvalidParams) else format_exception(error, expected)
