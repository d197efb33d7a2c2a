"""The connection to the index file: opening it, its transactions, and replacing a damaged file."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fathom_indexer.errors import IndexDamagedError, IndexStoreError
from fathom_indexer.storage.damage import (
    WRONG_TABLES,
    Cause,
    DamageError,
    broken_part,
    cause_of,
    damage_behind,
    expected_tables,
    is_refusal,
    tables,
)
from fathom_indexer.storage.schema import SCHEMA, SCHEMA_VERSION

logger = logging.getLogger(__name__)

_BUSY_TIMEOUT_MS = 10_000


class _UnusableError(Exception):
    """The index file cannot be used as it is. The message says why, as the rest of "the index ... "."""


class IndexConnection:
    """An open index file. Belongs to the thread that opened it."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the index at `path`; in memory for None.

        A file that is damaged or of another format is replaced by an empty index, with a warning in the log. Raises
        `IndexStoreError` if the file cannot be opened, written, or replaced.
        """
        self.path = path
        self._damage = ""
        """What is wrong with the file, once that was found out and the file was closed."""
        self._identity: tuple[int, int] | None = None
        """Identifies the open file: another process may put a new one in its place."""
        try:
            self.db = self._open()
        except _UnusableError as reason:
            logger.warning("the index %s %s: it will be built anew", path, reason)
            self._discard(str(reason))
            try:
                self.db = self._open()
            except (_UnusableError, sqlite3.Error) as error:
                raise IndexStoreError(f"the index {path} cannot be rebuilt: {error}") from error
        except sqlite3.Error as error:
            raise IndexStoreError(f"the index {path} cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the file. The connection cannot be used afterwards."""
        self.db.close()

    def size_bytes(self) -> int:
        """Bytes of the index on disk, the write-ahead log included."""
        if self.path is None:
            return 0
        return sum(file.stat().st_size for file in (self.path, _log_of(self.path)) if file.exists())

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Run queries. Errors of SQLite and damage become `IndexStoreError`, bugs are raised as they are."""
        try:
            yield self.db
        except (sqlite3.Error, DamageError) as error:
            failure = self._failure("read", error)
            if failure is None:
                raise
            raise failure from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction: committed at the end, rolled back after any error. Raises as `reading`."""
        try:
            try:
                self.db.execute("BEGIN IMMEDIATE")
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                # SQLite rolls back by itself after some errors. The first error is the one to report.
                with suppress(sqlite3.Error):
                    if self.db.in_transaction:
                        self.db.execute("ROLLBACK")
                raise
        except (sqlite3.Error, DamageError) as error:
            failure = self._failure("written", error)
            if failure is None:
                raise
            raise failure from error

    def _open(self) -> sqlite3.Connection:
        # A log means that another process has the index open, or that the last one did not close it.
        left_open = self.path is not None and _log_of(self.path).exists()
        # Without full-text search in SQLite this raises, before any file can be blamed.
        expected = expected_tables()
        db = sqlite3.connect(self.path or ":memory:", isolation_level=None)
        self._identity = None if self.path is None else _identity(self.path)
        try:
            db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            db.execute("PRAGMA journal_mode = WAL")
            # Consistent after a crash; after a power cut the last files may have to be read again.
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            # Kilobytes. A larger cache made no search faster at 50,000 functions: the system caches the file, too.
            db.execute("PRAGMA cache_size = -16384")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                # Two processes may get here at once: the second one finds every table made.
                db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
            elif version != SCHEMA_VERSION:
                raise _UnusableError(f"has format {version}, this version of Fathom uses {SCHEMA_VERSION}")
            elif tables(db) != expected:
                raise _UnusableError(f"is damaged ({WRONG_TABLES})")
            elif left_open and (broken := broken_part(db)):
                raise _UnusableError(f"is damaged ({broken})")
            self._identity = None if self.path is None else _identity(self.path)
        except _UnusableError:
            db.close()
            raise
        except sqlite3.Error as error:
            damaged = damage_behind(error, db)
            db.close()
            if damaged:
                raise _UnusableError(f"is damaged ({damaged})") from error
            raise
        return db

    def _discard(self, why: str) -> None:
        """Remove the file, which is closed; `why` says what is wrong with it. Raises `IndexStoreError`."""
        if self.path is None or _identity(self.path) != self._identity:
            # Another process has noticed the damage before and begun a new index.
            return
        try:
            # The log goes last: SQLite ignores a log without its file.
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise IndexStoreError(
                f"the index {self.path} {why} and cannot be removed ({error.strerror or error}): end the programs that "
                "have it open, or remove it yourself; it will be built anew then"
            ) from error

    def _failure(self, what: str, error: Exception) -> IndexStoreError | None:
        """The error to raise instead of `error`; None for a bug, which is raised as it is.

        A damaged file is removed, so that the next start builds a sound one. Raises `IndexStoreError` if it cannot be
        removed; every later use tries again.
        """
        if not self._damage and self.path is not None:
            self._damage = damage_behind(error, self.db)
        if self._damage:
            # Closed for later callers, too: some of them continue when an index merely cannot be written.
            self.db.close()
            self._discard(f"is damaged ({self._damage})")
            return IndexDamagedError(
                f"the index {self.path} is damaged ({self._damage}); it will be built anew at the next start"
            )
        if cause_of(error) is Cause.UNAVAILABLE or isinstance(error, DamageError) or is_refusal(error):
            return IndexStoreError(f"the index {self.path} cannot be {what}: {error}")
        return None


def _log_of(index: Path) -> Path:
    """SQLite's write-ahead log of an index, which exists while a process has the index open."""
    return index.with_name(index.name + "-wal")


def _identity(file: Path) -> tuple[int, int] | None:
    """Device and inode of a file, which a later file of the same name does not share; None if there is no file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
