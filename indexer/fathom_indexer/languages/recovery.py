"""The captures of a language's query in a source, also after syntax errors.

An unknown construct may make tree-sitter lose the rest of the file. So in files with syntax errors,
everything that looks like a definition (`shapes.py`) and was not found, or not with the end that its layout says, is
parsed again by itself: as it is, then without its body, then without its arguments. What the parser accepts in this way
replaces its first result for those lines. A source without syntax errors is parsed once, at no extra cost.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tree_sitter import Node

from fathom_indexer.languages.c_headers import c_shapes
from fathom_indexer.languages.parsing import Captures, blanked, captures_of, parse_readable, readable_code
from fathom_indexer.languages.shapes import WITHOUT_BRACES, Lines, Shape, shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fathom_indexer.languages.registry import Language
    from fathom_indexer.languages.text import Span

RECOVERY_SECONDS = 2.0
"""Processor time that a file's errors may cost on top of parsing it."""

_CLOSING = frozenset({b"}", b")", b"]"})
_ANNOTATION = re.compile(rb"(?:@[\w.:]+|#\[|\[\w|context\s*\()[^{};=]*\Z")
# Arguments and types up to an expression that is the body.
_VALUE = re.compile(rb"(?:[^=\n(){}]|\((?:[^()]|\([^()]*\))*\))*=(?![=>])")
_ITEMS = re.compile(rb"\b(?:fn|impl|struct|enum|union|trait|mod|macro_rules!)\b")
_C = frozenset({"c", "cpp"})


@dataclass(slots=True)
class Reading:
    """The matches of the query, and more facts about them."""

    matches: list[Captures]
    attributes: list[Span] = field(default_factory=list)
    """Spans that were blanked before a definition on its first line: they belong to it."""
    guessed: set[int] = field(default_factory=set)
    """Offsets within the names of definitions whose end was derived from layout."""


def read(code: bytes, language: Language) -> Reading:
    """What each match of the language's query captures; nothing where parsing is given up."""
    readable = readable_code(code, language)
    root = parse_readable(readable, language)
    reading = Reading(captures_of(root, language))
    if root is None:
        return reading
    deadline = time.thread_time() + RECOVERY_SECONDS
    _read_items(readable, language, reading, deadline)
    if not root.has_error:
        return reading
    if language.name in _C:
        heads = c_shapes(readable)
        reading.attributes = heads.attributes
        if heads.blanks:
            readable = blanked(readable, heads.blanks)
            root = parse_readable(readable, language)
            reading.matches = captures_of(root, language)
            if root is None or not root.has_error:
                return reading
    _Recovery(readable, language, reading, deadline).run(root, (0, len(readable)))
    return reading


def _read_items(code: bytes, language: Language, reading: Reading, deadline: float) -> None:
    """Parse what the grammar leaves unparsed, such as the arguments of macros, recursively."""
    waiting = [node for captures in reading.matches for node in captures.get("items", ())]
    lines = Lines(code) if waiting else None
    while waiting and lines and time.thread_time() < deadline:
        node = waiting.pop()
        span = node.start_byte + 1, node.end_byte - 1
        if span[1] <= span[0] or not _ITEMS.search(code, *span):
            continue
        root = parse_readable(code, language, [lines.range(span)])
        inner = Reading(captures_of(root, language))
        if root is not None and root.has_error:
            _Recovery(code, language, inner, deadline).run(root, span)
        reading.matches += inner.matches
        waiting += [node for captures in inner.matches for node in captures.get("items", ())]


@dataclass(frozen=True, slots=True)
class _Match:
    """A match with its offsets, which are slow to read from nodes again and again."""

    captures: Captures
    start: int
    """Where its name begins, or all of it if it has none."""
    end: int
    nodes: tuple[Node, ...]
    """Those of a definition or scope; empty for other matches."""


def _match(captures: Captures) -> _Match:
    names = captures.get("name")
    nodes = next((nodes for label, nodes in captures.items() if "." in label), None)
    if names and nodes:
        return _Match(captures, names[0].start_byte, names[-1].end_byte, tuple(nodes))
    every = [node for nodes in captures.values() for node in nodes]
    return _Match(captures, min(node.start_byte for node in every), max(node.end_byte for node in every), ())


class _Recovery:
    def __init__(self, code: bytes, language: Language, reading: Reading, deadline: float) -> None:
        self._code = code
        self._language = language
        self._reading = reading
        self._deadline = deadline
        self._lines = Lines(code)
        self._matches = [_match(captures) for captures in reading.matches if captures]

    def run(self, root: Node, span: Span) -> None:
        around: list[Shape] = []
        for shape in shapes(self._code, self._language.name):
            if not span[0] <= shape.start < span[1]:
                continue
            while around and around[-1].end <= shape.start:
                around.pop()
            if time.thread_time() > self._deadline:
                break
            if not self._is_found(shape) and not _is_text(root, shape, self._language.name):
                self._recover(shape, around)
            around.append(shape)
        self._reading.matches = [match.captures for match in self._matches]

    def _is_found(self, shape: Shape) -> bool:
        """Whether the parser found it up to its end. Scopes count as found: they have no end to compare."""
        if any(_names(match, shape.name) and _is_scope(match) for match in self._matches):
            return True
        nodes = _definition_at(self._matches, shape.name)
        return bool(nodes) and self._is_whole(nodes, shape)

    def _is_whole(self, nodes: tuple[Node, ...], shape: Shape) -> bool:
        end = nodes[-1].end_byte
        if any(node.has_error for node in nodes):
            return self._same_line(end, shape.end)
        if shape.body and end <= shape.body[0]:
            return False
        following = nodes[-1].next_sibling
        return following is None or not following.is_error or self._code[end - 1 : end] in _CLOSING or end >= shape.end

    def _same_line(self, end: int, other: int) -> bool:
        return self._lines.point(max(end - 1, 0))[0] == self._lines.point(max(other - 1, 0))[0]

    def _recover(self, shape: Shape, around: list[Shape]) -> None:
        for code, ranges, exact in self._attempts(shape, around):
            if any(first >= last for first, last in ranges):
                continue
            root = parse_readable(code, self._language, [self._lines.range(span) for span in ranges])
            matches = [_match(captures) for captures in captures_of(root, self._language) if captures]
            nodes = _definition_at(matches, shape.name)
            if not nodes or any(node.has_error for node in nodes[-1:]):
                continue
            end = nodes[-1].end_byte
            if not any(first <= shape.start and end <= last for first, last in ranges):
                # It took the end of the enclosing definition for its own.
                continue
            if exact and not self._same_line(end, shape.end):
                continue
            if not exact and not self._is_whole(nodes, shape):
                continue
            before = _definition_at(self._matches, shape.name)
            self._replace(shape.start, end, matches)
            if before and before[-1].end_byte > end:
                self._read_again(end, before[-1].end_byte)
            self._reading.attributes += self._above(shape)
            if code is not self._code:
                self._reading.guessed.update(range(*shape.name))
            return

    def _attempts(self, shape: Shape, around: list[Shape]) -> Iterator[tuple[bytes, list[Span], bool]]:
        """Variants of the source to parse, the least changed one first: bytes, the spans of them to parse, and whether
        the end must be that of the layout."""
        outer = next((outer for outer in reversed(around) if outer.encloses and outer.body), None)
        contexts = [outer, None] if outer is not None and around[-1] is outer else [None]
        limit = min([shape.limit, *(outer.end - 1 for outer in around[-1:] if outer.body and outer.end > shape.end)])
        for code, end, exact in self._variants(shape, limit):
            for context in contexts:
                spans = [(shape.start, end)]
                if context is not None and context.body is not None:
                    opening, closing = context.body
                    if opening < shape.start < end < closing:
                        spans = [(context.start, opening + 1), *spans, (closing - 1, closing)]
                yield code, spans, exact

    def _variants(self, shape: Shape, limit: int) -> Iterator[tuple[bytes, int, bool]]:
        yield self._code, max(limit, shape.end), False
        yield self._code, shape.end, True
        if shape.body is None:
            if (hollow := self._without_body(shape)) is not None:
                yield hollow, shape.end, True
            return
        opening, closing = shape.body
        hollow = blanked(self._code, [(opening + 1, closing - 1)])
        yield hollow, shape.end, True
        # Without the code between name and body, except for its brackets.
        header = bytearray(self._code[shape.name[1] : opening])
        first = header.find(b"(")
        plain = bytearray(b" " * len(header))
        if first >= 0:
            last = max(header.rfind(b")"), first + 1)
            plain[first : first + 1] = b"("
            plain[last : last + 1] = b")"
        for base in (self._code, hollow):
            yield base[: shape.name[1]] + bytes(plain) + base[opening:], shape.end, True
        # Without the code before the name, except for its last word.
        before = self._code[shape.start : shape.name[0]]
        word = len(before.rstrip().rpartition(b" ")[0])
        yield (
            hollow[: shape.start]
            + b" " * word
            + before[word:]
            + hollow[shape.name[0] : shape.name[1]]
            + bytes(plain)
            + hollow[opening:],
            shape.end,
            True,
        )

    def _without_body(self, shape: Shape) -> bytes | None:
        """The code without the body of something that has no braces: an expression, or lines up to `end`."""
        code = self._code[shape.name[1] : shape.end]
        if (value := _VALUE.match(code)) and self._language.name not in WITHOUT_BRACES:
            first = shape.name[1] + value.end() - 1
            hollow = bytearray(blanked(self._code, [(first, shape.end)]))
            hollow[first : first + 1], hollow[shape.end - 1 : shape.end] = b"{", b"}"
            return bytes(hollow) if shape.end - first > 1 else None
        if self._language.name not in WITHOUT_BRACES or b"\n" not in code:
            return None
        first = shape.name[1] + code.index(b"\n")
        last = shape.name[1] + code.rindex(b"\n")
        if not code.endswith(b"end"):
            last = shape.end
        hollow = bytearray(blanked(self._code, [(first, last)]))
        if self._language.name == "python":
            inner = first + len(self._code[first:last]) - len(self._code[first:last].lstrip())
            hollow[inner : inner + 1], hollow[last - 1 : last] = b"(", b")"
        return bytes(hollow)

    def _above(self, shape: Shape) -> Iterator[Span]:
        """The lines directly above that can only belong to the definition: annotations, attributes, contexts."""
        start = shape.start - shape.indent
        while start > 0:
            previous = self._code.rfind(b"\n", 0, start - 1) + 1
            line = self._code[previous:start].rstrip()
            content = line.lstrip()
            if not _ANNOTATION.match(content) or len(line) - len(content) != shape.indent:
                return
            yield previous + shape.indent, previous + len(line)
            start = previous

    def _read_again(self, start: int, end: int) -> None:
        """Parse again what was wrongly taken for the inside of a definition that ends before it."""
        root = parse_readable(self._code, self._language, [self._lines.range((start, end))])
        self._replace(start, end, [_match(captures) for captures in captures_of(root, self._language) if captures])

    def _replace(self, start: int, end: int, found: list[_Match]) -> None:
        """Replace the matches between two offsets by others."""
        kept = [match for match in self._matches if not _is_within(match, start, end)]
        self._matches = kept + [match for match in found if _is_within(match, start, end)]


def _definition_at(matches: list[_Match], name: Span) -> tuple[Node, ...]:
    """The nodes of the definition with its name at this span."""
    return next((match.nodes for match in matches if match.nodes and _names(match, name)), ())


def _names(match: _Match, name: Span) -> bool:
    return match.start < name[1] and name[0] < match.end


def _is_scope(match: _Match) -> bool:
    return any(label.startswith("scope.") for label in match.captures)


def _is_within(match: _Match, start: int, end: int) -> bool:
    return start <= match.start and (match.start if match.nodes else match.end - 1) < end


def _is_text(root: Node, shape: Shape, language: str) -> bool:
    """Whether the name is inside a comment or a real string.

    After an error, the parser may take the code between two strings for a string.
    """
    node = root.descendant_for_byte_range(shape.name[0], max(shape.name[0], shape.name[1] - 1))
    while node is not None and node.parent is not None:
        if "comment" in node.type or "heredoc" in node.type:
            return True
        if "string" in node.type and "content" not in node.type and node.start_byte < shape.start:
            return language != "bash" and not node.has_error
        node = node.parent
    return False
