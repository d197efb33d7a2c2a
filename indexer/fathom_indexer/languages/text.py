"""Pieces of source as text."""

from __future__ import annotations

import re

Span = tuple[int, int]
"""Offsets of the first byte and of the one behind the last."""

_ONE_LINE_CHARACTERS = 300

# The tokens before a body, or at the end of a declaration without one.
_BEFORE_BODY = re.compile(r"(?: ?[{,;\\]| =)+$")
# Lines of a preprocessor, and regions.
_CONDITION = re.compile(
    r"\n[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|elseif|else|endif|pragma|region|endregion)\b(?:[^\n\\]|\\.)*", re.DOTALL
)

# Where a signature was broken into lines.
_AFTER_OPENING = re.compile(r"([(\[]) ")
_BEFORE_CLOSING = re.compile(r",? ([)\]])")


def decode(code: bytes) -> str:
    """The text of source bytes; invalid ones become U+FFFD."""
    return code.decode("utf-8", "replace")


def without_conditions(declaration: str) -> str:
    """A declaration without the lines for a preprocessor in it."""
    return _CONDITION.sub("", declaration)


def one_line(text: str) -> str:
    """A declaration on one line, without the tokens before its body; long ones end with an ellipsis."""
    line = _BEFORE_BODY.sub("", " ".join(text.split()))
    line = _BEFORE_CLOSING.sub(r"\1", _AFTER_OPENING.sub(r"\1", line))
    return line if len(line) <= _ONE_LINE_CHARACTERS else line[: _ONE_LINE_CHARACTERS - 1] + "…"
