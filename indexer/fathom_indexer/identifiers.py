"""Splitting identifiers into words: `readHTTPHeader_v2` -> read, HTTP, Header, v2.

Search by words and the encoder both read code this way, so the rule lives in one place.
"""

from __future__ import annotations

import re

_WORD = re.compile(
    r"""
      [A-Z]+(?=[A-Z][a-z])      # HTTP in HTTPHeader
    | [A-Z]?[a-z]+[0-9]*        # Header, read, v2
    | [A-Z]+[0-9]*              # ID, SHA256
    | [0-9]+
    | [^\W\d_A-Za-z]+           # letters of other scripts stay together
    """,
    re.VERBOSE,
)

_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def split_identifier(identifier: str) -> list[str]:
    """The words of one identifier, in order, in their own case. Letters outside ASCII stay together."""
    return _WORD.findall(identifier)


def identifiers(text: str) -> list[str]:
    """All identifiers of a text, in order, with repeats."""
    return _IDENTIFIER.findall(text)


def split_words(text: str) -> list[str]:
    """All words of a text in order: every identifier split, every number on its own."""
    return _WORD.findall(text)
