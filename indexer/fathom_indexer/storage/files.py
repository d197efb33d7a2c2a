"""The tables of files: which paths were read or skipped, and replacing what a file holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from fathom_indexer.storage import fulltext, functions
from fathom_indexer.storage.codec import storable_function, text_from
from fathom_indexer.storage.history import clear_history, link_file
from fathom_indexer.storage.metadata import advance
from fathom_indexer.storage.records import FileState, Replaced
from fathom_indexer.storage.sql import lookup
from fathom_indexer.types import FileRecord, Function, SkippedFile


def states(db: sqlite3.Connection, under: Sequence[str] | None) -> dict[str, FileState]:
    """See `Store.file_states`."""
    found: dict[str, FileState] = {}
    under = None if under is None else [lookup(path) for path in under]
    # What is in a folder sorts between its name with a slash and with the character that follows the slash in ASCII.
    ranges = [("", None)] if under is None else [(f"{path.rstrip('/')}/", f"{path.rstrip('/')}0") for path in under]
    for table, content_hash in (("files", "content_hash"), ("skipped", "''")):
        sql = f"SELECT path, size, changed_ns, {content_hash} FROM {table} WHERE "
        cursors = [db.execute(sql + "path = ?", (path,)) for path in under or ()]
        cursors += [db.execute(sql + "path >= ? AND (?2 IS NULL OR path < ?2)", span) for span in ranges]
        found.update({text_from(path): FileState(*state) for rows in cursors for path, *state in rows})
    return found


def put(db: sqlite3.Connection, file: FileRecord, given: Sequence[tuple[Function, str]]) -> Replaced:
    """See `Store.put_file`."""
    advance(db)
    db.execute("DELETE FROM skipped WHERE path = ?", (file.path,))
    db.execute(
        "INSERT INTO files (path, language, size, changed_ns, content_hash) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (path) DO UPDATE SET language = excluded.language, size = excluded.size, "
        "changed_ns = excluded.changed_ns, content_hash = excluded.content_hash",
        (file.path, file.language, file.size, file.changed_ns, file.content_hash),
    )
    (file_id,) = db.execute("SELECT id FROM files WHERE path = ?", (file.path,)).fetchone()
    held: dict[Any, list[functions.Row]] = {}
    for row in functions.rows_of(db, file.path):
        held.setdefault((row.text_key, row.function.without_place()), []).append(row)
    ids: list[int] = []
    new: list[int] = []
    for one, text_key in given:
        function = storable_function(one)
        if same := held.get((text_key, function.without_place())):
            row = same.pop(0)
            ids.append(row.id)
            if row.function != function:
                functions.move(db, file.path, row, function)
        else:
            new.append(functions.insert(db, file_id, file.path, function, text_key))
            ids.append(new[-1])
    gone = [row for rows in held.values() for row in rows]
    functions.delete(db, file.path, gone)
    link_file(db, file.path)
    return Replaced([row.id for row in gone], new, ids)


def put_skipped(db: sqlite3.Connection, skipped: Sequence[tuple[SkippedFile, FileState]]) -> list[int]:
    """See `Store.put_skipped`."""
    gone: list[int] = []
    for item, state in skipped:
        gone += remove(db, item.path)
        db.execute(
            "INSERT INTO skipped (path, reason, size, changed_ns) VALUES (?, ?, ?, ?)",
            (item.path, item.reason, state.size, state.changed_ns),
        )
    return gone


def touch(db: sqlite3.Connection, path: str, size: int, changed_ns: int) -> None:
    """See `Store.touch_file`."""
    db.execute("UPDATE files SET size = ?, changed_ns = ? WHERE path = ?", (size, changed_ns, path))


def remove(db: sqlite3.Connection, path: str) -> list[int]:
    """Forget a path. Returns the ids of the functions that are gone."""
    rows = functions.rows_of(db, path)
    if rows:
        advance(db)
    fulltext.delete(db, path, ((row.id, row.function) for row in rows))
    # Its functions go with the file.
    db.execute("DELETE FROM files WHERE path = ?", (path,))
    db.execute("DELETE FROM skipped WHERE path = ?", (path,))
    return [row.id for row in rows]


def clear(db: sqlite3.Connection) -> None:
    """Forget all paths and all functions."""
    advance(db)
    fulltext.clear(db)
    clear_history(db)
    for table in ("functions", "files", "skipped"):
        db.execute(f"DELETE FROM {table}")


def exists(db: sqlite3.Connection, path: str) -> bool:
    """See `StoreReader.has_file`."""
    return db.execute("SELECT 1 FROM files WHERE path = ?", (lookup(path),)).fetchone() is not None


def content_hash(db: sqlite3.Connection, path: str) -> str:
    """See `Store.content_hash`."""
    row = db.execute("SELECT content_hash FROM files WHERE path = ?", (lookup(path),)).fetchone()
    return "" if row is None else str(row[0])


def ids_and_paths(db: sqlite3.Connection) -> list[tuple[int, str]]:
    """The id and the path of every file."""
    return [(file_id, text_from(path)) for file_id, path in db.execute("SELECT id, path FROM files")]


def counts(db: sqlite3.Connection) -> tuple[int, int]:
    """See `Store.counts`."""
    files, stored = (db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in ("files", "functions"))
    return files, stored


def skipped_by_reason(db: sqlite3.Connection) -> dict[str, int]:
    """See `Store.skipped_by_reason`."""
    return dict(db.execute("SELECT reason, COUNT(*) FROM skipped GROUP BY reason ORDER BY COUNT(*) DESC, reason"))


def skipped(db: sqlite3.Connection, limit: int) -> list[SkippedFile]:
    """See `Store.skipped_files`."""
    sql = "SELECT path, reason FROM skipped ORDER BY reason LIKE 'too large%' DESC, path LIMIT ?"
    return [SkippedFile(path, reason) for path, reason in db.execute(sql, (limit,))]
