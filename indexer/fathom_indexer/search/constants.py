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

_STAND_IN = "ＮＡＭＥ"
"""Put in place of the name, so that one pattern serves all names; code has no such letters."""

_DEFINITION = re.compile(
    "|".join(
        (
            r"^\s*\#\s*define\s+NAME\b(?!\()",
            # Words and types before it; an attribute of something else is no definition of the name.
            r"""^\s*(?:[\w:<>,\[\]*&?@$]+\s+)*?(?:(?:this|self|exports|module\.exports|_?M)[.:])?[@$*&]*NAME\b
        (?:\[[^\]]*\])*\s*(?::(?![:=])[^=]+)?(?:=(?![=>~])|:=|\?=|\|\|=)""",
            # Declarations without a value, as of fields.
            r"""^\s*(?:(?:pub(?:\(\w+\))?|public|private|protected|internal|static|final|const|readonly|declare|let|var|val|mut
        |extern|volatile|abstract|open|export|type)\s+)+(?:[\w:<>,\[\]*&?.]+\s+)*?NAME\b\s*(?:;|:|=|$|[\w.*\[\]]+\s*(?:=|$))""",
            r"""^\s*["']?NAME["']?\s*:(?![:=])""",
            r"^\s*(?:using|typedef|type|alias|typealias|newtype|data)\b[^=]*\bNAME\b",
            r"""\bdefine\(\s*["']NAME["']""",
        )
    ).replace("NAME", _STAND_IN),
    re.IGNORECASE | re.VERBOSE,
)
"""What defines the name in a line: `#define N`, `N = 1`, `static const int N[] =`, `using N =`."""
_MEMBER = re.compile(rf"(?:^|[,{{(]|\bcase\b)[ \t]*{_STAND_IN}\b[ \t]*(?=[,;=(}}]|$)")
"""A member of an enumeration: on a line of its own, or between commas."""


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
    same = _whole_word(name, same_case=True).sub(_STAND_IN, line)
    if same != line:
        return inside if _defines(same, kind) else _USED
    return inside * _OTHER_CASE if _defines(_whole_word(name).sub(_STAND_IN, line), kind) else 0.0


def _defines(line: str, kind: Kind) -> bool:
    return _DEFINITION.search(line) is not None or (kind is Kind.ENUM and _MEMBER.search(line) is not None)


@lru_cache(maxsize=64)
def _whole_word(name: str, same_case: bool = False) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", 0 if same_case else re.IGNORECASE)
