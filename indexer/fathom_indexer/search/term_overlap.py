"""How much of a query's words stands in names: of functions, of their files and folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from fathom_indexer.identifiers import all_search_words

Key = TypeVar("Key")

Part = tuple[tuple[str, ...], float]
"""Words in lower case, and what one of them counts, in (0, 1]."""

_SHORTEST_STEM = 4
_MOST_ENDING = 4
_SHORTEST_ROOT = 5
"""What is left of a word without its derivational ending has at least so many letters."""

_ENDINGS = tuple(
    sorted(
        """
        ization izations izer izers izing ized ize ises ising ation ations ator ators ating ated ate ion ions ing ings
        er ers or ors ed able ible ment ments al ally
        """.split(),
        key=lambda ending: -len(ending),
    )
)

_ABBREVIATIONS = {
    short: word
    for word, shorts in {
        "address": "addr",
        "argument": "arg",
        "attribute": "attr",
        "average": "avg",
        "boolean": "bool",
        "buffer": "buf",
        "button": "btn",
        "calculate": "calc",
        "character": "char chr",
        "command": "cmd",
        "config": "cfg conf",
        "connection": "conn",
        "context": "ctx",
        "count": "cnt",
        "current": "cur curr",
        "database": "db",
        "declaration": "decl",
        "delete": "del",
        "description": "desc descr",
        "destination": "dst dest",
        "directory": "dir",
        "document": "doc",
        "element": "elem elt",
        "environment": "env",
        "error": "err",
        "event": "evt",
        "execute": "exec",
        "expression": "expr",
        "extension": "ext",
        "format": "fmt",
        "function": "fn func",
        "image": "img",
        "implementation": "impl",
        "index": "idx",
        "information": "info",
        "initialize": "init",
        "integer": "int",
        "iterator": "iter",
        "language": "lang",
        "length": "len",
        "library": "lib",
        "manager": "mgr",
        "maximum": "max",
        "memory": "mem",
        "message": "msg",
        "minimum": "min",
        "number": "num",
        "object": "obj",
        "option": "opt",
        "package": "pkg",
        "parameter": "param",
        "password": "pwd passwd pass",
        "pointer": "ptr",
        "position": "pos",
        "previous": "prev",
        "process": "proc",
        "random": "rand",
        "reference": "ref",
        "repository": "repo",
        "request": "req",
        "response": "resp res",
        "sequence": "seq",
        "source": "src",
        "specification": "spec",
        "statement": "stmt",
        "string": "str",
        "synchronize": "sync",
        "temporary": "tmp temp",
        "text": "txt",
        "utility": "util",
        "value": "val",
        "variable": "var",
        "window": "wnd",
    }.items()
    for short in shorts.split()
}
"""Programmers' abbreviations, each for one word."""


def shares(words: Sequence[str], named: Mapping[Key, Sequence[Part]]) -> dict[Key, float]:
    """The share of the query's words that each key's parts have, in (0, 1]; keys without any are left out.

    A word counts as much as it tells the keys apart: one that most of them have counts little. One that several parts
    have counts as in the best of them.
    """
    having: dict[str, dict[Key, float]] = {}
    for key, parts in named.items():
        for own, value in parts:
            for part in own:
                keys = having.setdefault(part, {})
                keys[key] = max(value, keys.get(key, 0.0))
    # Forms of one word begin alike, so a word is compared with few.
    alike: dict[str, list[str]] = {}
    for part in having:
        alike.setdefault(_beginning(part), []).append(part)
    whole = 0.0
    sums: dict[Key, float] = {}
    for word in words:
        found: dict[Key, float] = {}
        for part in alike.get(_beginning(word), ()):
            if same_word(word, part):
                for key, value in having[part].items():
                    found[key] = max(value, found.get(key, 0.0))
        telling = 1.0 - len(found) / (len(named) + 1)
        whole += telling
        for key, value in found.items():
            sums[key] = sums.get(key, 0.0) + telling * value
    return {key: value / whole for key, value in sums.items()}


def same_word(one: str, other: str) -> bool:
    """Whether two words in lower case are forms of one.

    They are equal, one is the other with a short ending, they differ in a derivational ending alone (`serializer`,
    `serialization`), or one is an abbreviation of the other.
    """
    one, other = _stem(one), _stem(other)
    return one == other or _with_ending(one, other) or _with_ending(_root(one), _root(other))


def _with_ending(one: str, other: str) -> bool:
    """Whether two stems are the same but for a short ending of one of them."""
    shorter, longer = sorted((one, other), key=len)
    ending = len(longer) - len(shorter)
    return (
        len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter) and (ending <= _MOST_ENDING or shorter == "auth")
    )


@lru_cache(maxsize=16384)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, and all of them in one: `filename` is asked for as "file name" and the other
    way round."""
    words = [word.lower() for word in all_search_words(name)]
    return (*words, "".join(words)) if len(words) > 1 else tuple(words)


def _beginning(word: str) -> str:
    return _stem(word)[:_SHORTEST_STEM]


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    """The singular, written out where it is an abbreviation."""
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    return _ABBREVIATIONS.get(word, word)


@lru_cache(maxsize=8192)
def _root(stem: str) -> str:
    """A stem without a derivational ending, the longest one that leaves enough of it."""
    for ending in _ENDINGS:
        if stem.endswith(ending) and len(stem) - len(ending) >= _SHORTEST_ROOT:
            return stem[: -len(ending)]
    return stem
