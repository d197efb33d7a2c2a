"""The tables of a single row: what made the index, and its generation."""

from __future__ import annotations

import sqlite3
from typing import Any

from fathom_indexer.storage.codec import number_from, text_from
from fathom_indexer.storage.damage import DamageError


def generation(db: sqlite3.Connection) -> int:
    """See `StoreReader.generation`."""
    return number_from(_only_value(db, "SELECT number FROM generation"))


def advance(db: sqlite3.Connection) -> None:
    """Begin a new generation: this transaction changes functions or vectors."""
    db.execute("UPDATE generation SET number = number + 1")


def fingerprint(db: sqlite3.Connection) -> str:
    """What made the index (`Store.made_by`); empty for a new one."""
    return text_from(_only_value(db, "SELECT fingerprint FROM maker"))


def set_fingerprint(db: sqlite3.Connection, value: str) -> None:
    """Record what makes the index."""
    db.execute("UPDATE maker SET fingerprint = ?", (value,))


def _only_value(db: sqlite3.Connection, sql: str) -> Any:
    """The only column of the only row. Raises `DamageError` if there is none."""
    row = db.execute(sql).fetchone()
    if row is None:
        raise DamageError("a table has lost its row")
    return row[0]
