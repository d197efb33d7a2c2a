"""Lines that look like the beginning of a definition, and its end by layout.

Used only in files with syntax errors, where the parser cannot be relied on.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tree_sitter import Range

from fathom_indexer.languages.c_headers import c_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fathom_indexer.languages.text import Span

MAX_HEADER_BYTES = 2000
"""A body must begin within this distance behind the name."""

_FUNCTIONS = rb"fun|func|function|fn|def|defp|defmacro|defmacrop|sub|proc|macro_rules!|macro|filter|init|constructor"
_ENCLOSING = (
    rb"class|struct|interface|object|enum|trait|protocol|extension|actor|module|mod|impl|record|defmodule|package"
)
_NAME = rb"`[^`\n]+`|\"[^\"\n]+\"|[\w$](?:[\w$.:?!-]*[\w$?!])?|[^\s\w(){}\[\]\"'`;,]+"

# Words and annotations, a keyword, type parameters, a name.
_BY_KEYWORD = re.compile(
    rb"^(?P<indent>[ \t]*)(?:[@#]?\[?[\w.:!$]+(?:\([^()\n]*\)|<[^<>\n]*>)?\]?[ \t]+){0,12}?"
    rb"(?:(?:" + _FUNCTIONS + rb"|(?P<encloses>" + _ENCLOSING + rb"))[ \t]+(?:<[^()\n]{0,300}?>[ \t]+)?"
    rb"(?:\([^\n]{0,200}?\)\.|[\w$.]+<[^()\n]{0,200}>\??\.)?(?P<name>" + _NAME + rb")"
    rb"|(?P<bare>init|constructor|deinit|subscript)\b[ \t]*[?!]?[ \t]*[({<])",
    re.MULTILINE | re.IGNORECASE,
)
_SHELL = re.compile(
    rb"^(?P<indent>[ \t]*)(?:function[ \t]+(?P<name>[^\s(){}=$]+)(?:[ \t]*\([ \t]*\))?"
    rb"|(?P<bare>[^\s(){}=$#\"']+)[ \t]*\([ \t]*\))\s*[{(]",
    re.MULTILINE,
)
_NO_METHODS = rb"if|for|while|switch|catch|with|function|return|else|do|try|await|super|new|typeof"
_ECMASCRIPT = re.compile(
    rb"^(?P<indent>[ \t]*)(?:(?:export|default|declare|abstract|async|static|public|private|protected|readonly"
    rb"|override|get|set)[ \t]+)*\*?"
    rb"(?:function[ \t]*\*?[ \t]*(?P<name>[\w$]+)|(?P<encloses>class|interface|enum)[ \t]+(?P<type>[\w$]+)"
    rb"|(?:const|let|var)[ \t]+(?P<bound>[\w$]+)[^=\n;]{0,200}="
    rb"[ \t]*(?:async[ \t]*)?(?:function\b|\([^()\n]*\)[^=\n;]*=>|[\w$]+[ \t]*=>)"
    rb"|(?!(?:" + _NO_METHODS + rb")\b)(?P<bare>[#\w$]+)(?:<[^<>\n]*>)?\([^;{}\n]*\)[^;{}()\n=]*\{)",
    re.MULTILINE,
)
_JULIA = re.compile(
    rb"^(?P<indent>[ \t]*)(?:(?:@\w+[ \t]+)*(?:function|macro|(?:mutable[ \t]+)?struct|module)[ \t]+(?P<name>[\w.!:]+)"
    rb"|(?P<bare>[\w.!]+)\([^\n]*\)(?:[ \t]+where[ \t][^=\n]*|::[^=\n]*)?[ \t]*=(?!=))",
    re.MULTILINE,
)
_SHAPES = {
    "bash": _SHELL,
    "javascript": _ECMASCRIPT,
    "typescript": _ECMASCRIPT,
    "tsx": _ECMASCRIPT,
    "julia": _JULIA,
}
_C_FAMILY = frozenset({"c", "cpp", "csharp", "cuda", "java"})
_WITH_MACROS = frozenset({"c", "cpp", "cuda"})
_MACRO = re.compile(rb"^(?P<indent>[ \t]*)#[ \t]*define[ \t]+(?P<name>\w+)\((?:[^\n\\]|\\\r?\n|\\.)*\n", re.MULTILINE)
WITHOUT_BRACES = frozenset("elixir fsharp gdscript haskell julia lua nix ocaml ocaml-interface python ruby sql".split())
"""Languages whose bodies are between keywords or indented."""

_CONTINUATION = re.compile(
    rb"[@:),\]>#/*\-]|(?:where|constructor|internal|private|protected|public|extends|implements|with|throws|permits)\b"
)
_CLOSER = re.compile(rb"(?:[})\]]+|end\b)")
_NOT_CODE = re.compile(rb"#(?:if|el|end|define|undef|include|pragma|line|error|warning)|//|/\*|\*|\w+:\s*$")
_LEXEME = re.compile(
    rb'"""(?s:.*?)"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'|//[^\n]*|/\*(?s:.*?)\*/|(?P<open>[({\[])|(?P<close>[)}\]])|(?P<line>\n)'
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What looks like a definition.

    `start` is the first byte of code on its line, `indent` the number of bytes before that. `body` is the span of its
    body, brackets included; None if it was not found. `limit` is the start of the next shape that is not inside.
    `encloses`: functions inside are members.
    """

    start: int
    name: Span
    indent: int
    encloses: bool
    end: int
    limit: int
    body: Span | None


def shapes(code: bytes, language: str) -> list[Shape]:
    """Everything in `code` that looks like a definition, in order."""
    if language in _C_FAMILY:
        read = [Shape(*found) for found in c_shapes(code).shapes]
        return sorted([*read, *_macros(code)], key=lambda one: one.start) if language in _WITH_MACROS else read
    pattern = _SHAPES.get(language, _BY_KEYWORD)
    lines = Lines(code)
    heads = [
        (match["indent"], _name(match), bool(match.groupdict().get("encloses")), match.end("indent"))
        for match in pattern.finditer(code)
    ]
    # The constructor of the class above, on a line of its own.
    heads = [
        head
        for index, head in enumerate(heads)
        if not (
            index and heads[index - 1][2] and heads[index - 1][0] == head[0] and code[slice(*head[1])] == b"constructor"
        )
    ]
    found: list[Shape] = []
    limits = _limits([len(indent) for indent, *_ in heads], [start for *_, start in heads], len(code))
    for (indent, name, encloses, start), limit in zip(heads, limits, strict=True):
        body = _body(code, name[1], limit, len(indent)) if language not in WITHOUT_BRACES else None
        end = _end(
            code, lines, start, len(indent), body if body is not None else name[1], limit, braces=body is not None
        )
        span = None
        if body is not None and body < end and code[end - 1 : end] == b"}":
            span = body, end
        found.append(Shape(start, name, len(indent), encloses, end, limit, span))
    return found


def _macros(code: bytes) -> Iterator[Shape]:
    """The macros with parameters, each with its line break, without which the grammar does not accept it."""
    for match in _MACRO.finditer(code):
        start, end = match.span()
        yield Shape(start + len(match["indent"]), match.span("name"), len(match["indent"]), False, end, end, None)


def _name(match: re.Match[bytes]) -> Span:
    for label in ("name", "bare", "type", "bound"):
        if match.groupdict().get(label) is not None:
            return match.span(label)
    return match.span()


def _limits(indents: list[int], starts: list[int], end: int) -> Iterator[int]:
    """For each head, the start of the next one that is not indented deeper."""
    limits = [end] * len(starts)
    waiting: list[int] = []
    for index, indent in enumerate(indents):
        while waiting and indents[waiting[-1]] >= indent:
            limits[waiting.pop()] = starts[index]
        waiting.append(index)
    return iter(limits)


def _body(code: bytes, offset: int, limit: int, indent: int) -> int | None:
    """The offset of the first brace outside parentheses, if all lines before it may belong to the head."""
    depth = 0
    for match in _LEXEME.finditer(code, offset, min(limit, offset + MAX_HEADER_BYTES)):
        if match["open"] == b"{" and depth == 0:
            head = code[offset : match.start()].split(b"\n")[1:]
            return match.start() if all(_continues(line, indent) for line in head) else None
        if match["open"]:
            depth += 1
        elif match["close"]:
            depth -= 1
            if depth < 0:
                return None
    return None


def _continues(line: bytes, indent: int) -> bool:
    """Whether a line behind the first one of a head belongs to it."""
    content = line.lstrip(b" \t")
    return not content.strip() or len(line) - len(content) > indent or _CONTINUATION.match(content) is not None


def _end(code: bytes, lines: Lines, start: int, indent: int, body: int, limit: int, *, braces: bool) -> int:
    """The end by layout: the closing bracket or keyword in the column of the start; else the end by counting brackets;
    else the last line before one that is not indented deeper."""
    depth = 0
    balanced = None
    if braces:
        for match in _LEXEME.finditer(code, body, limit):
            depth += (match["open"] is not None) - (match["close"] is not None)
            if depth == 0 and match["close"]:
                balanced = match.end()
                break
            if depth == 0 and match["line"]:
                break
        if balanced is not None and code.count(b"\n", body, balanced) == 0:
            return balanced
    last = lines.end(body, limit)
    for line_start, line_end in lines.after(body, limit):
        text = code[line_start:line_end]
        content = text.lstrip(b" \t")
        if not content.strip() or _NOT_CODE.match(content):
            continue
        column = len(text) - len(content)
        if column > indent:
            last = line_start + len(text.rstrip())
            continue
        closer = _CLOSER.match(content)
        if column == indent and closer:
            return line_start + column + (1 if closer[0][:1] in b"})]" else closer.end())
        if not braces or (column < indent and closer) or (balanced is not None and balanced <= line_start):
            break
        # Else it may be text that goes on over several lines.
    return balanced if balanced is not None and balanced <= limit else last


class Lines:
    """Where the lines of a file start."""

    def __init__(self, code: bytes) -> None:
        self._code = code
        self.starts = [0, *(match.end() for match in re.finditer(rb"\n", code))]

    def point(self, offset: int) -> tuple[int, int]:
        """Row and column in bytes, from 0."""
        row = bisect_right(self.starts, offset) - 1
        return row, offset - self.starts[row]

    def range(self, span: Span) -> Range:
        """The span as a range of tree-sitter."""
        return Range(self.point(span[0]), self.point(span[1]), span[0], span[1])

    def end(self, offset: int, limit: int) -> int:
        """The end of the line of `offset`, without blanks."""
        stop = self._code.find(b"\n", offset, limit)
        stop = limit if stop < 0 else stop
        return offset + len(self._code[offset:stop].rstrip())

    def after(self, offset: int, limit: int) -> Iterator[Span]:
        """The lines behind that of `offset`."""
        index = bisect_left(self.starts, offset + 1)
        while index < len(self.starts) and self.starts[index] < limit:
            stop = self.starts[index + 1] if index + 1 < len(self.starts) else len(self._code)
            yield self.starts[index], min(stop, limit)
            index += 1
