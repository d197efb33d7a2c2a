"""Helpers for SQL statements: lists of keys of any length, and strings that SQLite can store."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

MAX_VARIABLES = 500
"""Bound parameters of one statement; old SQLite builds stop at 999."""

_SURROGATES = re.compile("[\ud800-\udfff]")


def marks(items: Sequence[object]) -> str:
    """A question mark for each item, for the inside of `IN (...)`."""
    return ",".join("?" * len(items))


def rows_in(db: sqlite3.Connection, sql: str, items: Sequence[object], *first: object) -> Iterator[tuple[Any, ...]]:
    """The rows of a query whose last condition is `IN (*)`, with these items; in as many statements as SQLite needs.

    `first` are the variables that come before them.
    """
    for start in range(0, len(items), MAX_VARIABLES):
        chunk = items[start : start + MAX_VARIABLES]
        # No `yield from`: an abandoned one would close a cursor whose connection may be closed already.
        for row in db.execute(sql.replace("IN (*)", f"IN ({marks(chunk)})"), (*first, *chunk)):  # noqa: UP028
            yield row


def storable(text: str) -> str:
    """A string that SQLite can store: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def lookup(path: str) -> str:
    """A path to look for. SQLite rejects lone surrogates, and no stored path has any: they become U+FFFD."""
    return _SURROGATES.sub("\ufffd", path)
