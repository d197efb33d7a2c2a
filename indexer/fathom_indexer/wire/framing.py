"""JSON messages as lines of bytes: one JSON object a line, UTF-8."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
"""A JSON object."""


def encode(message: Json) -> bytes:
    """The line of a message. It is ASCII, so that a file name that is not valid UTF-8 can travel too."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Json:
    """The message of a line. Raises `ValueError` when it is not one JSON object."""
    try:
        message = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(message, dict):
        raise ValueError("a message must be a JSON object")
    return message
