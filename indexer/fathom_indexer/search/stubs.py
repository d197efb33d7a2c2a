"""Units that do nothing themselves: abstract and empty bodies, overloads, calls that are passed on, fragments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fathom_indexer.search.term_overlap import words_of
from fathom_indexer.storage import FunctionSummary, IndexReader
from fathom_indexer.types import FUNCTION_KINDS, Kind

_EMPTY = 1.0
_DELEGATION = 0.7
_FRAGMENT = 1.0

_MOST_LINES = 6
"""Longer units have a body; their text is not looked at."""

_STRINGS = re.compile(r'"""(?s:.*?)"""|' + r"'''(?s:.*?)'''")
_COMMENTS = re.compile(r"/\*(?s:.*?)\*/|(?<!:)//[^\n]*|^\s*(?:#(?![ \t]*define|\[)|--)[^\n]*", re.MULTILINE)
_DECORATORS = re.compile(r"^\s*(?:@[\w.]+(?:\([^()\n]*\))?|#\[[^\]\n]*\]|\[[A-Z][^\]\n]*\])\s*$", re.MULTILINE)
_OVERLOAD = re.compile(r"^\s*@(?:\w+\.)?(?:overload|abstractmethod)\b", re.MULTILINE)
# What stands for a body that is not there.
_NOTHING = re.compile(
    r"(?:pass|\.\.\.|return(?:\s+(?:None|null|nil|undefined|self|this|false|true))?|end|nil|todo!\(\)|unimplemented!\(\)"
    r"|raise\s+NotImplementedError\b.*|raise\s+NotImplemented\b.*|throw\s+new\s+\w*(?:NotImplemented|NotSupported"
    r"|UnsupportedOperation|AbstractMethod)\w*\(.*\)|abstract)?[;\s]*",
    re.IGNORECASE | re.DOTALL,
)
_CALLEE = r"[\w$.:>?!&*@-]+"
# One call whose arguments are names and members of names: what it does is done elsewhere.
_ARGUMENT = r"[\w$.&*:!?@]+(?:\s*=\s*[\w$.]+)?"
_DELEGATES = re.compile(
    rf"(?:return\s+|await\s+|yield\s+from\s+)*(?:new\s+)?(?P<callee>{_CALLEE})(?:<[\w\s,.<>?]*>)?"
    rf"\(\s*(?:{_ARGUMENT}(?:\s*,\s*{_ARGUMENT})*\s*,?)?\s*\)[?!]?(?:\.await\??)?;?"
)
_SCOPES = re.compile(r"\.|::|->")
_GETTER = re.compile(r"(?:return\s+)?[@&*]?(?:(?:self|this|Me)(?:\.|->)|@|\$this->|_)[\w$]+;?")
_CONSTANT_MACRO = re.compile(r"\#\s*define\s+\w+\([^)]*\)[ \t]*[\w()]*[ \t]*$")


def stub_values(store: IndexReader, summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """How much the candidates lack a body of their own, in (0, 1]; those that have one are left out.

    Only the text of short ones is read.
    """
    short = [item for item, summary in summaries.items() if summary.end_line - summary.start_line < _MOST_LINES]
    stored = store.functions(short)
    values = {
        item: stub_value(found.function.kind, found.function.text, found.function.name)
        for item, found in stored.items()
    }
    return {item: value for item, value in values.items() if value}


def stub_value(kind: Kind, text: str, name: str = "") -> float:
    """How much a unit called `name` is a stub, in [0, 1]."""
    if kind is Kind.MODULE:
        return _FRAGMENT if len(text.strip()) < 16 and "\n" not in text.strip() and "=" not in text else 0.0
    if kind is Kind.MACRO:
        return _EMPTY if _CONSTANT_MACRO.fullmatch(text.strip()) else 0.0
    if kind not in FUNCTION_KINDS or kind is Kind.CLOSURE:
        return 0.0
    if _OVERLOAD.search(text):
        return _EMPTY
    body = _body(_DECORATORS.sub("", _COMMENTS.sub("", _STRINGS.sub("", text))).strip())
    if body is None or _NOTHING.fullmatch(body):
        return _EMPTY
    delegates = _DELEGATES.fullmatch(body)
    passes_on = delegates is not None and _is_own(delegates["callee"], name)
    return _DELEGATION if passes_on or _GETTER.fullmatch(body) else 0.0


def _is_own(callee: str, name: str) -> bool:
    """Whether a call goes to code of the same purpose: of this object, without a scope, or of a similar name.

    `dates.fromisoformat(text)` in `parse_day` says how that is done.
    """
    *scopes, last = _SCOPES.split(callee)
    own = not scopes or scopes[0].lstrip("$@&*_").lower() in ("self", "this", "super", "base", "me", "")
    return own or not set(words_of(last)).isdisjoint(words_of(name))


def _body(code: str) -> str | None:
    """What stands between a definition's head and its end, without white space around it; None where it has none."""
    depth = 0
    for position, character in enumerate(code):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif depth == 0:
            if character == "{":
                return code[position + 1 :].strip().removesuffix("}").strip()
            if character == ";":
                return None
            if code.startswith("=>", position):
                return code[position + 2 :].strip()
            # Python's colon ends a line or stands before the only statement.
            if character == ":" and re.match(r"def\b|async def\b", code):
                return code[position + 1 :].strip()
            if character == "=" and position and code[position - 1] == " " and code.startswith("= ", position):
                return code[position + 2 :].strip()
            if character == "\n" and re.match(r"(?:def|function|local function|fun)\b", code):
                return code[position + 1 :].strip().removesuffix("end").strip()
    head, _, rest = code.partition("\n")
    return rest.strip() if rest else None if head.startswith(("abstract", "func ", "fn ")) else head
