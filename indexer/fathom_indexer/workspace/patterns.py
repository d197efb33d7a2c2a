"""The patterns of ignore files as git reads them: `wildmatch.c` and `dir.c` of git, as regular expressions.

pathspec is not used here: it has no character classes by name, splits patterns at slashes inside brackets, compares
characters where git compares bytes, and reads `a**/b` and spaces at the end in other ways than git does.

Patterns and paths are bytes, as they are for git: `?` matches one byte.
"""

from __future__ import annotations

import itertools
import re
import string
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BOM = b"\xef\xbb\xbf"
_SPECIAL = b"*?[\\"

_SLASH, _STAR, _MARK, _OPEN, _BACKSLASH = b"/*?[\\"

_NAMED_CLASSES = {
    b"alnum": string.ascii_letters + string.digits,
    b"alpha": string.ascii_letters,
    b"blank": " \t",
    b"cntrl": "".join(map(chr, [*range(32), 127])),
    b"digit": string.digits,
    b"graph": "".join(map(chr, range(33, 127))),
    b"lower": string.ascii_lowercase,
    b"print": "".join(map(chr, range(32, 127))),
    b"punct": string.punctuation,
    b"space": " \t\n\r",
    b"upper": string.ascii_uppercase,
    b"xdigit": string.hexdigits,
}

# A path is matched together with its last name, `NAME NUL PATH`: a pattern without a slash matches names only.
_NO_SLASH = rb"[^/\0]"


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one ignore file, the last one that matches decides."""

    _files: re.Pattern[bytes] | None
    _folders: re.Pattern[bytes] | None
    _fold_case: bool

    def verdict(self, path: bytes, is_folder: bool) -> bool | None:
        """Whether `path` is ignored: True, False if a negated pattern keeps it, None if no pattern matches.

        `path` is relative to the folder of the ignore file and has no final slash. Folders above it are not looked at.
        """
        expression = self._folders if is_folder else self._files
        if expression is None:
            return None
        subject = path[path.rfind(b"/") + 1 :] + b"\0" + path
        match = expression.match(subject.lower() if self._fold_case else subject)
        return None if match is None else (match.lastgroup or "").startswith("ignore")


NO_PATTERNS = Patterns(None, None, False)


class _Line(NamedTuple):
    """A pattern with the properties that its line gives it."""

    expression: bytes
    negated: bool
    folders_only: bool


def read_patterns(content: bytes, fold_case: bool = False) -> Patterns:
    """The patterns in the content of an ignore file. `fold_case` is git's `core.ignoreCase`."""
    lines = content.removeprefix(_BOM).split(b"\n")
    return compile_patterns(tuple(line.removesuffix(b"\r") for line in lines), fold_case)


@lru_cache(maxsize=512)
def compile_patterns(lines: tuple[bytes, ...], fold_case: bool = False) -> Patterns:
    """The patterns among lines. Cached, because every update compiles the same few files."""
    names = itertools.count()
    found = [line for text in lines if (line := _line(text, fold_case, names)) is not None]
    if not found:
        return NO_PATTERNS
    return Patterns(_alternatives([line for line in found if not line.folders_only]), _alternatives(found), fold_case)


def wildmatch(pattern: bytes, text: bytes) -> bool:
    """Whether git's wildmatch, with its flag for path names, matches all of `text`."""
    expression = _expression(pattern, fold_case=False, names=itertools.count())
    return expression is not None and re.fullmatch(b"(?s:" + expression + b")", text) is not None


def _alternatives(lines: Sequence[_Line]) -> re.Pattern[bytes] | None:
    """One expression of all lines, the last one first. Its last group is that of the line: it closes last."""
    if not lines:
        return None
    parts = (
        b"(?P<%s%d>%s)" % (b"keep" if line.negated else b"ignore", number, line.expression)
        for number, line in reversed(list(enumerate(lines)))
    )
    return re.compile(b"(?s:" + b"|".join(parts) + b")")


def _line(text: bytes, fold_case: bool, names: Iterator[int]) -> _Line | None:
    """A line as `dir.c` takes it apart; None for blank lines, comments, and what can match nothing."""
    if not text or text.startswith(b"#"):
        return None
    text = _without_spaces_at_end(text.partition(b"\0")[0])
    negated = text.startswith(b"!")
    pattern = text[1:] if negated else text
    folders_only = pattern.endswith(b"/")
    pattern = pattern[:-1] if folders_only else pattern
    if not pattern:
        return None
    if b"/" not in pattern:
        expression = _expression(pattern, fold_case, names)
        whole = None if expression is None else expression + rb"\0"
    else:
        expression = _expression(pattern.removeprefix(b"/"), fold_case, names)
        whole = None if expression is None else rb"[^\0]*\0" + expression + rb"\Z"
    return None if whole is None else _Line(whole, negated, folders_only)


def _without_spaces_at_end(text: bytes) -> bytes:
    """The line up to its last character that is no space, or that a backslash keeps."""
    end = index = 0
    while index < len(text):
        if text[index] == _BACKSLASH:
            index += 1
            if index >= len(text):
                return text
            end = index + 1
        elif text[index] != 0x20:
            end = index + 1
        index += 1
    return text[:end]


# --- wildmatch -------------------------------------------------------------------------------------------------------

_Chunks = list[bytes]
"""Expressions between which there is `*`."""


def _expression(pattern: bytes, fold_case: bool, names: Iterator[int]) -> bytes | None:
    """The pattern as an expression for a whole path; None if it can match nothing.

    Behind each `*` and `**/`, the first match of what follows is final (`(?=(?P<x>…))(?P=x)`, an atomic group): no
    later one could do better, and without backtracking no pattern takes time that grows exponentially with its stars.
    """
    if fold_case:
        pattern = pattern.lower()
    # Git compares what is before the first special byte by itself, so that `a**/b` is `a` followed by `**/b`.
    start = next((place for place, byte in enumerate(pattern) if byte in _SPECIAL), len(pattern))
    groups: list[_Chunks] = [[re.escape(pattern[:start])]]
    leads: list[bytes] = []
    index = start
    while index < len(pattern):
        byte = pattern[index]
        if byte == _STAR:
            end = index
            while end < len(pattern) and pattern[end] == _STAR:
                end += 1
            follows = pattern[end : end + 2]
            opens = index == start or pattern[index - 1] == _SLASH
            if end - index == 1 or not opens or (follows and follows[:1] != b"/" and follows != b"\\/"):
                groups[-1].append(b"")
            else:
                # `**/` may match nothing at all; at the end, and before an escaped slash, `**` is anything.
                is_optional = follows[:1] == b"/"
                leads.append(rb"(?:.*?/)??" if is_optional else rb".*?")
                groups.append([b""])
                end += is_optional
            index = end
        elif byte == _OPEN:
            found = _bracket(pattern, index, fold_case)
            if found is None:
                return None
            expression, index = found
            groups[-1][-1] += expression
        elif byte == _MARK:
            groups[-1][-1] += _NO_SLASH
            index += 1
        else:
            index += byte == _BACKSLASH
            if index == len(pattern):
                return None
            groups[-1][-1] += re.escape(pattern[index : index + 1])
            index += 1
    first, *others = [_group(chunks, names) for chunks in groups]
    parts = [lead + group for lead, group in zip(leads, others, strict=True)]
    return first + b"".join(_settled(part, names) for part in parts[:-1]) + b"".join(parts[-1:])


def _group(chunks: _Chunks, names: Iterator[int]) -> bytes:
    first, *others = chunks
    settled = (_settled(_NO_SLASH + b"*?" + chunk, names) for chunk in others[:-1])
    return first + b"".join(settled) + b"".join(_NO_SLASH + b"*" + chunk for chunk in others[-1:])


def _settled(expression: bytes, names: Iterator[int]) -> bytes:
    """`expression` as an atomic group: its first match is final."""
    name = b"x%d" % next(names)
    return b"(?=(?P<%s>%s))(?P=%s)" % (name, expression, name)


def _bracket(pattern: bytes, start: int, fold_case: bool) -> tuple[bytes, int] | None:
    """The expression of the bracket that opens at `start`, and where it ends; None if it is malformed."""
    negated = pattern[start + 1 : start + 2] in (b"!", b"^")
    index = first = start + 1 + negated
    members: set[int] = set()
    previous = 0
    while index == first or pattern[index : index + 1] != b"]":
        found = _item(pattern, index, previous)
        if found is None:
            return None
        added, previous, index = found
        members.update(added)
    if fold_case:
        members.update(bytes(members).lower())
    if negated:
        members = set(range(256)) - members
    members -= {0, _SLASH}
    if not members:
        return b"(?!)", index + 1
    return b"[" + b"".join(b"\\x%02x" % member for member in sorted(members)) + b"]", index + 1


def _item(pattern: bytes, index: int, previous: int) -> tuple[Iterable[int], int, int] | None:
    """The item at `index` in a bracket: the bytes it matches, the byte that may begin a range, and where it ends.

    `previous` is the one before; 0 if no range may begin there. None if the bracket is malformed.
    """
    following = pattern[index + 1 : index + 2]
    if pattern[index : index + 1] == b"-" and previous and following not in (b"", b"]"):
        last = _literal(pattern, index + 1)
        return None if last is None else (range(previous, last[0] + 1), 0, last[1])
    if pattern[index : index + 1] == b"[" and following == b":":
        end = pattern.find(b"]", index + 2)
        name = pattern[index + 2 : end]
        if end < 0 or (name.endswith(b":") and name[:-1] not in _NAMED_CLASSES):
            return None
        if name.endswith(b":"):
            return _NAMED_CLASSES[name[:-1]].encode(), 0, end + 1
    literal = _literal(pattern, index)
    return None if literal is None else ((literal[0],), *literal)


def _literal(pattern: bytes, index: int) -> tuple[int, int] | None:
    """The byte at `index`, or behind it if that is a backslash, and its end."""
    index += pattern[index : index + 1] == b"\\"
    return (pattern[index], index + 1) if index < len(pattern) else None
