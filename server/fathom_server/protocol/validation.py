"""Error messages for parameters that do not have the shape that LSP or Fathom requires, in terms of the JSON sent."""

from __future__ import annotations

import re
import types as python
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Union, get_args, get_origin

import attrs
from cattrs.errors import ClassValidationError, IterableValidationError
from pygls.exceptions import JsonRpcInvalidParams

from fathom_indexer.wire.validation import refusal

FieldPath = tuple[str | int, ...]
"""Names and indexes from the message down to a value."""

_JSON_NAMES: Mapping[Any, str] = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}


def json_name(attribute: str) -> str:
    """The JSON name of an attribute of lsprotocol's classes: `text_document` -> `textDocument`."""
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), attribute.strip("_"))


def invalid(field: str, expected: str, value: Any) -> JsonRpcInvalidParams:
    """The error for a field whose value is not what is expected. Long values are cut."""
    return JsonRpcInvalidParams(str(refusal(field, expected, value)))


def required_fields(params: type) -> list[str]:
    """JSON names of the required fields of a class of parameters."""
    return [json_name(field.name) for field in attrs.fields(params) if field.default is attrs.NOTHING]


def describe_errors(error: BaseException, message: Mapping[str, Any]) -> str:
    """Why cattrs could not structure a message, field by field; never empty."""
    found = dict.fromkeys(
        _describe(path, expected, inner, message) for path, expected, inner in _leaves(error, (), None)
    )
    return "; ".join(found)


def _leaves(error: BaseException, path: FieldPath, expected: Any) -> Iterator[tuple[FieldPath, Any, BaseException]]:
    """The innermost errors, each with the path of its value and the type that was expected there."""
    if not isinstance(error, (ClassValidationError, IterableValidationError)):
        yield path, expected, error
        return
    with_notes, without = error.group_exceptions()
    for inner, note in with_notes:
        step = json_name(note.name) if hasattr(note, "name") else note.index
        yield from _leaves(inner, (*path, step), note.type)
    for inner in without:
        yield from _leaves(inner, path, expected)


def _describe(path: FieldPath, expected: Any, error: BaseException, message: Mapping[str, Any]) -> str:
    if isinstance(error, JsonRpcInvalidParams):
        return error.message
    value: Any = message
    for depth, step in enumerate(path):
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return invalid(_dotted(path[:depth]), "a list", value).message
            value = value[step]
        elif isinstance(value, dict) or value == []:  # Lua has one empty table for both.
            if step not in value:
                return f"{_dotted(path[: depth + 1])} is missing"
            value = value[step]
        else:
            return invalid(_dotted(path[:depth]), "an object", value).message
    return invalid(_dotted(path), _type_name(expected), value).message


def _dotted(path: FieldPath) -> str:
    """A path in the usual notation: `contentChanges[0].text`. The parameters as a whole are `params`."""
    if len(path) > 1 and path[0] == "params":
        path = path[1:]
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _type_name(expected: Any) -> str:
    """A Python type in JSON's terms."""
    if expected in _JSON_NAMES:
        return _JSON_NAMES[expected]
    kind = get_origin(expected) or expected
    if kind is Union or kind is python.UnionType:
        names = [_type_name(part) for part in get_args(expected) if part is not type(None)]
        return " or ".join(dict.fromkeys(names))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    if isinstance(kind, type) and issubclass(kind, Sequence):
        return "a list"
    return "an object"
