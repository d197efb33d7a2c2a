"""Comments and attributes above a definition, and the words of a comment without its marks."""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

_WHITESPACE = b" \t\r\n\f\v"
# A semicolon may end an attribute, such as a signature without a body.
_BLANKS = _WHITESPACE + b";"

_DECLARATION_BYTES = 4096

# A docstring, bare or as the value of an attribute (`@doc """`).
_QUOTE = re.compile(r'(?:@\w+\s+)?(?:~[sS]|[A-Za-z]{0,2})("""|\'\'\'|"|\')')
_BLOCK = re.compile(r"/\*+!?<?|\(\*+|<#|#=+|\{-+\s*[|^]?|--\[=*\[|=begin\b")
_BLOCK_END = {"/": "*/", "(": "*)", "<": "#>", "#": "=#", "{": "-}", "-": "]=", "=": "=end"}
"""The characters that a block comment ends with, by the one it starts with."""
_STAR = re.compile(r"\s*\*+ ?")
_LINE_MARK = re.compile(r"(?://+[!<]?|#+[!:]?|--+(?: *[|^])?) ?")
_RULE = re.compile(r"[-=*#~_/+\s]{3,}")

Mark = tuple[int, int, str]
"""Start, end and label of a node that may be above a definition: `comment`, `documentation` or `attribute`."""

_LABELS = frozenset({"comment", "documentation", "attribute"})


@dataclass(frozen=True, slots=True)
class Lead:
    """The lines directly above a definition: attributes, which belong to it, and comments, which document it.

    `attributes_start` is the first byte of the first attribute, `start_byte` of the first comment or attribute;
    both are the definition's own first byte if there is none.
    """

    start_byte: int
    attributes_start: int
    documentation: str


class Leads:
    """The comments and attributes of one file, found by the definition that follows them.

    `captures` are those of every match of the language's query, `attributes` the spans of more attributes.
    """

    def __init__(
        self, captures: Iterable[dict[str, list[Node]]], code: bytes, attributes: Iterable[tuple[int, int]] = ()
    ) -> None:
        self._code = code
        self._marks = list(_marks(captures, code, attributes))
        self._starts = [start for start, _, _ in self._marks]
        self._ends = [end for _, end, _ in self._marks]

    def above(self, start: int, floor: int) -> Lead:
        """The comments and attributes directly above byte `start`: on its line, or ending on the line before.

        Nothing before byte `floor` counts. A comment behind code on the same line documents that code.
        """
        first = attributes_start = start
        comments: list[str] = []
        content_end = _before(_BLANKS, self._code, first)
        index = bisect_right(self._ends, start) - 1
        while index >= 0:
            mark_start, mark_end, label = self._marks[index]
            if mark_start < floor or mark_end != content_end or self._code.count(b"\n", content_end, first) > 1:
                break
            if label == "attribute":
                attributes_start = mark_start
            elif self._starts_line(mark_start):
                comments.append(self._code[mark_start:mark_end].decode("utf-8", "replace"))
            else:
                break
            first, index = mark_start, index - 1
            content_end = _before(_BLANKS, self._code, first)
        return Lead(first, attributes_start, clean_comments(reversed(comments)) if comments else "")

    def declaration(self, start: int, end: int) -> bytes:
        """The code from `start` to `end` without the attributes it begins with and the comments in it.

        Cut at a length that no declaration has.
        """
        pieces: list[bytes] = []
        size = 0
        index = bisect_left(self._starts, start)
        while size < _DECLARATION_BYTES and index < len(self._marks) and self._starts[index] < end:
            mark_start, mark_end, label = self._marks[index]
            if label != "attribute" or not self._code[start:mark_start].strip():
                pieces.append(self._code[start:mark_start])
                size += mark_start - start
                start = mark_end
            index += 1
        return b" ".join([*pieces, self._code[start:end]])[:_DECLARATION_BYTES]

    def end_of_definition(self, start: int, end: int) -> int:
        """`end` without trailing blanks and without trailing comments that are not indented deeper than `start`.

        Grammars of languages with blocks by indentation count a comment before the next definition to the last one.
        """
        while True:
            end = _before(_WHITESPACE, self._code, end)
            index = bisect_right(self._ends, end) - 1
            if index < 0 or self._ends[index] != _before(_BLANKS, self._code, end):
                return end
            mark_start = self._starts[index]
            if (
                mark_start <= start
                or not self._starts_line(mark_start)
                or self._column(mark_start) > self._column(start)
            ):
                return end
            end = mark_start

    def only_comments(self, start: int, end: int) -> bool:
        """Whether only blanks and comments are between two offsets; nodes captured as `documentation` do not count."""
        start = _after_blanks(self._code, start)
        index = bisect_left(self._starts, start)
        while start < end:
            if index == len(self._marks) or self._starts[index] != start or self._marks[index][2] != "comment":
                return False
            start = _after_blanks(self._code, self._ends[index])
            index += 1
        return True

    def _starts_line(self, offset: int) -> bool:
        content_end = _before(_BLANKS, self._code, offset)
        return content_end == 0 or b"\n" in self._code[content_end:offset]

    def _column(self, offset: int) -> int:
        return offset - self._code.rfind(b"\n", 0, offset) - 1


def clean_comments(comments: Iterable[str]) -> str:
    """The words of comments that follow each other, or of a docstring, without marks and common indentation."""
    return "\n".join(line.rstrip() for comment in comments for line in _lines(comment.strip())).strip()


def _lines(comment: str) -> list[str]:
    if quote := _QUOTE.match(comment):
        return _dedented(comment[quote.end() :].removesuffix(quote[1]).splitlines())
    if block := _BLOCK.match(comment):
        lines = comment[block.end() :].rstrip(_BLOCK_END[comment[0]]).splitlines()
        lines = _dedented(_without_stars(lines))
    else:
        lines = [_LINE_MARK.sub("", line.lstrip(), count=1) for line in comment.splitlines()]
    return ["" if _RULE.fullmatch(line) else line for line in lines]


def _dedented(lines: list[str]) -> list[str]:
    """Lines without their common indentation; the first one, behind a comment mark, has none."""
    return [line.strip() for line in lines[:1]] + textwrap.dedent("\n".join(lines[1:])).splitlines()


def _without_stars(lines: list[str]) -> list[str]:
    """The lines of a block comment without the star that each begins with, unless only some do."""
    if all(line.lstrip().startswith("*") for line in lines[1:] if line.strip()):
        return lines[:1] + [_STAR.sub("", line, count=1) for line in lines[1:]]
    return lines


def _marks(
    captures: Iterable[dict[str, list[Node]]], code: bytes, attributes: Iterable[tuple[int, int]]
) -> Iterator[Mark]:
    """The marks of a file in order and without overlaps."""
    found = [(start, end, "attribute") for start, end in attributes]
    found += [
        (node.start_byte, _before(_BLANKS, code, node.end_byte), label)
        for match in captures
        for label, nodes in match.items()
        if label in _LABELS
        for node in nodes
    ]
    last_end = 0
    for mark in sorted(found, key=lambda mark: (mark[0], -mark[1], mark[2] == "attribute")):
        # Some grammars nest the words of a comment in it as another comment.
        if mark[0] >= last_end and mark[1] > mark[0]:
            yield mark
            last_end = mark[1]


def _before(blanks: bytes, code: bytes, offset: int) -> int:
    """The end of what is not blank before `offset`."""
    while offset and code[offset - 1] in blanks:
        offset -= 1
    return offset


def _after_blanks(code: bytes, offset: int) -> int:
    """The start of what is not blank from `offset` on."""
    while offset < len(code) and code[offset] in _BLANKS:
        offset += 1
    return offset
