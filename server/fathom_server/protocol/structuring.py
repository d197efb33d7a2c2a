"""JSON -> typed messages. A request whose parameters are invalid becomes a value that can be answered with an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
)

from fathom_server.protocol.converter import class_of_params, params_object
from fathom_server.protocol.validation import describe_errors

NOTIFICATIONS = frozenset(
    method for method, (message, *_) in types.METHOD_TO_TYPES.items() if "id" not in attrs.fields_dict(message)
)
"""LSP's methods that are notifications."""


@dataclass(frozen=True, slots=True)
class MalformedRequest:
    """A request that cannot be structured, with the error to answer it with."""

    id: int | str
    error: JsonRpcException


class StructuringProtocol(LanguageServerProtocol):
    """Structures messages so that every request with a usable id can be answered.

    pygls leaves a request without an answer if it is not JSON-RPC 2.0 or its parameters cannot be structured.
    """

    def structure_message(self, data: Any) -> Any:
        """A message of lsprotocol's types, or a `MalformedRequest`.

        Raises `JsonRpcException` for a message that cannot be answered: an invalid notification, an invalid id.
        """
        if not isinstance(data, dict) or "jsonrpc" not in data:
            return data
        request_id, method = data.get("id"), data.get("method")
        if "id" in data and not is_id(request_id):
            raise JsonRpcInvalidRequest(f"an id must be a string or a whole number, not {request_id!r:.80}")
        if "method" not in data:
            return self._structure_response(data)
        if not isinstance(method, str):
            error: JsonRpcException = JsonRpcInvalidRequest(f"method must be a string, not {method!r:.80}")
        elif "id" in data and method in NOTIFICATIONS:
            error = JsonRpcInvalidRequest(f"{method} is a notification, which has no id")
        else:
            try:
                return self._structure_call(method, data)
            except JsonRpcException as invalid:
                error = invalid
        if "id" in data:
            return MalformedRequest(data["id"], error)
        raise JsonRpcException(f"Invalid Params of the notification {method!r:.80}: {error.message}", error.code)

    def _structure_call(self, method: str, data: dict[str, Any]) -> Any:
        """A request or notification. Raises `JsonRpcInvalidParams`."""
        generic = JsonRPCRequestMessage if "id" in data else JsonRPCNotification
        message_class = self.get_message_type(method) or generic
        if (params_class := class_of_params(message_class)) is not None:
            data = {**data, "params": params_object(params_class, data.get("params"))}
        try:
            return self._converter.structure(data, message_class)
        except Exception as error:
            raise JsonRpcInvalidParams(describe_errors(error, data)) from error

    def _structure_response(self, data: dict[str, Any]) -> Any:
        """The client's response to a request of the server. Raises `JsonRpcException`."""
        request_id: Any = data.get("id")
        message_class = types.ResponseErrorMessage if "error" in data else self._result_types.pop(request_id, None)
        try:
            return self._converter.structure(data, message_class or JsonRPCResponseMessage)
        except Exception as error:
            invalid = JsonRpcInvalidRequest(
                f"the response {request_id!r:.80} is invalid: {describe_errors(error, data)}"
            )
            if isinstance(request_id, str) and (waiting := self._request_futures.pop(request_id, None)) is not None:
                waiting.set_exception(invalid)  # The request must not wait for a second response.
            raise invalid from error


def is_id(value: Any) -> bool:
    """Whether JSON-RPC, as LSP uses it, allows a value as the id of a request."""
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def without_version(message: dict[str, Any]) -> Any:
    """A JSON object without the field `jsonrpc`: a `MalformedRequest` if it is a request, else the object itself."""
    request_id: Any = message.get("id")
    if "method" in message and is_id(request_id):
        return MalformedRequest(request_id, JsonRpcInvalidRequest("jsonrpc must be 2.0"))
    return message
