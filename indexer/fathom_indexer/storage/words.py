"""How functions and queries become words for full-text search: the same way on both sides."""

from __future__ import annotations

from collections.abc import Sequence

from fathom_indexer.identifiers import identifiers, split_identifier, split_words

# Words that nearly every question has and that say nothing about code.
STOP_WORDS = frozenset(
    """
    a an and are as at be been but by can could do does did for from had has have how i if in into is it its me my of on
    or our should so some such than that the their them then there these this those to us was we were what when where
    which who whose why will with would you your
    """.split()
)

# People name the language that they work in: `python sort a list`. Its functions do not say it, so the few that do
# would come first. Names that are words of their own, such as `go`, are not among them.
LANGUAGE_NAMES = frozenset(
    """
    cpp csharp elixir fsharp gdscript golang haskell java javascript julia kotlin lua ocaml perl php
    powershell python ruby solidity typescript
    """.split()
)


WORDS_FORMAT = 1
"""Stands for what `code_words` gives: raise it when that changes, and every file is read anew."""

_MAX_WORDS = 400
"""A query's words after these are left out: a whole file as a snippet must not keep a search busy."""


def code_words(text: str) -> str:
    """The words of source text in order; a compound identifier is followed by itself in one piece."""
    words: list[str] = []
    for identifier in identifiers(text):
        parts = split_identifier(identifier)
        words += parts
        if len(parts) > 1:
            words.append("".join(parts))
    return " ".join(words).lower()


def query_words(text: str, repeats: bool = False) -> list[str]:
    """The words of a query in order: as `code_words`, and numbers, without names of languages and idle words.

    A query of nothing but such words keeps them. With `repeats`, a word counts as often as the query has it, and names
    of languages are kept: right for code, where repetition says what it is about, wrong for questions (measured on code
    to code, NDCG@10 .225 against .198; on questions, MRR@10 .636 against .644).
    """
    words = code_words(text).split()
    words += [word for word in split_words(text) if word.isdigit()]
    if not repeats:
        words = list(dict.fromkeys(words))
    idle = STOP_WORDS if repeats else STOP_WORDS | LANGUAGE_NAMES
    return ([word for word in words if word not in idle] or words)[:_MAX_WORDS]


def match_expression(words: Sequence[str]) -> str:
    """An FTS5 expression that matches functions with any of the words; empty when there is none.

    Words of `query_words` hold letters and digits only and are quoted, so nothing in them is taken for an operator.
    """
    return " OR ".join(f'"{word}"' for word in words)


def expression_words(expression: str) -> list[str]:
    """The reverse of `match_expression`."""
    return expression.split('"')[1::2]
