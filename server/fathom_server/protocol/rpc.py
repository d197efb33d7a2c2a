"""JSON-RPC where pygls stops: a request that cannot be read gets an answer too, and raw parameters for our methods."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Union
from urllib.parse import unquote
from weakref import WeakSet

import attrs
from lsprotocol import converters, types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)

from fathom_server.protocol.capabilities import announce
from fathom_server.protocol.validation import fields_needed, invalid, misfits

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from concurrent.futures import Future

    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)

REQUEST_FAILED = -32803
"""LSP's `RequestFailed`: the request is well-formed, and could not be answered."""

_ID: Any = Union[int, str]  # noqa: UP007  as lsprotocol has it, from which `int | str` is told apart
_ID_OR_NONE: Any = Optional[_ID]  # noqa: UP045

_NOTIFICATIONS = frozenset(
    method for method, (message, *_) in types.METHOD_TO_TYPES.items() if "id" not in attrs.fields_dict(message)
)


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

    def structure_message(self, data: Any) -> Any:
        """A message as lsprotocol has it, or a `UnreadableRequest`.

        Raises `JsonRpcException` for what cannot be answered: notifications that do not fit, and what is no JSON-RPC.
        """
        if not isinstance(data, dict) or "jsonrpc" not in data:
            return data
        request_id, method = data.get("id"), data.get("method")
        if "id" in data and (isinstance(request_id, bool) or not isinstance(request_id, (int, str))):
            raise JsonRpcInvalidRequest(f"an id must be a string or a whole number, not {request_id!r:.80}")
        if "method" not in data:
            return self._structured_answer(data)
        if not isinstance(method, str):
            refusal: JsonRpcException = JsonRpcInvalidRequest(f"method must be a string, not {method!r:.80}")
        elif "id" in data and method in _NOTIFICATIONS:
            refusal = JsonRpcInvalidRequest(f"{method} is a notification, which has no id")
        else:
            try:
                return self._structured(method, data)
            except JsonRpcException as error:
                refusal = error
        if "id" in data:
            return UnreadableRequest(data["id"], refusal)
        raise JsonRpcException(f"Invalid Params of the notification {method!r:.80}: {refusal.message}", refusal.code)

    def _structured(self, method: str, data: dict[str, Any]) -> Any:
        """A request or notification. Raises `JsonRpcInvalidParams`."""
        generic = JsonRPCRequestMessage if "id" in data else JsonRPCNotification
        kind = self.get_message_type(method) or generic
        if (params := _class_of_params(kind)) is not None:
            data = {**data, "params": _params(params, data.get("params"))}
        try:
            return self._converter.structure(data, kind)
        except Exception as error:
            raise JsonRpcInvalidParams(misfits(error, data)) from error

    def _structured_answer(self, data: dict[str, Any]) -> Any:
        """The client's answer to a request of the server. Raises `JsonRpcException`."""
        request_id: Any = data.get("id")
        kind = types.ResponseErrorMessage if "error" in data else self._result_types.pop(request_id, None)
        try:
            return self._converter.structure(data, kind or JsonRPCResponseMessage)
        except Exception as error:
            refusal = JsonRpcInvalidRequest(f"the answer {request_id!r:.80} cannot be read: {misfits(error, data)}")
            if isinstance(request_id, str) and (waiting := self._request_futures.pop(request_id, None)) is not None:
                waiting.set_exception(refusal)  # An answer that makes no sense is an answer all the same.
            raise refusal from error

    def handle_message(self, message: Any) -> None:
        if isinstance(message, dict):
            message = _without_version(message)
        if isinstance(message, UnreadableRequest):
            logger.info("request %r is refused: %s", message.id, message.error)
            self._refuse(message.id, message.error)
        elif not hasattr(message, "jsonrpc"):
            raise JsonRpcInvalidRequest(f"{type(message).__name__} is no message")
        elif self.initialized and isinstance(message, types.CancelNotification):
            # Without the way through pygls, which takes longer than all the rest when many are cancelled at once.
            self._handle_cancel_notification(message.params.id)
        elif not (hasattr(message, "id") and hasattr(message, "method")):
            if self._hears(message):
                super().handle_message(message)
        elif (refusal := self._refusal(message)) is not None:
            self._refuse(message.id, refusal)
        else:
            self.initialized = True
            self.shutdown_requested = message.method == types.SHUTDOWN
            if self.trace is not types.TraceValue.Off:
                self._begun[message.id] = (message, time.monotonic())
            super().handle_message(message)

    def _hears(self, message: Any) -> bool:
        """Whether it is time for a notification or an answer. After `shutdown` nothing may begin that it has ended."""
        if not hasattr(message, "method"):
            return self.initialized
        return message.method == types.EXIT or (self.initialized and not self.shutdown_requested)

    def _refusal(self, request: Any) -> JsonRpcException | None:
        """Why it is not the time for a request, if it is not."""
        if request.jsonrpc != self.VERSION:
            return JsonRpcInvalidRequest("jsonrpc must be 2.0")
        if self.shutdown_requested:
            return JsonRpcInvalidRequest("the server is shutting down")
        if not self.initialized and request.method != types.INITIALIZE:
            return JsonRpcServerNotInitialized("the first request must be initialize")
        if self.initialized and request.method == types.INITIALIZE:
            return JsonRpcInvalidRequest("the server is initialized already")
        return None

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

    # pygls fails with a `KeyError` where these name a document that is not open.

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        """Change a document's text."""
        self._check_open(params.text_document.uri, self.workspace.text_documents)
        yield from super().lsp_text_document__did_change(params)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> Generator[Any, Any, None]:
        """Change a notebook's cells."""
        self._check_open(params.notebook_document.uri, self.workspace.notebook_documents)
        yield from super().lsp_notebook_document__did_change(params)

    def _check_open(self, uri: str, documents: Mapping[str, Any]) -> None:
        if unquote(uri) not in documents:
            raise JsonRpcInvalidRequest(f"{uri} is not open and cannot be changed")

    def _check_handler_result(self, future: Future[Any]) -> None:
        """Log what a notification was not handled for; pygls takes the client's mistakes for errors of its own."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, JsonRpcException):
            logger.warning("a notification is ignored: %s", error)
        else:
            super()._check_handler_result(future)

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
    # Ids and tokens, which are looked up: lsprotocol takes whatever it is given.
    converter.register_structure_hook(_ID, _id)
    converter.register_structure_hook(_ID_OR_NONE, lambda value, _: value if value is None else _id(value))
    return converter


def _id(value: Any, _: Any = None) -> int | str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("neither a whole number nor a string")
    return value


def _class_of_params(kind: Any) -> type | None:
    """The class of a message's parameters; None where they are not checked or there are none."""
    params = attrs.fields_dict(kind)["params"].type
    return params if isinstance(params, type) and attrs.has(params) else None


def _params(kind: type, value: Any) -> Any:
    """Parameters that may be structured: an object. Raises `JsonRpcInvalidParams`.

    Nothing is as good as an empty object, and so is an empty list, which Lua cannot tell from it.
    """
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        needed = fields_needed(kind)
        raise invalid("params", f"an object with {' and '.join(needed)}" if needed else "an object", value)
    return value


def _workspace_symbol_params(value: Any, _: type) -> types.WorkspaceSymbolParams:
    """lsprotocol makes a string of whatever stands where a string belongs, and we would search for that."""
    query = value.get("query")
    if not isinstance(query, str):
        raise invalid("query", "a string", query)
    return types.WorkspaceSymbolParams(query, value.get("workDoneToken"), value.get("partialResultToken"))
