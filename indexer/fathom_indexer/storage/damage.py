"""The cause of an error of the index file: damage, a file that cannot be used at the moment, or a bug.

Only SQLite's result codes, our checksums and a check of the whole file count as signs of damage, because a damaged
index is deleted. https://www.sqlite.org/rescode.html lists the codes.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import Enum
from functools import cache

from fathom_indexer.storage.schema import SCHEMA


class DamageError(Exception):
    """The index file holds something that Fathom never writes: a checksum, a type or a length is wrong."""


class Cause(Enum):
    """Why an operation on the index failed."""

    DAMAGE = "damage"
    UNAVAILABLE = "unavailable"
    """A full disk, a lock, missing rights: the file is sound and may be usable later."""
    UNCLEAR = "unclear"
    """A bug, or damage that SQLite did not recognize: `damage_behind` checks the file."""
    BUG = "bug"


_DAMAGE = {11: "database disk image is malformed", 26: "file is not a database"}
_UNAVAILABLE = {
    3: "access permission denied",
    5: "database is locked",
    6: "database table is locked",
    7: "out of memory",
    8: "attempt to write a readonly database",
    9: "interrupted",
    10: "disk I/O error",
    13: "database or disk is full",
    14: "unable to open database file",
    15: "locking protocol",
    22: "large file support is disabled",
    23: "authorization denied",
}
"""Primary result codes and SQLite's messages for them: Python 3.10 gives the messages alone."""

WRONG_TABLES = "its tables are not those of this version"

_ERROR, _CONSTRAINT = 1, 19
_UNDECODABLE = "Could not decode to UTF-8"
"""Start of the message with which Python refuses bytes in a text column. No version of Python gives it a code."""
_DAMAGE_MESSAGES = (
    *_DAMAGE.values(),
    "malformed database schema",
    "file is encrypted",
    "fts5: corrupt",
    "database corr",
)


def cause_of(error: Exception) -> Cause:
    """The cause of an error that was raised while the index was read or written."""
    if isinstance(error, DamageError):
        return Cause.DAMAGE
    if not isinstance(error, sqlite3.Error):
        return Cause.BUG
    code = _primary_code(error)
    if code in _DAMAGE:
        return Cause.DAMAGE
    if code in _UNAVAILABLE:
        return Cause.UNAVAILABLE
    # Damage shows like this, too: lost tables, mangled settings of FTS5, deleted rows that are still there.
    return Cause.UNCLEAR if code in (_ERROR, _CONSTRAINT) else Cause.BUG


def is_refusal(error: Exception) -> bool:
    """Whether SQLite refused to store a row that breaks a constraint."""
    return isinstance(error, sqlite3.IntegrityError)


def _primary_code(error: sqlite3.Error) -> int | None:
    """SQLite's primary result code; None for errors of Python's own, which have none."""
    text = str(error)
    if isinstance(error, sqlite3.OperationalError) and text.startswith(_UNDECODABLE):
        return next(iter(_DAMAGE))
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF
    # Python 3.10: derived from the class and the message.
    if type(error) is sqlite3.DatabaseError:
        return next(iter(_DAMAGE)) if text.startswith(_DAMAGE_MESSAGES) else None
    if isinstance(error, sqlite3.OperationalError):
        return next((code for code, message in _UNAVAILABLE.items() if text.startswith(message)), _ERROR)
    return _CONSTRAINT if isinstance(error, sqlite3.IntegrityError) else None


def damage_behind(error: Exception, db: sqlite3.Connection) -> str:
    """What is damaged, in words, if damage caused the error; else empty.

    If the cause is unclear, the whole index is checked, which takes 0.3 s for 50,000 functions. `db` must not be in a
    transaction.
    """
    cause = cause_of(error)
    if cause is not Cause.UNCLEAR:
        return str(error) if cause is Cause.DAMAGE else ""
    expected = expected_tables()
    try:
        return WRONG_TABLES if tables(db) != expected else broken_part(db)
    except sqlite3.Error as unexplained:
        # These statements are correct and the tables are ours, so an unclear error comes from the file.
        return str(unexplained) if cause_of(unexplained) in (Cause.DAMAGE, Cause.UNCLEAR) else ""


def broken_part(db: sqlite3.Connection) -> str:
    """What is inconsistent in an index whose tables are ours; empty if nothing is. Raises `sqlite3.Error`.

    After the end of the write-ahead log was lost, the file may hold pages of different transactions, each one sound.
    """
    found: str = db.execute("PRAGMA integrity_check (1)").fetchone()[0]
    if found != "ok":
        return found
    # Raises `sqlite3.Error` if the index of the words is inconsistent.
    db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    without = "SELECT id FROM {} EXCEPT SELECT id FROM {}"
    lost = [without.format("functions", "words_docsize"), without.format("words_docsize", "functions")]
    lost.append("SELECT file_id FROM functions EXCEPT SELECT id FROM files")
    if any(db.execute(query).fetchone() for query in lost):
        return "its pages are of different transactions"
    single = {table: db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("maker", "generation")}
    return next((f"the table {table} has lost its row" for table, rows in single.items() if rows != 1), "")


def tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Names and definitions of the tables and indexes. Those that FTS5 creates are listed by name only."""
    rows = db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    return [(name, "" if str(name).startswith(("words_", "history_words_")) else sql) for name, sql in rows]


@cache
def expected_tables() -> list[tuple[str, str]]:
    """The result of `tables` for an index of this version."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return tables(db)
