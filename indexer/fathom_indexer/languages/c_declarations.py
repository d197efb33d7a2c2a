"""What the head of a function or class declares, read without knowing any macro.

A grammar cannot know what a macro expands to, but the position of a word shows its role: in
`static __printf(2, 3) int log_it(const char *f, ...) {` the function is the word with a type before it and arguments
after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom_indexer.languages.c_tokens import (
    CONTROL,
    KEPT_GROUPS,
    NEVER_NAMES,
    PRIMITIVES,
    QUALIFIERS_BEHIND,
    SPECIFIERS,
    TYPE_KEYWORDS,
    Part,
    Token,
    is_macro,
    parts_of,
)

if TYPE_CHECKING:
    from fathom_indexer.languages.text import Span


@dataclass(slots=True)
class Head:
    """What a head declares: offset of its first byte, span of the name, whether it is a class, what to blank."""

    start: int
    name: Span
    encloses: bool
    blanks: list[Span]


def is_scope(head: list[Token]) -> bool:
    """Whether a head is that of a namespace or of `extern "C"`."""
    if len(head) == 2 and head[0].text == b"extern" and head[1].kind == "string":
        return True
    return any(token.text == b"namespace" for token in head[:3])


def read_head(head: list[Token], around: bytes) -> Head | None:
    """What a head declares, or None. `around` is the name of the enclosing class."""
    parts = parts_of(head)
    if any(part.text in CONTROL for part in parts if part.kind in ("word", "group")) or not parts:
        return None
    if any(part.text == b"=" for part in parts):
        return None
    template = next((at for at, part in enumerate(parts) if part.text == b"template"), None)
    keyword = next(
        (at for at, part in enumerate(parts) if part.kind in ("word", "group") and part.text in TYPE_KEYWORDS), None
    )
    function = _function(parts, around)
    if keyword is not None and (function is None or _is_class(parts, keyword, function)):
        return _class(parts, keyword, template)
    return function


def attribute_macros(declaration: list[Token]) -> list[Span]:
    """What to blank of a declaration without a body: a macro with constants before what is declared."""
    parts = parts_of(declaration)
    groups = [part for part in parts if part.kind == "group"]
    if len(groups) < 2 or not groups[0].has_constants or groups[0].text in NEVER_NAMES:
        return []
    read = read_head(declaration, b"")
    return [(groups[0].start, groups[0].end)] if read is not None and read.name[0] > groups[0].start else []


def _is_class(parts: list[Part], keyword: int, function: Head) -> bool:
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


def _class(parts: list[Part], keyword: int, template: int | None) -> Head | None:
    is_enum = parts[keyword].text == b"enum"
    if is_enum and keyword + 1 < len(parts) and parts[keyword + 1].text in TYPE_KEYWORDS:
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
        if part.kind in ("word", "group", "args", "type") and part.text not in SPECIFIERS
    ]
    return Head(_start(parts, blanks), (name.start, name.end), not is_enum, blanks)


def _function(parts: list[Part], around: bytes) -> Head | None:
    """The function that a head declares: arguments with a type before their word, or else the last ones."""
    colons = (at for at, part in enumerate(parts) if part.text in (b":", b"->") and _has_arguments(parts[:at]))
    front = parts[: next(colons, len(parts))]
    groups = [at for at, part in enumerate(front) if part.kind == "group" and part.text not in NEVER_NAMES]
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
    if macro and name.arguments is not None and is_macro(name.text):
        blanks.append((name.arguments[0] + 1, name.arguments[1] - 1))
    return Head(_start(parts, blanks), (name.start, name_end), False, blanks)


def _typed(front: list[Part], groups: list[int], around: bytes) -> int | None:
    """The index of the word with arguments that has a type before it, or is the constructor of the enclosing class."""
    chosen = None
    last = -1
    for at in groups:
        part = front[at]
        if part.text == b"operator":
            return at
        if chosen is None or not is_macro(part.text):
            units = [one for one in front[last + 1 : at] if _is_type(one)]
            if chosen is not None:
                units = [one for one in units if not is_macro(one.text)]
            if units or part.text in (around, b"~" + around):
                chosen = at
        last = at
    return chosen


def _unknown_before(parts: list[Part], has_no_type: bool) -> list[Span]:
    """The words before a name that are neither its type nor specifiers. Constructors and conversions have no type."""
    units = [part for part in parts if _is_type(part)]
    types = [] if has_no_type else _type_of(units)
    template = next((at for at, part in enumerate(parts) if part.text == b"template"), -1)
    unknown = []
    for at, part in enumerate(parts):
        if part.kind == "group":
            is_unknown = part.text not in KEPT_GROUPS
        elif part.kind == "args":
            is_unknown = not (at and parts[at - 1].text in (b"explicit", b"requires"))
        elif at < template:
            is_unknown = part.kind == "word" and part.text not in SPECIFIERS
        else:
            is_unknown = part in units and part not in types and part.text not in PRIMITIVES
        if is_unknown:
            unknown.append((part.start, part.end))
    return unknown


def _unknown_behind(parts: list[Part], macro: bool) -> list[Span]:
    """The words after arguments that are no qualifiers; after those of a macro, more arguments, too."""
    unknown: list[Span] = []
    for part in parts:
        if part.text == b"requires":
            break
        known = KEPT_GROUPS if part.kind == "group" else QUALIFIERS_BEHIND
        if (part.kind in ("group", "word") and part.text not in known) or (part.kind == "args" and macro):
            unknown.append((part.start, part.end))
    return unknown


def _has_arguments(parts: list[Part]) -> bool:
    return any(part.kind in ("group", "args") for part in parts)


def _is_type(part: Part) -> bool:
    return (
        part.kind in ("word", "type")
        and part.text not in SPECIFIERS
        and part.text not in QUALIFIERS_BEHIND
        and part.text != b"template"
    )


def _type_of(units: list[Part]) -> list[Part]:
    """Which of the words before a name are its type."""
    if any(part.text in TYPE_KEYWORDS for part in units):
        at = next(at for at, part in enumerate(units) if part.text in TYPE_KEYWORDS)
        return units[at : at + 2]
    if any(part.text in PRIMITIVES for part in units):
        return [part for part in units if part.text in PRIMITIVES]
    plain = [part for part in units if not is_macro(part.text)]
    return (plain or units)[-1:]


def _start(parts: list[Part], blanks: list[Span]) -> int:
    """The offset of the first part that is not blanked."""
    blanked = {start for start, _ in blanks}
    return next((part.start for part in parts if part.start not in blanked), parts[0].start)
