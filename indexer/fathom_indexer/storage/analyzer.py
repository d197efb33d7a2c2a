"""The analyzer of full-text search: source text and queries become words by the same rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from fathom_indexer.identifiers import identifiers_and_numbers, search_words

# Words of nearly every question that say nothing about code.
STOP_WORDS = frozenset(
    """
    a an and are as at be been but by can could do does did for from had has have how i if in into is it its me my of on
    or our should so some such than that the their them then there these this those to us was we were what when where
    which who whose why will with would you your
    """.split()
)

# Questions often name a language: `python sort a list`. Functions in that language do not contain the name, so the few
# that do would come first. Names that are also English words, such as `go`, are not in the list.
LANGUAGE_NAMES = frozenset(
    """
    cpp csharp elixir fsharp gdscript golang haskell java javascript julia kotlin lua ocaml perl php
    powershell python ruby solidity typescript
    """.split()
)


WORDS_FORMAT = 2
"""Version of the rules of `code_words`. Raise it when they change: every file is then read again."""

_MAX_WORDS = 400
"""A query's words after these are left out: a whole file as a snippet must not keep a search busy."""


_LETTERS_AND_DIGITS = re.compile(r"([A-Za-z]{2,})([0-9]+)")
_PARTS = {"ipv4": ("ip", "ipv4"), "ipv6": ("ip", "ipv6"), "mysql": ("sql", "mysql"), "oauth2": ("oauth", "oauth2")}
"""Words that are also found by a part of theirs."""


def code_words(text: str) -> str:
    """The words of source text in order, numbers included.

    A word that ends in digits is preceded by its two parts, a compound identifier is followed by itself in one piece:
    `hash_sha256` -> hash, sha, 256, sha256, hashsha256.
    """
    return " ".join(_terms(run) for run in identifiers_and_numbers(text) if run.strip("_"))


@lru_cache(maxsize=65_536)
def _terms(identifier: str) -> str:
    parts = [word.lower() for word in search_words(identifier)]
    terms: list[str] = []
    for part in parts:
        if two := _LETTERS_AND_DIGITS.fullmatch(part):
            terms += _PARTS.get(part, (two[1], two[2], part))
        else:
            terms += _PARTS.get(part, (part,))
    if len(parts) > 1:
        terms.append("".join(parts))
    return " ".join(terms)


def query_words(text: str, repeats: bool = False) -> list[str]:
    """The words of a query in order: as `code_words`, without names of languages and stop words.

    A query of nothing but such words keeps them. With `repeats`, a word counts as often as the query has it, and
    nothing is left out: right for code, where repetition says what it is about, wrong for questions (measured on code
    to code, NDCG@10 .225 against .198; on questions, MRR@10 .636 against .644).
    """
    words = code_words(text).split()
    if repeats:
        return words[:_MAX_WORDS]
    words = list(dict.fromkeys(words))
    idle = STOP_WORDS | LANGUAGE_NAMES
    return ([word for word in words if word not in idle] or words)[:_MAX_WORDS]


def phrase_expression(text: str) -> str:
    """An FTS5 expression that matches functions which have the words of a text in a row; empty when it has none."""
    words = code_words(text).split()
    return f'"{" ".join(words)}"' if words else ""


def match_expression(words: Sequence[str]) -> str:
    """An FTS5 expression that matches functions with any of the words; empty without words.

    Words of `query_words` hold letters and digits only and are quoted, so FTS5 sees no operator in them.
    """
    return " OR ".join(f'"{word}"' for word in words)


def expression_words(expression: str) -> list[str]:
    """The reverse of `match_expression` and `phrase_expression`; a phrase is one item."""
    return expression.split('"')[1::2]
