"""pygls' protocol, corrected where it departs from LSP: life cycle, cancellation, errors, and trace messages."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from weakref import WeakSet

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import lsp_method

from fathom_server.protocol.capabilities import ClientCapabilities, announce
from fathom_server.protocol.structuring import MalformedRequest, StructuringProtocol, without_version
from fathom_server.protocol.tracing import RequestTrace

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from concurrent.futures import Future

    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

REQUEST_FAILED = -32803
"""LSP's `RequestFailed`: the request is valid but cannot be answered."""


class FathomProtocol(StructuringProtocol):
    """The server's side of LSP.

    Besides invalid requests (`StructuringProtocol`), pygls leaves requests before `initialize` and after `shutdown`
    without an answer. LSP defines an error for each. Notifications outside that time are ignored.
    """

    initialized = False
    shutdown_requested = False

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._request_trace = RequestTrace(self._serialize_message)
        self._cancelled: WeakSet[Future[Any]] = WeakSet()
        """Requests that were answered at their cancellation."""

    def handle_message(self, message: Any) -> None:
        """Handle a structured message. Raises `JsonRpcException` for one that is not JSON-RPC."""
        if isinstance(message, dict):
            message = without_version(message)
        if isinstance(message, MalformedRequest):
            logger.info("request %r is refused: %s", message.id, message.error)
            self._refuse(message.id, message.error)
        elif not hasattr(message, "jsonrpc"):
            raise JsonRpcInvalidRequest(f"{type(message).__name__} is no message")
        elif self.initialized and isinstance(message, types.CancelNotification):
            # pygls' own path dominates the time when many requests are cancelled at once.
            self._handle_cancel_notification(message.params.id)
        elif not (hasattr(message, "id") and hasattr(message, "method")):
            if self._accepts(message):
                super().handle_message(message)
        elif (refusal := self._refusal(message)) is not None:
            self._refuse(message.id, refusal)
        else:
            self.initialized = True
            self.shutdown_requested = message.method == types.SHUTDOWN
            if self.trace is not types.TraceValue.Off:
                self._request_trace.begin(message)
            super().handle_message(message)

    def _accepts(self, message: Any) -> bool:
        """Whether a notification or response is allowed now. After `shutdown` only `exit` is."""
        if not hasattr(message, "method"):
            return self.initialized
        return message.method == types.EXIT or (self.initialized and not self.shutdown_requested)

    def _refusal(self, request: Any) -> JsonRpcException | None:
        """The error for a request that is not allowed now."""
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
        """Answer at once. The request's task ends later, after the answers to all other cancelled requests."""
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
        """Answer as pygls does, and add the capabilities that pygls does not know."""
        result = yield from super().lsp_initialize(params)
        announce(result.capabilities, ClientCapabilities.resolve(params.capabilities))
        return result

    # pygls raises a `KeyError` where a change names a document that is not open.

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
        """Log why a notification failed. pygls logs the client's errors like errors of the server."""
        error = None if future.cancelled() else future.exception()
        if isinstance(error, JsonRpcException):
            logger.warning("a notification is ignored: %s", error)
        else:
            super()._check_handler_result(future)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> None:  # type: ignore[override]
        """End the session. pygls would close the stream at once, before the answer to `shutdown` is written."""
        raise SystemExit

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """Run a command. Unlike pygls' own method this is a coroutine, so that it can be cancelled."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command!r}")
        return await handler(*(params.arguments or ()))

    def _send_response(self, msg_id: int | str, result: Any = None, error: types.ResponseError | None = None) -> None:
        super()._send_response(msg_id, result, error)
        if (trace := self._request_trace.finish(msg_id, error, self.trace)) is not None:
            self.notify(types.LOG_TRACE, trace)

    def _refuse(self, request_id: int | str, error: JsonRpcException) -> None:
        self._send_response(request_id, error=error.to_response_error())
