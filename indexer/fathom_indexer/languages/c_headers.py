"""What stands before the bodies of C, C++ and their relatives, read without knowing any macro.

A grammar cannot know what a macro stands for, but a reader can tell what it is from where it stands: in
`static __printf(2, 3) int log_it(const char *f, ...) {` the function is what has a type before it and arguments after
it. This finds every head of a function or class by its tokens and layout, the name it declares, and what in it is to be
blanked for the parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fathom_indexer.languages.text import Span

MAX_HEAD_TOKENS = 400
"""Longer heads are not read: no declaration is."""

MAX_OPERATOR_TOKENS = 12
"""Of the type in `operator type()`."""

_TOKEN = re.compile(
    rb"(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z)|^[ \t]*\#(?:[^\n\\]|\\.)*)"
    rb'|(?P<string>R"(?P<delimiter>[^\s()\\]{0,16})\(.*?\)(?P=delimiter)"|"(?:[^"\\\n]|\\.)*"?|\'(?:[^\'\\\n]|\\.)*\'?)'
    rb"|(?P<word>[A-Za-z_$\x80-\xff][\w$\x80-\xff]*)|(?P<number>\d[\w.']*)|(?P<mark>::|->|<=>|&&|\|\||[^\s\w])",
    re.MULTILINE | re.DOTALL,
)

_CONTROL = frozenset(
    b"if else for while do switch case return goto catch try throw new delete using asm default".split()
)
_SPECIFIERS = frozenset(
    b"static extern inline virtual explicit constexpr consteval constinit friend register thread_local mutable const "
    b"volatile restrict typename _Noreturn noreturn __inline __inline__ __extension__ __restrict __forceinline typedef "
    b"public private protected internal sealed override abstract async partial unsafe final synchronized native "
    b"strictfp transient readonly export".split()
)
_PRIMITIVES = frozenset(
    b"void bool char short int long float double signed unsigned auto wchar_t char8_t char16_t char32_t _Bool "
    b"size_t ssize_t".split()
)
_TYPE_KEYWORDS = frozenset(b"struct class union enum".split())
_BEHIND = frozenset(b"const volatile noexcept override final throw mutable try requires throws where".split())
_NEVER_NAMES = frozenset(
    b"decltype typeof __typeof__ __typeof alignas _Alignas noexcept throw __attribute__ __attribute __declspec "
    b"explicit requires sizeof _Static_assert static_assert __asm__ asm __asm".split()
)
_KEPT_GROUPS = frozenset(
    b"decltype typeof __typeof__ __typeof alignas _Alignas noexcept throw explicit requires".split()
)
_OPERATOR_WORDS = frozenset(b"new delete co_await and or not xor and_eq or_eq xor_eq compl bitand bitor not_eq".split())
_MACRO = re.compile(rb"_*[A-Z][A-Z0-9_]*\Z")
_APART = re.compile(rb"[^\n]*\n(?:[^\S\n]*//[^\n]*\n)*[ \t]*(?:\r?\n|#)")
_ACCESS = frozenset(b"public private protected signals slots Q_SIGNALS Q_SLOTS".split())


@dataclass(slots=True)
class Token:
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
    """Whether an argument begins with a number or a text, as no parameter does."""
    converts: bool = False
    """Whether it is `operator` with a type behind it, and so has none before it."""


@dataclass(slots=True)
class Heads:
    """What was found in a file."""

    shapes: list[tuple[int, Span, int, bool, int, int, Span | None]] = field(default_factory=list)
    blanks: list[Span] = field(default_factory=list)
    attributes: list[Span] = field(default_factory=list)
    """Those of the blanks that stand on the line where their definition begins."""


@dataclass(slots=True)
class _Open:
    """A brace that was opened. `name` is that of the class around; `head` where the line of its head begins."""

    kind: str
    column: int
    name: bytes
    shape: int | None
    brace: int


def c_shapes(code: bytes) -> Heads:
    """The heads of functions and classes in `code`, what they declare, and what of them to blank."""
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
        self._found.blanks += _comments_in_directives(self._code)
        line_start = -1
        for token in _tokens(self._code):
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
        """Layout is right where braces are not, since the preprocessor may hide some of them from the compiler."""
        if not self._stack:
            return
        if token.text == b"}":
            # The one that closes what begins in this column, whatever was left open inside.
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
                self._found.blanks += _attributes(self._head)
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
            if _is_scope(head):
                kind = "scope"
            else:
                read = _read(head, around)
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
        """Take away the macros that stand by themselves before a head: an empty line or a directive follows them."""
        head = self._head
        while head and head[0].kind == "word" and _is_macro(head[0].text):
            last = 0
            if len(head) > 1 and head[1].text == b"(":
                last = _closing(head, 1) or 0
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
            parts = _parts(tokens)
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
        """End behind its last statement what no brace ends."""
        self._end(opened, max(self._statement_end, opened.brace + 1))

    def _end(self, opened: _Open, end: int) -> None:
        if opened.shape is not None:
            start, name, indent, encloses, _, _, _ = self._found.shapes[opened.shape]
            body = (opened.brace, end) if self._code[end - 1 : end] == b"}" and end > opened.brace else None
            self._found.shapes[opened.shape] = (start, name, indent, encloses, end, end, body)

    def _column(self, offset: int) -> int:
        return offset - self._code.rfind(b"\n", 0, offset) - 1


# Words, arguments and a body: in the column of a function's own head, that is none of its statements.
_TOP_LEVEL = re.compile(
    rb"(?:namespace|class|struct|union|enum|template|extern)\b[^;(){}=]{0,400}\{"
    rb"|(?!(?:if|else|for|while|do|switch|case|return|goto|default|try|catch|using|lock|synchronized|new)\b"
    rb"|\w+[ \t]*:(?!:))"
    rb"[\w:<>,*&~\[\]. \t]{1,300}(?:\r?\n[\w:<>,*&~ \t]{1,300}){0,2}"
    rb"\((?:[^;{}()]|\([^;{}()]*\)){0,400}\)[\w\s:&]{0,100}\{"
)


_DIRECTIVE = re.compile(rb"^[ \t]*#(?:[^\n\\]|\\\r?\n|\\.)*", re.MULTILINE)
_COMMENT_BEFORE_CODE = re.compile(rb"/\*(?:[^*]|\*(?!/))*\*/(?=[^\S\n]*(?:\\\r?\n|[^\s/]))")


def _comments_in_directives(code: bytes) -> Iterator[Span]:
    """The comments inside macros, behind which the grammar takes what is left of the macro for code."""
    for directive in _DIRECTIVE.finditer(code):
        if b"/*" in directive[0]:
            yield from (comment.span() for comment in _COMMENT_BEFORE_CODE.finditer(code, *directive.span()))


def _tokens(code: bytes) -> Iterator[Token]:
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or ""
        if kind != "skip":
            yield Token("string" if kind == "delimiter" else kind, match[0], match.start(), match.end())


def _is_scope(head: list[Token]) -> bool:
    """Whether a head is that of a namespace or of `extern "C"`."""
    if len(head) == 2 and head[0].text == b"extern" and head[1].kind == "string":
        return True
    return any(token.text == b"namespace" for token in head[:3])


@dataclass(slots=True)
class _Read:
    start: int
    name: Span
    encloses: bool
    blanks: list[Span]


def _parts(tokens: list[Token]) -> list[Part]:
    """The head's outermost tokens, brackets and template arguments folded into what stands before them."""
    parts: list[Part] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        closing = _closing(tokens, index)
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
    """Take brackets for the arguments of what stands before them, or for a part of their own."""
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
    """Take words with colons between them for one."""
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
    return next((token for token in inside if token.kind == "word" and token.text not in _SPECIFIERS), None)


_PAIRS = {b"(": b")", b"[": b"]", b"<": b">"}


def _closing(tokens: list[Token], index: int) -> int | None:
    """Where the bracket at `index` closes; an angle only if nothing in it says that it is a comparison."""
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


def _read(head: list[Token], around: bytes) -> _Read | None:
    """What a head declares, or None. `around` is the name of the class it stands in."""
    parts = _parts(head)
    if any(part.text in _CONTROL for part in parts if part.kind in ("word", "group")) or not parts:
        return None
    if any(part.text == b"=" for part in parts):
        return None
    template = next((at for at, part in enumerate(parts) if part.text == b"template"), None)
    keyword = next(
        (at for at, part in enumerate(parts) if part.kind in ("word", "group") and part.text in _TYPE_KEYWORDS), None
    )
    function = _function(parts, around)
    if keyword is not None and (function is None or _is_class(parts, keyword, function)):
        return _class(parts, keyword, template)
    return function


def _attributes(declaration: list[Token]) -> list[Span]:
    """What to blank of a declaration without a body: a macro with constants before what is declared."""
    parts = _parts(declaration)
    groups = [part for part in parts if part.kind == "group"]
    if len(groups) < 2 or not groups[0].has_constants or groups[0].text in _NEVER_NAMES:
        return []
    read = _read(declaration, b"")
    return [(groups[0].start, groups[0].end)] if read is not None and read.name[0] > groups[0].start else []


def _is_class(parts: list[Part], keyword: int, function: _Read) -> bool:
    colon = next((at for at, part in enumerate(parts) if part.text == b":"), len(parts))
    if (
        colon < len(parts)
        and keyword < colon
        and not any(p.kind == "group" and p.start == function.name[0] for p in parts[:colon])
    ):
        return True
    # `class API(1) Widget`: arguments directly behind the keyword are no function's.
    return (
        keyword + 1 < len(parts) and parts[keyword + 1].kind == "group" and parts[keyword + 1].start == function.name[0]
    )


def _class(parts: list[Part], keyword: int, template: int | None) -> _Read | None:
    is_enum = parts[keyword].text == b"enum"
    if is_enum and keyword + 1 < len(parts) and parts[keyword + 1].text in _TYPE_KEYWORDS:
        keyword += 1
    end = next((at for at in range(keyword + 1, len(parts)) if parts[at].text in (b":", b"final")), len(parts))
    words = [part for part in parts[keyword + 1 : end] if part.kind in ("word", "type", "group")]
    named = [part for part in words if part.kind != "group"]
    if not named:
        return None
    name = named[-1]
    blanks = [(part.start, part.end) for part in words if part is not name]
    first = keyword if template is None or template > keyword else template
    if is_enum:
        first = next(at for at, part in enumerate(parts) if part.text == b"enum")
    blanks += [
        (part.start, part.end)
        for part in parts[:first]
        if part.kind in ("word", "group", "args", "type") and part.text not in _SPECIFIERS
    ]
    return _Read(_start(parts, blanks), (name.start, name.end), not is_enum, blanks)


def _function(parts: list[Part], around: bytes) -> _Read | None:
    """The function that a head declares: arguments with a type before their word, or else the last ones."""
    colons = (at for at, part in enumerate(parts) if part.text in (b":", b"->") and _has_arguments(parts[:at]))
    front = parts[: next(colons, len(parts))]
    groups = [at for at, part in enumerate(front) if part.kind == "group" and part.text not in _NEVER_NAMES]
    if not groups:
        return None
    groups = [at for at in groups if not front[at].has_constants] or groups
    chosen = _typed(front, groups, around)
    macro = chosen is None
    if chosen is None:
        # Without any type: a macro, a constructor, a function of old C.
        chosen = groups[-1]
    name = front[chosen]
    has_no_type = name.converts or name.text.split(b"::")[-1] == around != b""
    blanks = _unknown_before(front[:chosen], has_no_type)
    blanks += _unknown_behind(front[chosen + 1 :], macro)
    name_end = name.arguments[0] if name.arguments is not None else name.end
    if macro and name.arguments is not None and _is_macro(name.text):
        blanks.append((name.arguments[0] + 1, name.arguments[1] - 1))
    return _Read(_start(parts, blanks), (name.start, name_end), False, blanks)


def _typed(front: list[Part], groups: list[int], around: bytes) -> int | None:
    """Which of the words with arguments has a type before it, or is the constructor of the class around."""
    chosen = None
    last = -1
    for at in groups:
        part = front[at]
        if part.text == b"operator":
            return at
        if chosen is None or not _is_macro(part.text):
            units = [one for one in front[last + 1 : at] if _is_type(one)]
            if chosen is not None:
                units = [one for one in units if not _is_macro(one.text)]
            if units or part.text in (around, b"~" + around):
                chosen = at
        last = at
    return chosen


def _unknown_before(parts: list[Part], has_no_type: bool) -> list[Span]:
    """What stands before a name and is neither its type nor a specifier. Constructors and conversions have no type."""
    units = [part for part in parts if _is_type(part)]
    types = [] if has_no_type else _type_of(units)
    template = next((at for at, part in enumerate(parts) if part.text == b"template"), -1)
    unknown = []
    for at, part in enumerate(parts):
        if part.kind == "group":
            is_unknown = part.text not in _KEPT_GROUPS
        elif part.kind == "args":
            is_unknown = not (at and parts[at - 1].text in (b"explicit", b"requires"))
        elif at < template:
            is_unknown = part.kind == "word" and part.text not in _SPECIFIERS
        else:
            is_unknown = part in units and part not in types and part.text not in _PRIMITIVES
        if is_unknown:
            unknown.append((part.start, part.end))
    return unknown


def _unknown_behind(parts: list[Part], macro: bool) -> list[Span]:
    """What stands behind arguments and is no qualifier; behind those of a macro, more arguments, too."""
    unknown: list[Span] = []
    for part in parts:
        if part.text == b"requires":
            break
        known = _KEPT_GROUPS if part.kind == "group" else _BEHIND
        if (part.kind in ("group", "word") and part.text not in known) or (part.kind == "args" and macro):
            unknown.append((part.start, part.end))
    return unknown


def _has_arguments(parts: list[Part]) -> bool:
    return any(part.kind in ("group", "args") for part in parts)


def _is_type(part: Part) -> bool:
    return (
        part.kind in ("word", "type")
        and part.text not in _SPECIFIERS
        and part.text not in _BEHIND
        and part.text != b"template"
    )


def _is_macro(name: bytes) -> bool:
    return _MACRO.match(name) is not None


def _type_of(units: list[Part]) -> list[Part]:
    """Which of the words before a name are its type."""
    if any(part.text in _TYPE_KEYWORDS for part in units):
        at = next(at for at, part in enumerate(units) if part.text in _TYPE_KEYWORDS)
        return units[at : at + 2]
    if any(part.text in _PRIMITIVES for part in units):
        return [part for part in units if part.text in _PRIMITIVES]
    plain = [part for part in units if not _is_macro(part.text)]
    return (plain or units)[-1:]


def _start(parts: list[Part], blanks: list[Span]) -> int:
    """Where the definition begins: at its first word that is not blanked, or blanked on the same line."""
    blanked = {start for start, _ in blanks}
    return next((part.start for part in parts if part.start not in blanked), parts[0].start)
