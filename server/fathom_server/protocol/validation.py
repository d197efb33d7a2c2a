"""What is wrong with a message's parameters, in the client's own words."""

from __future__ import annotations

import re
import types as python
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Union, get_args, get_origin

import attrs
from cattrs.errors import ClassValidationError, IterableValidationError
from pygls.exceptions import JsonRpcInvalidParams

Path = tuple[str | int, ...]
"""Names and indexes that lead to a value, from the message on."""

_PLAIN: Mapping[Any, str] = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}


def on_the_wire(name: str) -> str:
    """A field of lsprotocol's classes as JSON has it: `text_document` -> `textDocument`."""
    return re.sub(r"_(\w)", lambda letter: letter[1].upper(), name.strip("_"))


def invalid(field: str, expected: str, value: Any) -> JsonRpcInvalidParams:
    """The error that a field has another value than it must have."""
    got = "nothing" if value is None else repr(value)
    return JsonRpcInvalidParams(f"{field} must be {expected}, not {got if len(got) <= 80 else got[:80] + '...'}")


def fields_needed(params: type) -> list[str]:
    """The fields that parameters must have."""
    return [on_the_wire(field.name) for field in attrs.fields(params) if field.default is attrs.NOTHING]


def misfits(error: BaseException, message: Mapping[str, Any]) -> str:
    """Why cattrs could not structure a message, field by field; never empty."""
    found = dict.fromkeys(_misfit(path, expected, inner, message) for path, expected, inner in _leaves(error, (), None))
    return "; ".join(found)


def _leaves(error: BaseException, path: Path, expected: Any) -> Iterator[tuple[Path, Any, BaseException]]:
    """The errors that have no others within them: where they are, and what was expected there."""
    if not isinstance(error, (ClassValidationError, IterableValidationError)):
        yield path, expected, error
        return
    with_notes, without = error.group_exceptions()
    for inner, note in with_notes:
        step = on_the_wire(note.name) if hasattr(note, "name") else note.index
        yield from _leaves(inner, (*path, step), note.type)
    for inner in without:
        yield from _leaves(inner, path, expected)


def _misfit(path: Path, expected: Any, error: BaseException, message: Mapping[str, Any]) -> str:
    if isinstance(error, JsonRpcInvalidParams):
        return error.message
    value: Any = message
    for depth, step in enumerate(path):
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return invalid(_name(path[:depth]), "a list", value).message
            value = value[step]
        elif isinstance(value, dict) or value == []:  # Lua has one empty table for both.
            if step not in value:
                return f"{_name(path[: depth + 1])} is missing"
            value = value[step]
        else:
            return invalid(_name(path[:depth]), "an object", value).message
    return invalid(_name(path), _in_words(expected), value).message


def _name(path: Path) -> str:
    """A path as it is written: `contentChanges[0].text`; the parameters themselves are `params`."""
    if len(path) > 1 and path[0] == "params":
        path = path[1:]
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _in_words(expected: Any) -> str:
    """What a type is called in JSON."""
    if expected in _PLAIN:
        return _PLAIN[expected]
    kind = get_origin(expected) or expected
    if kind is Union or kind is python.UnionType:
        words = [_in_words(part) for part in get_args(expected) if part is not type(None)]
        return " or ".join(dict.fromkeys(words))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    if isinstance(kind, type) and issubclass(kind, Sequence):
        return "a list"
    return "an object"
