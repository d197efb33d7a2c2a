"""Source bytes to searchable units, the same way for every language.

A language's query finds the definitions (`definitions.py` has the captures); everything else follows from nesting:

- a definition's qualified name is the names of what encloses it;
- functions keep their text whole; a class keeps its text without its functions, its type aliases included;
- what no definition covers becomes `module` units, so nothing in a file is invisible;
- long runs of data are cut short in texts (`data.py`): they belong to the unit that begins with them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from fathom_indexer.languages.data import data_spans
from fathom_indexer.languages.definitions import Definition, definitions
from fathom_indexer.languages.encodings import lines_with_one_end
from fathom_indexer.languages.registry import dialect
from fathom_indexer.languages.text import Span, decode, one_line
from fathom_indexer.types import Function, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fathom_indexer.languages.registry import Language

MODULE_UNIT_LINES = 40
"""Code outside definitions is cut into units of about this many lines."""

MODULE_UNIT_REACH = 120
"""No such unit spans more lines than this, definitions between its pieces included, so that its place stays
meaningful."""

_FIRST_LINE_CHARACTERS = 1000
_BOM = b"\xef\xbb\xbf"
_SEPARATORS = b" \t,;"
_NOTHING_BUT_PUNCTUATION = re.compile(r"[\x00-\x20{}()\[\];,]*\Z")


def extract(source: bytes, language: Language) -> list[Function]:
    """All units of a source file, ordered by where they start.

    `source` is a file's text in UTF-8 (`to_utf8`); invalid bytes become U+FFFD in texts and keep their offsets.
    Lines end as in LSP, with a line feed, a carriage return, or both; in texts a carriage return alone is a line
    feed. Never raises on broken source: tree-sitter recovers, and code that it cannot parse
    stays searchable as `module` units. So does all of a file that takes too long (`PARSE_SECONDS`, `MAX_ERROR_NODES`).
    """
    language = dialect(language, source)
    # Most grammars do not accept a byte order mark; blanks in its place keep the offsets on disk.
    code = lines_with_one_end(b"   " + source[3:] if source.startswith(_BOM) else source)
    found = definitions(code, language)
    lines = _Lines(code)
    data = data_spans(code)
    units = [_unit(definition, code, data, lines, language.name) for definition in found if definition.kind]
    outermost = [definition.claimed for definition in found if definition.kind and not definition.enclosing_unit]
    units += _module_units(_uncovered((0, len(code)), outermost), code, data, lines, language.name)
    return sorted(units, key=lambda unit: (unit.start_byte, -unit.end_byte))


def _unit(definition: Definition, code: bytes, data: Sequence[Span], lines: _Lines, language: str) -> Function:
    kind = definition.kind
    assert kind is not None
    if kind is Kind.FUNCTION and definition.parent is not None and definition.parent.methods_inside:
        kind = Kind.METHOD
    start, end = definition.span
    if definition.is_function:
        text = decode(b"".join(code[first:last] for first, last in _uncovered(definition.span, data)))
    else:
        left_out = [*(child.claimed for child in definition.children), *data]
        text = _join(code, _uncovered(definition.span, left_out))
    return Function(
        name=definition.name,
        qualified_name=_qualified_name(definition),
        kind=kind,
        language=language,
        signature=definition.signature,
        documentation=definition.documentation,
        text=text,
        start_byte=start,
        end_byte=end,
        start_line=lines.number(start),
        end_line=lines.number(end - 1),
        name_line=lines.number(definition.name_span[0]),
        name_start=lines.column(definition.name_span[0]),
        name_end=lines.column(lines.end_of_line(*definition.name_span)),
        guessed=definition.guessed,
    )


def _qualified_name(definition: Definition) -> str:
    parts = [definition.name]
    current: Definition | None = definition
    while current is not None:
        if current.owner:
            parts.append(current.owner)
        current = current.parent
        if current is not None:
            parts.append(current.name)
    return ".".join(reversed(parts))


def _uncovered(span: Span, covered: Sequence[Span]) -> list[Span]:
    """The parts of `span` that no other span covers, in order."""
    rest: list[Span] = []
    start, end = span
    for inner_start, inner_end in sorted(covered):
        if inner_end <= start or inner_start >= end:
            continue
        if inner_start > start:
            rest.append((start, min(inner_start, end)))
        start = max(start, inner_end)
    if start < end:
        rest.append((start, end))
    return rest


def _module_units(rest: list[Span], code: bytes, data: Sequence[Span], lines: _Lines, language: str) -> list[Function]:
    """Units of the code that no definition covers: neighbouring pieces together, up to `MODULE_UNIT_LINES` lines.

    A run of data, most of which is left out, ends the unit that begins with it.
    """
    ends_of_data = {start: end for span in rest for start, end in _common(span, data)}
    pieces = [
        (trimmed, ends_of_data.get(piece[1]))
        for span in rest
        for shown in _uncovered(span, data)
        for piece in lines.pieces(shown, MODULE_UNIT_LINES)
        if (trimmed := _trim(code, piece)) is not None
    ]
    units: list[Function] = []
    group: list[Span] = []
    height = first_line = 0
    for piece, end_of_data in pieces:
        start_line, end_line = lines.number(piece[0]), lines.number(piece[1] - 1)
        height += end_line - start_line + 1
        if group and (height > MODULE_UNIT_LINES or end_line - first_line >= MODULE_UNIT_REACH):
            units.append(_module_unit(group, group[-1][1], code, lines, language))
            group, height = [], end_line - start_line + 1
        if not group:
            first_line = start_line
        group.append(piece)
        if end_of_data is not None:
            units.append(_module_unit(group, end_of_data, code, lines, language))
            group, height = [], 0
    if group:
        units.append(_module_unit(group, group[-1][1], code, lines, language))
    return units


def _common(span: Span, others: Sequence[Span]) -> list[Span]:
    """What `others`, in order, have in common with `span`."""
    return [(max(start, span[0]), min(end, span[1])) for start, end in others if start < span[1] and end > span[0]]


def _module_unit(spans: list[Span], end: int, code: bytes, lines: _Lines, language: str) -> Function:
    """The unit of some pieces, which ends at `end`."""
    start = spans[0][0]
    text = _join(code, spans)
    return Function(
        name="",
        qualified_name="",
        kind=Kind.MODULE,
        language=language,
        signature=one_line(text.split("\n", 1)[0][:_FIRST_LINE_CHARACTERS]),
        documentation="",
        text=text,
        start_byte=start,
        end_byte=end,
        start_line=lines.number(start),
        end_line=lines.number(end - 1),
    )


def _trim(code: bytes, span: Span) -> Span | None:
    """The span without blanks at its ends; None when nothing but punctuation is left of it."""
    piece = code[span[0] : span[1]]
    if _NOTHING_BUT_PUNCTUATION.match(decode(piece)):
        return None
    start = span[0] + len(piece) - len(piece.lstrip())
    return start, span[1] - (len(piece) - len(piece.rstrip()))


def _join(code: bytes, spans: Sequence[Span]) -> str:
    pieces = (code[start:end].strip(b"\r\n").rstrip() for start, end in spans)
    return decode(b"\n".join(piece for piece in pieces if piece.strip(_SEPARATORS)))


class _Lines:
    """Byte offsets to 1-based line numbers."""

    def __init__(self, code: bytes) -> None:
        self._code = code
        self._starts = [0, *(match.end() for match in re.finditer(rb"\n", code))]

    def number(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def column(self, offset: int) -> int:
        """The number of UTF-16 code units before an offset in its line."""
        before = self._code[self._starts[self.number(offset) - 1] : offset]
        return len(before) if before.isascii() else len(decode(before).encode("utf-16-le")) // 2

    def end_of_line(self, start: int, end: int) -> int:
        """`end`, but no further than the line of `start`."""
        line_break = self._code.find(b"\n", start, end)
        return end if line_break < 0 else line_break

    def pieces(self, span: Span, height: int) -> Iterator[Span]:
        """The span cut at line starts into pieces of at most `height` lines."""
        start, end = span
        while start < end:
            next_line = self.number(start) + height
            cut = min(end, self._starts[next_line - 1]) if next_line <= len(self._starts) else end
            yield start, cut
            start = cut
