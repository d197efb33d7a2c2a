"""The heads of functions and classes in C, C++ and their relatives, found by tokens, braces and layout.

Finds every head, the name it declares (`c_declarations.py`), and what of it has to be blanked for the parser, which
would not get past an unknown macro.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fathom_indexer.languages.c_declarations import attribute_macros, is_scope, read_head
from fathom_indexer.languages.c_tokens import (
    Token,
    closing_bracket,
    comments_in_directives,
    is_macro,
    parts_of,
    tokens_of,
)

if TYPE_CHECKING:
    from fathom_indexer.languages.text import Span

MAX_HEAD_TOKENS = 400
"""Longer heads are ignored: no declaration is that long."""

_APART = re.compile(rb"[^\n]*\n(?:[^\S\n]*//[^\n]*\n)*[ \t]*(?:\r?\n|#)")
_ACCESS = frozenset(b"public private protected signals slots Q_SIGNALS Q_SLOTS".split())


@dataclass(slots=True)
class Heads:
    """What was found in a file."""

    shapes: list[tuple[int, Span, int, bool, int, int, Span | None]] = field(default_factory=list)
    blanks: list[Span] = field(default_factory=list)
    attributes: list[Span] = field(default_factory=list)
    """The blanked spans that are on the first line of their definition."""


@dataclass(slots=True)
class _Open:
    """A brace that was opened. `name` is the name of what it opens, `column` that of its head, `shape` its index in
    `Heads.shapes`."""

    kind: str
    column: int
    name: bytes
    shape: int | None
    brace: int


def c_shapes(code: bytes) -> Heads:
    """The heads of functions and classes in `code`, what they declare, and what to blank in them."""
    return _Scanner(code).scan()


class _Scanner:
    def __init__(self, code: bytes) -> None:
        self._code = code
        self._found = Heads()
        self._stack: list[_Open] = []
        self._head: list[Token] = []
        self._declarations: list[list[Token]] = []
        self._statement_end = 0

    def scan(self) -> Heads:
        self._found.blanks += comments_in_directives(self._code)
        line_start = -1
        for token in tokens_of(self._code):
            starts_line = line_start < (line_start := self._code.rfind(b"\n", 0, token.start))
            if starts_line:
                self._resynchronize(token, token.start - line_start - 1)
            if token.text == b"{" and token.kind == "mark":
                self._open(token)
            elif token.text == b"}" and token.kind == "mark":
                self._close(token)
            elif self._at_declarations:
                self._declare(token)
            if token.text in (b";", b"}"):
                self._statement_end = token.end
        while self._stack:
            self._end(self._stack.pop(), len(self._code.rstrip()))
        return self._found

    @property
    def _at_declarations(self) -> bool:
        return not self._stack or self._stack[-1].kind == "scope"

    def _resynchronize(self, token: Token, column: int) -> None:
        """Trust layout more than braces, since the preprocessor may hide some braces from the compiler."""
        if not self._stack:
            return
        if token.text == b"}":
            # It closes the definition that begins in this column, and all that was left open inside.
            for depth in range(len(self._stack) - 1, -1, -1):
                if self._stack[depth].kind != "block" and self._stack[depth].column == column:
                    while len(self._stack) > depth + 1:
                        self._cut(self._stack.pop())
                    return
        elif token.kind == "word" and self._begins_definition(token.start):
            for depth in range(len(self._stack) - 1, -1, -1):
                if self._stack[depth].kind == "function" and self._stack[depth].column == column:
                    while len(self._stack) > depth:
                        self._cut(self._stack.pop())
                    return

    def _begins_definition(self, offset: int) -> bool:
        return _TOP_LEVEL.match(self._code, offset) is not None

    def _declare(self, token: Token) -> None:
        if token.text == b";":
            if len(self._head) <= MAX_HEAD_TOKENS:
                self._drop_macros()
                self._found.blanks += attribute_macros(self._head)
            self._declarations.append(self._head)
            del self._declarations[:-8]
            self._head = []
        elif token.text == b":" and len(self._head) <= 2 and self._head and self._head[0].text in _ACCESS:
            self._head = []
            self._declarations.clear()
        else:
            self._head.append(token)

    def _open(self, token: Token) -> None:
        code = self._code
        if not self._at_declarations:
            self._stack.append(_Open("block", -1, b"", None, token.start))
            return
        self._drop_macros()
        head, self._head = self._head, []
        around = self._stack[-1].name if self._stack else b""
        if not head and self._declarations:
            head = self._old_style(token)
        self._declarations.clear()
        kind, shape = "block", None
        column = self._column(head[0].start) if head else -1
        name = b""
        if head and len(head) <= MAX_HEAD_TOKENS:
            if is_scope(head):
                kind = "scope"
            else:
                read = read_head(head, around)
                if read is not None:
                    kind = "scope" if read.encloses else "function"
                    column = self._column(read.start)
                    shape = len(self._found.shapes)
                    line = code.rfind(b"\n", 0, read.start) + 1
                    self._found.shapes.append((read.start, read.name, read.start - line, read.encloses, 0, 0, None))
                    self._found.blanks += read.blanks
                    self._found.attributes += [
                        (start, end)
                        for start, end in read.blanks
                        if b"\n" not in code[start : read.start] and start < read.start
                    ]
                    name = code[read.name[0] : read.name[1]]
        self._stack.append(_Open(kind, column, name, shape, token.start))

    def _drop_macros(self) -> None:
        """Remove separate macro calls before a head: an empty line or a directive follows them."""
        head = self._head
        while head and head[0].kind == "word" and is_macro(head[0].text):
            last = 0
            if len(head) > 1 and head[1].text == b"(":
                last = closing_bracket(head, 1) or 0
            if last + 1 >= len(head) or not _APART.match(self._code, head[last].end, head[last + 1].start):
                return
            self._found.blanks.append((head[0].start, head[last].end))
            del head[: last + 1]

    def _old_style(self, brace: Token) -> list[Token]:
        """The head of a function whose parameters are declared behind it, each with a semicolon of its own."""
        for index in range(len(self._declarations) - 1, -1, -1):
            tokens = self._declarations[index]
            if any(token.text in (b"=", b"typedef") for token in tokens):
                return []
            parts = parts_of(tokens)
            group = next((part for part in parts if part.kind == "group"), None)
            if group is not None and parts[-1] is not group and parts[-1].kind in ("word", "mark", "args"):
                cut = next(at for at, token in enumerate(tokens) if token.start >= group.end)
                return tokens[:cut]
        return []

    def _close(self, token: Token) -> None:
        self._head = []
        self._declarations.clear()
        if self._stack:
            self._end(self._stack.pop(), token.end)

    def _cut(self, opened: _Open) -> None:
        """End a definition without a closing brace behind its last statement."""
        self._end(opened, max(self._statement_end, opened.brace + 1))

    def _end(self, opened: _Open, end: int) -> None:
        if opened.shape is not None:
            start, name, indent, encloses, _, _, _ = self._found.shapes[opened.shape]
            body = (opened.brace, end) if self._code[end - 1 : end] == b"}" and end > opened.brace else None
            self._found.shapes[opened.shape] = (start, name, indent, encloses, end, end, body)

    def _column(self, offset: int) -> int:
        return offset - self._code.rfind(b"\n", 0, offset) - 1


# Words, arguments and a body: in the column of the current function's head, this begins another function.
_TOP_LEVEL = re.compile(
    rb"(?:namespace|class|struct|union|enum|template|extern)\b[^;(){}=]{0,400}\{"
    rb"|(?!(?:if|else|for|while|do|switch|case|return|goto|default|try|catch|using|lock|synchronized|new)\b"
    rb"|\w+[ \t]*:(?!:))"
    rb"[\w:<>,*&~\[\]. \t]{1,300}(?:\r?\n[\w:<>,*&~ \t]{1,300}){0,2}"
    rb"\((?:[^;{}()]|\([^;{}()]*\)){0,400}\)[\w\s:&]{0,100}\{"
)
