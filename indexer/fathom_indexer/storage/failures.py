"""What an error says about the index file: that it is damaged, that it cannot be used just now, or that we erred.

Damage is what SQLite's result codes, our checksums and a look at the whole file say, and nothing else: an index that is
taken for damaged is thrown away. https://www.sqlite.org/rescode.html lists the codes.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import Enum
from functools import cache

from fathom_indexer.storage.schema import SCHEMA


class DamageError(Exception):
    """The index file holds what Fathom never writes: a checksum, a type or a length is wrong."""


class Meaning(Enum):
    """What an error says."""

    DAMAGE = "damage"
    PLACE = "place"
    """A full disk, a lock, missing rights: the file is as it should be, and may be used later."""
    DOUBT = "doubt"
    """Either a mistake of ours, or a damaged file that SQLite has not recognized as one: `damage_behind` finds out."""
    MISTAKE = "mistake"


_DAMAGE = {11: "database disk image is malformed", 26: "file is not a database"}
_PLACE = {
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
"""Primary result codes and SQLite's words for them: Python 3.10 gives the words alone."""

_ERROR, _CONSTRAINT = 1, 19
_UNDECODABLE = "Could not decode to UTF-8"
"""How Python's own error begins where a text in the file is none. It comes without a code in every version."""
_SAID_OF_DAMAGE = (
    *_DAMAGE.values(),
    "malformed database schema",
    "file is encrypted",
    "fts5: corrupt",
    "database corr",
)


def meaning(error: Exception) -> Meaning:
    """What an error says that was raised while the index was read or written."""
    if isinstance(error, DamageError):
        return Meaning.DAMAGE
    if not isinstance(error, sqlite3.Error):
        return Meaning.MISTAKE
    code = _primary_code(error)
    if code in _DAMAGE:
        return Meaning.DAMAGE
    if code in _PLACE:
        return Meaning.PLACE
    # Tables that are gone, FTS5's settings mangled, rows that are there though they were taken out.
    return Meaning.DOUBT if code in (_ERROR, _CONSTRAINT) else Meaning.MISTAKE


def is_refusal(error: Exception) -> bool:
    """Whether SQLite refused to store something that breaks a constraint."""
    return isinstance(error, sqlite3.IntegrityError)


def _primary_code(error: sqlite3.Error) -> int | None:
    """SQLite's result code without what extends it; None for errors of Python's module, which have none."""
    text = str(error)
    if isinstance(error, sqlite3.OperationalError) and text.startswith(_UNDECODABLE):
        return next(iter(_DAMAGE))
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF
    # Python 3.10: the class and the words tell.
    if type(error) is sqlite3.DatabaseError:
        return next(iter(_DAMAGE)) if text.startswith(_SAID_OF_DAMAGE) else None
    if isinstance(error, sqlite3.OperationalError):
        return next((code for code, words in _PLACE.items() if text.startswith(words)), _ERROR)
    return _CONSTRAINT if isinstance(error, sqlite3.IntegrityError) else None


def damage_behind(error: Exception, db: sqlite3.Connection) -> str:
    """What is damaged if that is where an error comes from, in words; else empty.

    In doubt the whole index is looked at, which takes 0.3 s for 50,000 functions. `db` must be in no transaction.
    """
    found = meaning(error)
    if found is not Meaning.DOUBT:
        return str(error) if found is Meaning.DAMAGE else ""
    expected = expected_tables()
    try:
        return "its tables are others" if tables(db) != expected else broken_part(db)
    except sqlite3.Error as unexplained:
        # What is asked here is right, and the tables are ours: an error that no code explains is the file's.
        return str(unexplained) if meaning(unexplained) in (Meaning.DAMAGE, Meaning.DOUBT) else ""


def broken_part(db: sqlite3.Connection) -> str:
    """What does not hold together in an index whose tables are ours; empty if all does. Raises `sqlite3.Error`.

    A log that lost its end may contradict what was copied from it into the file: pages of two times, each one sound.
    """
    found: str = db.execute("PRAGMA integrity_check (1)").fetchone()[0]
    if found != "ok":
        return found
    # Raises what any damage raises.
    db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    without = "SELECT id FROM {} EXCEPT SELECT id FROM {}"
    lost = [without.format("functions", "words_docsize"), without.format("words_docsize", "functions")]
    lost.append("SELECT file_id FROM functions EXCEPT SELECT id FROM files")
    if any(db.execute(query).fetchone() for query in lost):
        return "its parts are of different times"
    single = {table: db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("maker", "generation")}
    return next((f"the table {table} has lost its row" for table, rows in single.items() if rows != 1), "")


def tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Names and definitions of the tables and indexes. Those that FTS5 makes for itself are not looked into."""
    rows = db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    return [(name, "" if str(name).startswith(("words_", "history_words_")) else sql) for name, sql in rows]


@cache
def expected_tables() -> list[tuple[str, str]]:
    """What `tables` gives for an index of this version."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return tables(db)
