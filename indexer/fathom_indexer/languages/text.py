"""Pieces of source as text."""

from __future__ import annotations

import re

_ONE_LINE_CHARACTERS = 300

# What leads to a body, or ends a declaration without one.
_BEFORE_BODY = re.compile(r"(?: ?[{,;\\]| =)+$")
# Where a signature was broken into lines.
_AFTER_OPENING = re.compile(r"([(\[]) ")
_BEFORE_CLOSING = re.compile(r",? ([)\]])")


def decode(code: bytes) -> str:
    """The text of source bytes; those that are no UTF-8 become U+FFFD."""
    return code.decode("utf-8", "replace")


def one_line(text: str) -> str:
    """A declaration on one line, without what leads to its body; long ones end with an ellipsis."""
    line = _BEFORE_BODY.sub("", " ".join(text.split()))
    line = _BEFORE_CLOSING.sub(r"\1", _AFTER_OPENING.sub(r"\1", line))
    return line if len(line) <= _ONE_LINE_CHARACTERS else line[: _ONE_LINE_CHARACTERS - 1] + "…"
