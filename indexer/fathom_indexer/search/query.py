"""What a query is: understood from its text alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from fathom_indexer.identifiers import all_search_words
from fathom_indexer.search.locations import Hunk, Location, hunks, locations, only_location, plain_path
from fathom_indexer.search.phrases import Phrase, phrases
from fathom_indexer.storage import STOP_WORDS

_MAX_CHARACTERS = 10_000
"""What is read of a query. More is a whole file, whose rest the encoder would not read either."""
_MAX_NAMED = 12
"""Symbols and paths taken from one query."""


class QueryKind(str, Enum):
    """How a query is asked."""

    EMPTY = "empty"
    """No letter and no digit."""
    SYMBOL = "symbol"
    """The name of something: `parse_args`, `Session.close`, `class Router`."""
    PATH = "path"
    """A file: `search/ranking.py`."""
    QUESTION = "question"
    CODE = "code"
    ERROR = "error"
    """A message or a stack trace."""
    MIXED = "mixed"
    """Words that name symbols or files among them."""
    DIFF = "diff"
    """A unified diff."""

    @property
    def describes(self) -> bool:
        """Whether the query says in words what is looked for, rather than by name, place or code."""
        return self in (QueryKind.QUESTION, QueryKind.ERROR, QueryKind.MIXED)


@dataclass(frozen=True, slots=True)
class Query:
    """A query and what it was understood to be."""

    text: str
    kind: QueryKind
    symbols: tuple[str, ...] = ()
    """Names of code in it as they are written, `::`, `->` and `#` as dots."""
    paths: tuple[str, ...] = ()
    """Files in it, with forward slashes."""
    words: tuple[str, ...] = ()
    """Its words in lower case, each once, identifiers split, without those that say nothing."""
    phrases: tuple[Phrase, ...] = ()
    """Parts of it that may be in code as they are typed."""
    locations: tuple[Location, ...] = ()
    """Lines of files in it, and the file that it is."""
    hunks: tuple[Hunk, ...] = ()
    """What it changes, if it is a diff."""


_SEPARATOR = r"(?:\.|::|->|\\|\#)"
_NAME = r"[^\W\d]\w*"
_QUALIFIED = re.compile(rf"{_NAME}(?:{_SEPARATOR}{_NAME})+")
_IDENTIFIER = re.compile(_NAME)
_CALL = re.compile(rf"({_NAME}(?:{_SEPARATOR}{_NAME})*)\(\)")
_HAS_SHAPE = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2,}[a-z]{2}|\w_\w|^_+[a-z]")
_ONE_SYMBOL = re.compile(
    r"(?:(?:class|def|enum|fn|fun|func|function|impl|interface|macro|method|module|object|protocol|record|struct|trait"
    rf"|type)\s+)?({_NAME}[?!]?(?:{_SEPARATOR}{_NAME}[?!]?)*)(?:\(\))?",
)
_EXTENSION = r"\.(?:[a-z]{1,4}\d?|[A-Z]{1,2}|[ch]\+\+|swift|scala|kotlin|proto)"
_PATH = re.compile(rf"(?:[\w.@+-]+/)+[\w.@+-]+|(?<![\w./])[\w-]+(?:\.[\w-]+)*{_EXTENSION}(?![\w.])")
_PLACE = re.compile(r"(?::\d+)+$")
_ERROR = re.compile(
    r"Traceback \(most recent call last\)"
    r"|^\s+at .+\(.+:\d+\)"
    r"|^\s*(?:\w+[.:])*\w*(?:Error|Exception|Fault|Panic)\b\s*[:(]"
    r"|^\s*(?:error|fatal|panic|fatal error|uncaught\s.{0,60})(?:\[\w+\])?\s*:"
    r"|\bsegmentation fault\b|\bexit (?:code|status) \d|\berrno\b",
    re.MULTILINE | re.IGNORECASE,
)
# Things that prose does not have: statements' ends, blocks, assignments, calls, declarations.
_CODE_SIGNS = re.compile(
    r"[;{}]\s*$|^\s*[})\]]|[^=!<>]=[^=]|==|!=|<=|>=|=>|->|:=|&&|\|\||\w\(|\)\s*[:{]|\w\[\w"
    r"|^\s*(?:def|fn|func|function|class|public|private|static|const|let|var|import|from|return|if|for|while"
    r"|#include|@\w+)\b",
    re.MULTILINE,
)
_CODE_SIGNS_ON_ONE_LINE = 3
# Seven words in a row, unless a comment mark stands before them.
_PROSE = re.compile(r"""^(?!\s*(?:\#|//|/\*|\*|--|;|"|')).*(?:\b[A-Za-z]+,? ){7}""")

_FILE_ENDINGS = frozenset(
    """
    bash bats c cc cjs cpp cs csx cxx d.ts erl ex exs fs go h hh hpp hs hxx java jl js json jsx kt kts lua m md mjs ml
    mli mm php pl proto ps1 psm1 py pyi r rb rs sbt scala sh sql swift toml ts tsx vue xml yaml yml zig zon
    """.split()
)


def understand(text: str) -> Query:
    """The query that a text is. Any text will do."""
    text = text[:_MAX_CHARACTERS]
    stripped = text.strip()
    words = _words(stripped)
    if not any(character.isalnum() for character in stripped):
        return Query(text, QueryKind.EMPTY)
    if changed := hunks(text):
        paths = tuple(dict.fromkeys(hunk.path for hunk in changed))[:_MAX_NAMED]
        return Query(text, QueryKind.DIFF, (), paths, words, hunks=changed)
    place = only_location(stripped)
    if place is not None and (_is_path(stripped) or _looks_like_file(place.path)):
        return Query(text, QueryKind.PATH, (), (place.path,), words, locations=(place,))
    bare = stripped.strip("\"'`")
    if symbol := _ONE_SYMBOL.fullmatch(bare):
        typed = () if bare == stripped else phrases(stripped)
        return Query(text, QueryKind.SYMBOL, (_dotted(symbol[1]),), (), words, typed)
    places = locations(text)
    if _ERROR.search(text) or len(places) > 1:
        typed = phrases(stripped, is_message=True)
        return Query(text, QueryKind.ERROR, _symbols(stripped), _paths(stripped), words, typed, places)
    if _is_code(stripped):
        return Query(text, QueryKind.CODE, (), (), words, phrases(stripped))
    symbols, paths = _symbols(stripped), _paths(stripped)
    kind = QueryKind.MIXED if symbols or paths else QueryKind.QUESTION
    return Query(text, kind, symbols, paths, words, phrases(stripped), places)


def understand_code(text: str) -> Query:
    """A query that is known to be code."""
    text = text[:_MAX_CHARACTERS]
    return Query(text, QueryKind.CODE if any(map(str.isalnum, text)) else QueryKind.EMPTY, (), (), _words(text))


def _words(text: str) -> tuple[str, ...]:
    words = (word.lower() for word in all_search_words(text))
    return tuple(dict.fromkeys(word for word in words if word not in STOP_WORDS and len(word) > 1))


def _is_path(text: str) -> bool:
    return " " not in text and _PATH.fullmatch(_PLACE.sub("", text)) is not None and _looks_like_file(_path(text))


def _path(text: str) -> str:
    return plain_path(_PLACE.sub("", text))


def _looks_like_file(path: str) -> bool:
    """Whether this is no division or alternative (`read/write`) but a file: by its ending, or several folders."""
    return path.rpartition(".")[2] in _FILE_ENDINGS or path.count("/") >= 2


def _paths(text: str) -> tuple[str, ...]:
    found = (_path(match) for match in _PATH.findall(text))
    return tuple(dict.fromkeys(path for path in found if _looks_like_file(path)))[:_MAX_NAMED]


def _is_code(text: str) -> bool:
    signs = len(_CODE_SIGNS.findall(text))
    lines = [line for line in text.splitlines() if line.strip()]
    prose = sum(1 for line in lines if _PROSE.search(line))
    return signs >= (_CODE_SIGNS_ON_ONE_LINE if len(lines) == 1 else len(lines)) and 2 * prose < len(lines)


def _symbols(text: str) -> tuple[str, ...]:
    """Names in prose that are written as only code is, or as calls, or with a capital inside a sentence."""
    text = _PATH.sub(lambda match: " " if _looks_like_file(_path(match[0])) else match[0], text)
    found = [_dotted(name) for name in (*_QUALIFIED.findall(text), *_CALL.findall(text))]
    for match in _IDENTIFIER.finditer(text):
        name = match[0]
        inside = (
            match.start() > 0 and text[match.start() - 1] in " `'\"(" and text[: match.start()].rstrip()[-1:] != "."
        )
        capital = inside and len(name) > 2 and name[0].isupper() and not name.isupper()
        if _HAS_SHAPE.search(name) or capital:
            found.append(name)
    # `e.g` and `i.e` are no names, nor are words that end one sentence and begin the next.
    return tuple(dict.fromkeys(name for name in found if all(len(part) > 1 for part in name.split("."))))[:_MAX_NAMED]


def _dotted(name: str) -> str:
    return re.sub(_SEPARATOR, ".", name)
