"""The tokens of C and its relatives, and the parts that the tokens of a declaration's head form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fathom_indexer.languages.text import Span

MAX_OPERATOR_TOKENS = 12
"""Of the type in `operator type()`."""

_TOKEN = re.compile(
    rb"(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z)|^[ \t]*\#(?:[^\n\\]|\\.)*)"
    rb'|(?P<string>R"(?P<delimiter>[^\s()\\]{0,16})\(.*?\)(?P=delimiter)"|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?)'
    rb"|(?P<word>[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)|(?P<number>\d[\w.']*)|(?P<mark>::|->|<=>|&&|\|\||[^\s\w])",
    re.MULTILINE | re.DOTALL,
)

CONTROL = frozenset(
    b"if else for while do switch case return goto catch try throw new delete using asm default".split()
)
SPECIFIERS = frozenset(
    b"static extern inline virtual explicit constexpr consteval constinit friend register thread_local mutable const "
    b"volatile restrict typename _Noreturn noreturn __inline __inline__ __extension__ __restrict __forceinline typedef "
    b"public private protected internal sealed override abstract async partial unsafe final synchronized native "
    b"strictfp transient readonly export".split()
)
PRIMITIVES = frozenset(
    b"void bool char short int long float double signed unsigned auto wchar_t char8_t char16_t char32_t _Bool "
    b"size_t ssize_t".split()
)
TYPE_KEYWORDS = frozenset(b"struct class union enum".split())
QUALIFIERS_BEHIND = frozenset(b"const volatile noexcept override final throw mutable try requires throws where".split())
NEVER_NAMES = frozenset(
    b"decltype typeof __typeof__ __typeof alignas _Alignas noexcept throw __attribute__ __attribute __declspec "
    b"explicit requires sizeof _Static_assert static_assert __asm__ asm __asm".split()
)
KEPT_GROUPS = frozenset(
    b"decltype typeof __typeof__ __typeof alignas _Alignas noexcept throw explicit requires".split()
)
_OPERATOR_WORDS = frozenset(b"new delete co_await and or not xor and_eq or_eq xor_eq compl bitand bitor not_eq".split())
_MACRO = re.compile(rb"_*[A-Z][A-Z0-9_]*\Z")


@dataclass(slots=True)
class Token:
    """A token. `kind` is `string`, `word`, `number` or `mark`; offsets are bytes, end exclusive."""

    kind: str
    text: bytes
    start: int
    end: int


@dataclass(slots=True)
class Part:
    """A token at the outermost level of a head, or a word with the brackets that follow it."""

    text: bytes
    start: int
    end: int
    kind: str
    """`word`, `type` (with `::` or `<...>`), `group` (with arguments), `args` (arguments alone), `operator`, `mark`."""
    arguments: Span | None = None
    has_constants: bool = False
    """Whether an argument begins with a number or a string, as no parameter does."""
    converts: bool = False
    """Whether it is a conversion: `operator` is followed by the type, not preceded by it."""


def tokens_of(code: bytes) -> Iterator[Token]:
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or ""
        if kind != "skip":
            yield Token("string" if kind == "delimiter" else kind, match[0], match.start(), match.end())


_DIRECTIVE = re.compile(rb"^[ \t]*#(?:[^\n\\]|\\\r?\n|\\.)*", re.MULTILINE)
_COMMENT_BEFORE_CODE = re.compile(rb"/\*(?:[^*]|\*(?!/))*\*/(?=[^\S\n]*(?:\\\r?\n|[^\s/]))")


def comments_in_directives(code: bytes) -> Iterator[Span]:
    """The comments inside macros: the grammar takes the rest of the macro for code after them."""
    for directive in _DIRECTIVE.finditer(code):
        if b"/*" in directive[0]:
            yield from (comment.span() for comment in _COMMENT_BEFORE_CODE.finditer(code, *directive.span()))


def is_macro(name: bytes) -> bool:
    return _MACRO.match(name) is not None


def parts_of(tokens: list[Token]) -> list[Part]:
    """The head's outermost tokens, with brackets and template arguments folded into the word before them."""
    parts: list[Part] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        closing = closing_bracket(tokens, index)
        last = parts[-1] if parts else None
        if token.text in (b"(", b"[") and closing is not None:
            _fold_brackets(parts, tokens, index, closing)
            index = closing
        elif token.text == b"<" and last is not None and last.kind in ("word", "type") and closing is not None:
            last.end = tokens[closing].end
            last.kind = "word" if last.text == b"template" else "type"
            index = closing
        elif token.text == b"operator":
            end = index + 1
            while end < len(tokens) and tokens[end].text != b"(" and end - index < MAX_OPERATOR_TOKENS:
                end += 1
            start = parts.pop().start if last is not None and last.text.endswith(b"::") else token.start
            behind = tokens[index + 1] if index + 1 < len(tokens) else token
            converts = behind.kind == "word" and behind.text not in _OPERATOR_WORDS
            parts.append(Part(b"operator", start, tokens[end - 1].end, "operator", converts=converts))
            index = end - 1
        else:
            _fold_word(parts, token)
        index += 1
    return parts


def _fold_brackets(parts: list[Part], tokens: list[Token], index: int, closing: int) -> None:
    """Make brackets the arguments of the word before them, or a part of their own."""
    token, end = tokens[index], tokens[closing].end
    last = parts[-1] if parts else None
    nested = _nested_name(tokens, index, closing) if token.text == b"(" and last is not None else None
    if nested is not None:
        parts.append(Part(nested.text, nested.start, nested.end, "group", (nested.end, end)))
    elif token.text == b"(" and last is not None and last.kind in ("word", "type", "operator"):
        is_call = last.text == b"operator" and last.end - last.start <= len(b"operator") and closing == index + 1
        if is_call and tokens[closing + 1 : closing + 2] and tokens[closing + 1].text == b"(":
            last.end = end
        else:
            constants = any(
                tokens[at].kind in ("number", "string") and tokens[at - 1].text in (b"(", b",")
                for at in range(index + 1, closing)
            )
            parts[-1] = Part(last.text, last.start, end, "group", (token.start, end), constants, last.converts)
    else:
        parts.append(Part(token.text, token.start, end, "args" if token.text == b"(" else "mark"))


def _fold_word(parts: list[Part], token: Token) -> None:
    """Join words with colons between them."""
    last = parts[-1] if parts else None
    owner = last if last is not None and last.kind == "type" and last.text.endswith(b"::") else None
    if token.text == b"::" and last is not None and last.kind in ("word", "type"):
        last.text, last.end, last.kind = last.text + b"::", token.end, "type"
    elif owner is not None and (token.kind == "word" or token.text == b"~"):
        owner.text, owner.end = owner.text + token.text + (b"::" if token.text == b"~" else b""), token.end
    else:
        kind = "type" if token.text == b"::" else "word" if token.kind == "word" else "mark"
        parts.append(Part(token.text, token.start, token.end, kind))


def _nested_name(tokens: list[Token], opening: int, closing: int) -> Token | None:
    """The name in `(*name(int))` or `(&name)[3]`, which return a pointer to a function or a reference to an array."""
    inside = tokens[opening + 1 : closing]
    behind = tokens[closing + 1].text if closing + 1 < len(tokens) else b""
    if behind not in (b"(", b"[") or not inside or inside[0].text not in (b"*", b"&", b"&&"):
        return None
    return next((token for token in inside if token.kind == "word" and token.text not in SPECIFIERS), None)


_PAIRS = {b"(": b")", b"[": b"]", b"<": b">"}


def closing_bracket(tokens: list[Token], index: int) -> int | None:
    """Where the bracket at `index` closes; an angle bracket only if it cannot be a comparison."""
    opening = tokens[index].text
    if opening not in _PAIRS:
        return None
    depth = 0
    for at in range(index, len(tokens)):
        text = tokens[at].text
        if text == opening:
            depth += 1
        elif text == _PAIRS[opening]:
            depth -= 1
            if depth == 0:
                return at
        elif opening == b"<" and text in (b"{", b";"):
            return None
    return None
