"""The analyzer of full-text search: source text and queries become words by the same rules."""

from __future__ import annotations

from collections.abc import Sequence

from fathom_indexer.identifiers import identifiers, split_identifier, split_words

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


WORDS_FORMAT = 1
"""Version of the rules of `code_words`. Raise it when they change: every file is then read again."""

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
    """The words of a query in order: those of `code_words` and numbers, without stop words and names of languages.

    A query of nothing but such words keeps them. With `repeats`, repeated words and names of languages are kept, which
    is better for code, where repetition shows the subject, and worse for questions (measured on code to code, NDCG@10
    .225 against .198; on questions, MRR@10 .636 against .644).
    """
    words = code_words(text).split()
    words += [word for word in split_words(text) if word.isdigit()]
    if not repeats:
        words = list(dict.fromkeys(words))
    left_out = STOP_WORDS if repeats else STOP_WORDS | LANGUAGE_NAMES
    return ([word for word in words if word not in left_out] or words)[:_MAX_WORDS]


def match_expression(words: Sequence[str]) -> str:
    """An FTS5 expression that matches functions with any of the words; empty without words.

    Words of `query_words` hold letters and digits only and are quoted, so FTS5 sees no operator in them.
    """
    return " OR ".join(f'"{word}"' for word in words)


def expression_words(expression: str) -> list[str]:
    """The reverse of `match_expression`."""
    return expression.split('"')[1::2]
