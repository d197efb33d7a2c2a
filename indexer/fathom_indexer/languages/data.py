"""Long runs of data in source: tables of numbers, bytes in hexadecimal, text in base64.

Neither words nor vectors find them, and a megabyte of them costs more than all the code around it. So most of such a
run is left out of texts. Each line is classified by itself, in the same way for all languages. It is data if

- few letters are left of the line when its numbers and unbroken strings of digits and letters are taken out; or
- what is left equals what is left of the line before, as in a table of records.

Lines of other strings are never data: users search for a list of countries.
"""

from __future__ import annotations

import re

RUN_BYTES = 2_048
"""Shorter runs are kept whole."""

_HEAD_BYTES = 512
_TAIL_BYTES = 128
"""The bytes that are kept at the ends of a run, or up to the next line end, so that a reader can see what it is."""

_LONG_LINE_BYTES = 200

_BLOCK_BYTES, _BLOCK_DIGITS = 1024, 51
"""Every run holds a whole block of so many bytes; so many of them, 5 %, are digits where it is data."""

_MARGIN_BYTES = 1024
"""Lines so far around such a block are looked at, too."""

_DATA = re.compile(
    # Longer than identifiers are: base64, long hashes.
    rb"(?<![A-Za-z0-9+/])(?=[A-Za-z0-9+/]*[0-9])[A-Za-z0-9+/]{40,}={0,2}"
    # Escaped bytes and characters.
    rb"|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[0-7]{1,3}"
    # Numbers, and words of hexadecimal digits with a decimal one among them.
    rb"|(?<![\w.])[-+]?(?:0[xX][0-9A-Fa-f_]+|0[bB][01_]+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|(?=[A-Fa-f]*\d)[0-9A-Fa-f]{2,})"
    rb"[uUlLfF]{0,3}(?!\w)"
)
_DIGITS = b"0123456789"
_NO_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalpha())
_MOST_LETTERS = 0.2
"""Of what was taken out of a line of data."""

Span = tuple[int, int]
"""First byte, and the one behind the last."""


def data_spans(code: bytes) -> list[Span]:
    """The spans of data that texts leave out, in order. Takes time linear in the source's length."""
    return [span for place in _dense(code) for span in _runs(code, *place)]


def _dense(code: bytes) -> list[Span]:
    """The spans of whole lines with enough digits for a run, with a margin; most files have none."""
    places: list[Span] = []
    for start in range(0, len(code), _BLOCK_BYTES):
        if _count_digits(code[start : start + _BLOCK_BYTES]) < _BLOCK_DIGITS:
            continue
        first = code.rfind(b"\n", 0, max(start - _MARGIN_BYTES, 0)) + 1
        last = code.find(b"\n", start + _BLOCK_BYTES + _MARGIN_BYTES)
        last = len(code) if last < 0 else last + 1
        if places and first <= places[-1][1]:
            first = places.pop()[0]
        places.append((first, last))
    return [(first, last) for first, last in places if last - first >= RUN_BYTES]


def _runs(code: bytes, first: int, last: int) -> list[Span]:
    spans: list[Span] = []
    start = end = 0
    place = first
    shape: bytes | None = None
    for line in code[first:last].split(b"\n"):
        is_data, shape = _look_at(line, shape)
        following = place + len(line) + 1
        if is_data:
            start = start if end else place
            end = following
        elif is_data is False:
            if end:
                spans += _inside(code, start, end)
            end = 0
        place = following
    return spans + (_inside(code, start, min(end, len(code))) if end else [])


def _look_at(line: bytes, previous: bytes | None) -> tuple[bool | None, bytes | None]:
    """Whether a line is data (None if it is only punctuation), and what is left of it without the data."""
    if not line.strip(b" \t\r\v\f{}()[];,\"'`"):
        return None, previous
    if _count_digits(line) < 2:
        return False, None
    left, count = _DATA.subn(b"", line)
    rest = b" ".join(left.split())
    letters = len(rest.translate(None, _NO_LETTERS))
    return count > 0 and (letters <= _MOST_LETTERS * (len(line) - len(left)) or rest == previous), rest


def _count_digits(text: bytes) -> int:
    return len(text) - len(text.translate(None, _DIGITS))


def _inside(code: bytes, start: int, end: int) -> list[Span]:
    """What is left out of a run, if it is long enough: most of it, from line start to line start where it can be."""
    if end - start < RUN_BYTES:
        return []
    first, last = start + _HEAD_BYTES, end - _TAIL_BYTES
    line_end = code.find(b"\n", first, first + _LONG_LINE_BYTES)
    first = first if line_end < 0 else line_end + 1
    line_start = code.rfind(b"\n", max(first, last - _LONG_LINE_BYTES), last)
    last = last if line_start < 0 else line_start + 1
    return [(first, last)] if first < last else []
