"""What is typed exactly comes first: functions that have a query's text as it stands, and definitions of its name.

Candidates are functions that have the words in a row by full-text search; their text is then looked at. Texts of
programs that were printed have values where the code has placeholders, so literals with placeholders are compared as
patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fathom_indexer.search.constants import definition_value
from fathom_indexer.search.phrases import Phrase
from fathom_indexer.search.query import Query, QueryKind
from fathom_indexer.search.weights import QUESTION_COLUMNS
from fathom_indexer.storage import STOP_WORDS, IndexReader, StoredFunction, phrase_expression
from fathom_indexer.types import FUNCTION_KINDS, Function, Kind

_WHOLE_LITERAL = 1.0
_VERBATIM = 0.9
_OTHER_CASE = 0.8
"""What text counts of which only the case differs."""
_IN_A_ROW = 0.5
"""The same words in the same order, with other punctuation between them."""
_TEMPLATE = 0.4
"""A literal with placeholders that the query fits; as much again by how much of the query it has."""

_LOOKED_AT = 200
"""Functions that have the words of a phrase in a row and whose text is looked at."""
_LOOKED_AT_FOR_TEMPLATES = 60
_WINDOWS = 12
"""Pairs of words of a message by which literals with placeholders are found."""
_WINDOW = 2
_COMMON = 30
"""A plain phrase in more functions than these is a turn of speech."""

_LEAST_DEFINITION = 0.6
_BESIDE_A_UNIT = 0.6
"""What a variable counts where a unit has its name."""
_MEMBER_OF_A_TYPES_NAME = 0.8
_ALIAS_OR_DECLARATION = 0.85
_OTHER_PART = 0.97
_TYPES = frozenset(Kind) - FUNCTION_KINDS - {Kind.MODULE}
_OUTSIDE_FUNCTIONS = tuple(kind.value for kind in Kind if kind not in FUNCTION_KINDS)
_ALIAS = re.compile(r"\s*(?:(?:export|pub|public|internal|global)\s+)*(?:using|typedef|type|typealias)\b[^{]*$")

_SHORTEST_TEMPLATE = 8
"""Characters of a literal without its placeholders."""

_RUN = re.compile(r"[^\W_]+")
_OPEN_END = re.compile(r"^\s|[\s:=(\[<]$")
"""How literals look that something is added to."""
_QUESTION = re.compile(r"(?:how|what|where|which|who|why|when|is|are|does|do|can)\b|.*\?$", re.IGNORECASE)
_NAME = re.compile(r"(?:[^\W\d]\w*\.)*[^\W\d]\w*")
_QUOTES = ('"', "'", "`")
# Each kind of quotes by itself: an apostrophe in a comment must not open a literal that swallows another one.
_LITERALS = (
    re.compile(r'"((?:[^"\\\n]|\\.){0,400})"'),
    re.compile(r"'((?:[^'\\\n]|\\.){0,400})'"),
    re.compile(r"`((?:[^`\\]|\\.){0,400})`"),
)
_PLACEHOLDER = re.compile(
    r"%(?:\(\w+\))?[-+#0]*\d*(?:\.\d+)?(?:hh|h|ll|l|z|j|t|L)?[a-zA-Z@]"
    r"|[$#]\{[^{}]*\}|\{[^{}\s]*(?:\([^{}]*\))?[^{}\s]*\}|\\\([^()]*\)|\$[A-Za-z_]\w*|\\[nrt]"
)


def exact_values(store: IndexReader, query: Query, allowed: frozenset[int] | None) -> dict[int, float]:
    """How well functions are what a query has typed exactly, in (0, 1]; others are left out."""
    values: dict[int, float] = {}
    for phrase in query.phrases:
        for function_id, value in _phrase_values(store, phrase, allowed).items():
            values[function_id] = max(value, values.get(function_id, 0.0))
        if values and not phrase.message:
            # Quotes inside of a text that is there as a whole are part of it.
            break
    if query.kind is QueryKind.SYMBOL and not values:
        return _definitions(store, query.symbols[0], allowed)
    return values


def _phrase_values(store: IndexReader, phrase: Phrase, allowed: frozenset[int] | None) -> dict[int, float]:
    if phrase.words < 3 and not (phrase.quoted or phrase.marked):
        return {}
    if phrase.quoted and _NAME.fullmatch(phrase.text) and (values := _definitions(store, phrase.text, allowed)):
        return values
    expression = phrase_expression(phrase.text)
    values = {}
    for stored in _having(store, expression, _LOOKED_AT, allowed):
        if value := _verbatim(phrase, stored.function.text):
            values[stored.id] = value
    if values:
        short = phrase.words < 6 and not (phrase.quoted or phrase.marked)
        common = short and len(values) > _COMMON and max(values.values()) < _WHOLE_LITERAL
        return {} if common else values
    if phrase.words < 4 and not (phrase.quoted or phrase.message or phrase.marked):
        return {}
    printed = phrase.quoted or phrase.message or phrase.marked
    if not printed and _QUESTION.match(phrase.text):
        return {}
    looked_at = _LOOKED_AT_FOR_TEMPLATES if printed else _LOOKED_AT_FOR_TEMPLATES // 2
    for stored in _having(store, _windows(phrase.text), looked_at, allowed):
        if value := _template(phrase, stored.function.text):
            values[stored.id] = value
    return values


def _having(
    store: IndexReader, expression: str, limit: int, allowed: frozenset[int] | None
) -> Iterable[StoredFunction]:
    ids = [item for item, _ in store.matching_words(expression, limit, QUESTION_COLUMNS, allowed)]
    return store.functions(ids).values()


def _windows(text: str) -> str:
    """An expression for functions that have two words in a row of a text."""
    runs = _RUN.findall(text)
    windows = [runs[start : start + _WINDOW] for start in range(max(len(runs) - _WINDOW + 1, 1))]
    telling = [words for words in windows if not all(word.lower() in STOP_WORDS for word in words)]
    step = -(-len(telling) // _WINDOWS) or 1
    found = (phrase_expression(" ".join(words)) for words in telling[::step])
    return " OR ".join(dict.fromkeys(expression for expression in found if expression))


def _verbatim(phrase: Phrase, text: str) -> float:
    """How exactly a text has a phrase, from nothing to `_WHOLE_LITERAL`."""
    pattern = _pattern(phrase.text)
    plain = not (phrase.quoted or phrase.marked)
    best = 0.0
    for match in pattern.finditer(text):
        before = text[max(match.start() - 8, 0) : match.start()].rstrip(" ")[-1:]
        after = text[match.end() : match.end() + 8].lstrip(" .:!?,")[:1]
        literal = before == after and before in _QUOTES
        if plain and phrase.words < 4 and before not in _QUOTES and after not in _QUOTES:
            continue
        if phrase.words < 2 and not literal and not phrase.quoted:
            continue
        value = _WHOLE_LITERAL if literal else _VERBATIM
        best = max(best, value if " ".join(match[0].split()) == phrase.text else value * _OTHER_CASE)
        if best == _WHOLE_LITERAL:
            break
    if not best and (phrase.quoted or phrase.words >= 4) and _row(phrase.text).search(text):
        return _IN_A_ROW
    return best


@lru_cache(maxsize=64)
def _pattern(phrase: str) -> re.Pattern[str]:
    """A phrase as it may stand in code: in any case, with any white space, not inside of other words."""
    inside = r"\s+".join(re.escape(word) for word in phrase.split())
    begin = r"(?<!\w)" if phrase[0].isalnum() else ""
    end = r"(?!\w)" if phrase[-1].isalnum() else ""
    return re.compile(begin + inside + end, re.IGNORECASE)


@lru_cache(maxsize=64)
def _row(phrase: str) -> re.Pattern[str]:
    """The words of a phrase with what is no word between them, as in a literal that goes on in the next line."""
    return re.compile(
        r"\b" + r"(?:\W|\\[nrt]){1,40}?".join(map(re.escape, _RUN.findall(phrase))) + r"\b", re.IGNORECASE
    )


def _template(phrase: Phrase, text: str) -> float:
    """How much of a phrase a literal of the text says, from `_TEMPLATE` to twice that; 0 where none fits it."""
    best = 0.0
    # Literals without placeholders are parts of sums: `"no such file: " + name`.
    for literal in (match[1] for pattern in _LITERALS for match in pattern.finditer(text)):
        if len(literal) < _SHORTEST_TEMPLATE:
            continue
        fixed = [part for part in _PLACEHOLDER.split(literal) if part]
        words = [word for part in fixed for word in _RUN.findall(part)]
        if len(words) < 2 or len("".join(fixed)) < _SHORTEST_TEMPLATE:
            continue
        share = len("".join(fixed)) / max(len(phrase.text), 1)
        if share > 1.1 or (not (phrase.message or phrase.quoted) and share < 0.6) or share < 0.2:
            continue
        certain = phrase.message or phrase.quoted
        if not certain and not _PLACEHOLDER.search(literal) and not (phrase.marked and _OPEN_END.search(literal)):
            continue
        if _fits(literal, phrase.text):
            best = max(best, _TEMPLATE * (1.0 + min(share, 1.0)))
    return best


def _fits(literal: str, phrase: str) -> bool:
    """Whether a phrase has what stands between the placeholders of a literal, in this order, whatever the case."""
    phrase = phrase.casefold()
    position = 0
    for part in _PLACEHOLDER.split(" ".join(literal.split()).casefold()):
        found = phrase.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return True


def _definitions(store: IndexReader, symbol: str, allowed: frozenset[int] | None) -> dict[int, float]:
    """Definitions of a name, and where there is no unit of that name, uses of one that only code would have."""
    name = symbol.rpartition(".")[2]
    shaped = re.search(r"[A-Z_0-9.]", symbol) is not None
    named = [item for item in store.named([name], _LOOKED_AT) if allowed is None or item in allowed]
    if named and not shaped:
        # One who types a plain word may mean any of its cases.
        return {}
    found = {stored.id: stored for stored in store.functions(named).values()}
    using = list(_having(store, phrase_expression(name), _LOOKED_AT, allowed))
    if len(using) == _LOOKED_AT:
        # Of a name whose words are everywhere, definitions outside functions are looked for by themselves.
        outside = store.ids_where(kinds=_OUTSIDE_FUNCTIONS)
        outside = outside if allowed is None else outside & allowed
        using += _having(store, phrase_expression(name), _LOOKED_AT, outside)
    found.update((stored.id, stored) for stored in using)
    values = {item: definition_value(symbol, stored) for item, stored in found.items()}
    own = {item: stored.function for item, stored in found.items() if stored.function.name == name}
    if own:
        types = [function for function in own.values() if function.kind in _TYPES]
        longest = max((function.end_line - function.start_line for function in types), default=0)
        for item, value in values.items():
            if item in own:
                values[item] = value * _as_definition(own[item], bool(types), longest)
            else:
                values[item] = value * _BESIDE_A_UNIT if value >= _LEAST_DEFINITION else 0.0
    least = 0.0 if shaped else _VERBATIM
    return {item: value for item, value in values.items() if value > least}


def _as_definition(function: Function, has_type: bool, longest: int) -> float:
    """What a unit of the name counts among others of the name, of which one is a type or none is."""
    if not has_type:
        return 1.0
    if function.kind not in _TYPES:
        return _MEMBER_OF_A_TYPES_NAME
    if _ALIAS.match(function.signature) or (function.text.rstrip().endswith(";") and "{" not in function.text):
        return _ALIAS_OR_DECLARATION
    # The other parts of a partial or reopened class.
    return 1.0 if function.end_line - function.start_line == longest else _OTHER_PART
