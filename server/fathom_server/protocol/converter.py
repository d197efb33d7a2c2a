"""cattrs converter for messages: lsprotocol's, with stricter hooks and plain parameters for Fathom's own methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Union

import attrs
from lsprotocol import converters, types
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage

from fathom_server.protocol.validation import invalid, required_fields

if TYPE_CHECKING:
    from cattrs import Converter

_ID: Any = Union[int, str]  # noqa: UP007  lsprotocol uses this form, and cattrs distinguishes it from `int | str`
_ID_OR_NONE: Any = Optional[_ID]  # noqa: UP045


def make_converter() -> Converter:
    """lsprotocol's converter. Messages of methods that lsprotocol does not know keep their parameters as plain JSON."""
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
    # Ids and tokens are dictionary keys; lsprotocol accepts any value for them.
    converter.register_structure_hook(_ID, _id)
    converter.register_structure_hook(_ID_OR_NONE, lambda value, _: value if value is None else _id(value))
    return converter


def class_of_params(message: Any) -> type | None:
    """The class of a message class's parameters; None where parameters are absent or are not checked."""
    params = attrs.fields_dict(message)["params"].type
    return params if isinstance(params, type) and attrs.has(params) else None


def params_object(params_class: type, value: Any) -> Any:
    """The JSON object to structure as `params_class`. Raises `JsonRpcInvalidParams` if `value` is not an object.

    Missing parameters count as an empty object. So does an empty list: Lua clients cannot tell the two apart.
    """
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        needed = required_fields(params_class)
        raise invalid("params", f"an object with {' and '.join(needed)}" if needed else "an object", value)
    return value


def _id(value: Any, _: Any = None) -> int | str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("neither a whole number nor a string")
    return value


def _workspace_symbol_params(value: Any, _: type) -> types.WorkspaceSymbolParams:
    """Checks the query's type: lsprotocol converts any value to a string, which the server would then search for."""
    query = value.get("query")
    if not isinstance(query, str):
        raise invalid("query", "a string", query)
    return types.WorkspaceSymbolParams(query, value.get("workDoneToken"), value.get("partialResultToken"))
