"""Where a name is defined that is no unit of its own: constants, variables, fields, enum members, aliases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from fathom_indexer.search.symbols import in_scope
from fathom_indexer.storage import StoredFunction
from fathom_indexer.types import FUNCTION_KINDS, Kind

OWN_NAME = 1.0
"""A unit that is called so."""
_DEFINED = 0.95
"""Code outside functions that defines the name."""
_ASSIGNED = 0.8
"""A function that does."""
_USED = 0.5
_OTHER_CASE = 0.6
_OTHER_SCOPE = 0.75
_LONGEST_LINE = 500

_DEFINITIONS = (
    r"^\s*\#\s*define\s+NAME\b(?!\()",
    # Words and types before it; an attribute of something else is no definition of the name.
    r"""^\s*(?:[\w:<>,\[\]*&?@$]+\s+)*?(?:(?:this|self|exports|module\.exports|_?M)[.:])?[@$*&]*NAME\b
        (?:\[[^\]]*\])*\s*(?::(?![:=])[^=]+)?(?:=(?![=>~])|:=|\?=|\|\|=)""",
    # Declarations without a value, as of fields.
    r"""^\s*(?:(?:pub(?:\(\w+\))?|public|private|protected|internal|static|final|const|readonly|declare|let|var|val|mut
        |extern|volatile|abstract|open|export|type)\s+)+(?:[\w:<>,\[\]*&?.]+\s+)*?NAME\b\s*(?:;|:|=|$)""",
    r"""^\s*["']?NAME["']?\s*:(?![:=])""",
    r"^\s*(?:using|typedef|type|alias|typealias|newtype|data)\b[^=]*\bNAME\b",
    r"""\bdefine\(\s*["']NAME["']""",
)
"""Verbose patterns of one line, in which `NAME` stands for the name."""


def definition_value(symbol: str, stored: StoredFunction) -> float:
    """How well a unit is the definition of a name, in [0, 1]. `symbol` may have scopes before dots."""
    scope, _, name = symbol.rpartition(".")
    function = stored.function
    if function.name.casefold() == name.casefold():
        value = OWN_NAME if function.name == name else OWN_NAME * _OTHER_CASE
    else:
        inside = _ASSIGNED if function.kind in FUNCTION_KINDS else _DEFINED
        value = max((_line_value(line, name, inside, function.kind) for line in _lines(function.text, name)), default=0)
    return value * _OTHER_SCOPE if scope and not in_scope(scope, function.qualified_name, stored.path) else value


def _lines(text: str, name: str) -> Iterator[str]:
    """The lines of a text that have a name, in any case."""
    end = -1
    for match in _whole_word(name).finditer(text):
        if match.start() > end:
            end = text.find("\n", match.end())
            end = len(text) if end < 0 else end
            yield text[text.rfind("\n", 0, match.start()) + 1 : end][:_LONGEST_LINE]


def _line_value(line: str, name: str, inside: float, kind: Kind) -> float:
    defined = _definition(name).search(line) or (kind is Kind.ENUM and _member(name).search(line))
    if defined:
        return inside if name in defined[0] else inside * _OTHER_CASE
    return _USED if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line) else 0.0


@lru_cache(maxsize=64)
def _whole_word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=64)
def _definition(name: str) -> re.Pattern[str]:
    """What defines a name in a line: `#define N`, `N = 1`, `static const int N[] =`, `using N =`."""
    inside = "|".join(pattern.replace("NAME", re.escape(name)) for pattern in _DEFINITIONS)
    return re.compile(inside, re.IGNORECASE | re.VERBOSE)


@lru_cache(maxsize=64)
def _member(name: str) -> re.Pattern[str]:
    """A member of an enumeration: on a line of its own, or between commas."""
    return re.compile(rf"(?:^|[,{{(]|\bcase\b)[ \t]*{re.escape(name)}\b[ \t]*(?=[,;=(}}]|$)", re.IGNORECASE)
