"""The table of functions: storing them by file, reading them by id, and looking ids up by what is asked for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fathom_indexer.storage import fulltext
from fathom_indexer.storage.codec import (
    FUNCTION_COLUMNS,
    function_columns,
    function_from,
    kind_from,
    moved_columns,
    number_from,
    text_from,
)
from fathom_indexer.storage.records import FunctionSummary, StoredFunction
from fathom_indexer.storage.sql import MAX_VARIABLES, lookup, marks, rows_in, storable
from fathom_indexer.types import Function

_SUMMARY_COLUMNS = "functions.id, path, name, qualified_name, kind, functions.language, signature, start_line, end_line"
_OF_FILE = (
    f"SELECT functions.id, path, text_key, {FUNCTION_COLUMNS} FROM functions JOIN files ON files.id = file_id "
    "WHERE path = ? ORDER BY start_byte, end_byte DESC"
)
_NAMES_READ = 5000
"""Names that are looked through for one that resembles a misspelt one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A function as it is stored. `columns` are `codec.FUNCTION_COLUMNS`."""

    id: int
    text_key: str
    columns: Sequence[Any]
    function: Function


# --- writing ---------------------------------------------------------------------------------------------------------


def rows_of(db: sqlite3.Connection, path: str) -> list[Row]:
    """The functions of a file, in the order of their place."""
    return [
        Row(function_id, text_key, columns, function_from(path, columns))
        for function_id, path, text_key, *columns in db.execute(_OF_FILE, (path,))
    ]


def insert(db: sqlite3.Connection, file_id: int, path: str, function: Function, text_key: str) -> int:
    """Add a function to a file; returns its id."""
    function_id = db.execute(
        "INSERT INTO functions (file_id, text_key, name, qualified_name, kind, language, signature, "
        "content, start_byte, end_byte, start_line, end_line, name_line, name_start, name_end, guessed, checksum) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (file_id, text_key, *function_columns(path, function)),
    ).lastrowid
    assert function_id is not None
    fulltext.insert(db, path, function_id, function)
    return function_id


def move(db: sqlite3.Connection, path: str, row: Row, function: Function) -> None:
    """Store the new place of a function that is otherwise as in `row`."""
    db.execute(
        "UPDATE functions SET start_byte = ?, end_byte = ?, start_line = ?, end_line = ?, name_line = ?, "
        "name_start = ?, name_end = ?, guessed = ?, checksum = ? WHERE id = ?",
        (*moved_columns(path, row.columns, function), row.id),
    )


def delete(db: sqlite3.Connection, path: str, rows: Sequence[Row]) -> None:
    """Remove functions of a file."""
    fulltext.delete(db, path, ((row.id, row.function) for row in rows))
    db.executemany("DELETE FROM functions WHERE id = ?", [(row.id,) for row in rows])


# --- reading ---------------------------------------------------------------------------------------------------------


def by_id(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, StoredFunction]:
    """See `StoreReader.functions`."""
    sql = (
        f"SELECT functions.id, path, {FUNCTION_COLUMNS} FROM functions "
        "JOIN files ON files.id = file_id WHERE functions.id IN (*)"
    )
    return {
        function_id: StoredFunction(function_id, path, function_from(path, columns))
        for function_id, path, *columns in rows_in(db, sql, ids)
    }


def of_file(db: sqlite3.Connection, path: str) -> list[StoredFunction]:
    """See `StoreReader.functions_of`."""
    return [
        StoredFunction(function_id, path, function_from(path, columns))
        for function_id, path, _, *columns in db.execute(_OF_FILE, (lookup(path),))
    ]


def by_text(db: sqlite3.Connection, text_keys: Sequence[str]) -> dict[str, list[StoredFunction]]:
    """See `Store.functions_with_text`."""
    found: dict[str, list[StoredFunction]] = {}
    sql = (
        f"SELECT text_key, functions.id, path, {FUNCTION_COLUMNS} FROM functions "
        "JOIN files ON files.id = file_id WHERE text_key IN (*)"
    )
    for key, function_id, path, *columns in rows_in(db, sql, text_keys):
        found.setdefault(key, []).append(StoredFunction(function_id, path, function_from(path, columns)))
    return found


def ids_by_text(db: sqlite3.Connection, text_keys: Sequence[str]) -> dict[str, list[int]]:
    """See `Store.ids_with_text`."""
    found: dict[str, list[int]] = {}
    # Answered from the index `functions_by_text` alone.
    for key, function_id in rows_in(db, "SELECT text_key, id FROM functions WHERE text_key IN (*)", text_keys):
        found.setdefault(key, []).append(function_id)
    return found


def summaries(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, FunctionSummary]:
    """See `StoreReader.summaries`."""
    found: dict[int, FunctionSummary] = {}
    sql = f"SELECT {_SUMMARY_COLUMNS} FROM functions JOIN files ON files.id = file_id WHERE functions.id IN (*)"
    for function_id, path, name, qualified_name, kind, language, signature, start, end in rows_in(db, sql, ids):
        found[function_id] = FunctionSummary(
            function_id,
            text_from(path),
            text_from(name),
            text_from(qualified_name),
            kind_from(kind),
            text_from(language),
            text_from(signature),
            number_from(start),
            number_from(end),
        )
    return found


def text_keys(db: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """See `StoreReader.text_keys`."""
    return dict(rows_in(db, "SELECT id, text_key FROM functions WHERE id IN (*)", ids))


# --- ids -------------------------------------------------------------------------------------------------------------


def all_ids(db: sqlite3.Connection) -> set[int]:
    """The ids of all functions."""
    return {function_id for (function_id,) in db.execute("SELECT id FROM functions")}


def ids_with(db: sqlite3.Connection, column: str, values: Sequence[str]) -> set[int]:
    """The ids of all functions with one of the values in a column, `language` or `kind`."""
    rows = db.execute(f"SELECT id FROM functions WHERE {column} IN ({marks(values)})", tuple(values))
    return {function_id for (function_id,) in rows}


def ids_in_files(db: sqlite3.Connection, file_ids: Sequence[int]) -> set[int]:
    """The ids of all functions of files, given by the files' ids."""
    sql = "SELECT functions.id FROM json_each(?) CROSS JOIN functions ON file_id = value"
    return {function_id for (function_id,) in db.execute(sql, (json.dumps(file_ids),))}


def ids_in_paths(db: sqlite3.Connection, paths: Sequence[str]) -> list[int]:
    """See `Store.ids_in`."""
    sql = "SELECT functions.id FROM functions JOIN files ON files.id = file_id WHERE path IN (*)"
    return [function_id for (function_id,) in rows_in(db, sql, [lookup(path) for path in paths])]


def named(db: sqlite3.Connection, names: Sequence[str], limit: int) -> list[int]:
    """See `StoreReader.named`."""
    rows = db.execute(
        f"SELECT id FROM functions WHERE name COLLATE NOCASE IN ({marks(names)}) ORDER BY id LIMIT ?",
        (*(storable(name) for name in names), limit),
    )
    return [function_id for (function_id,) in rows]


def names(db: sqlite3.Connection, prefix: str, shortest: int, longest: int) -> list[str]:
    """See `StoreReader.names`."""
    rows = db.execute(
        "SELECT DISTINCT name FROM functions WHERE name COLLATE NOCASE >= ?1 "
        "AND name COLLATE NOCASE < ?1 || char(1114111) AND length(name) BETWEEN ?2 AND ?3 "
        "ORDER BY name COLLATE NOCASE, name LIMIT ?4",
        (storable(prefix), shortest, longest, _NAMES_READ),
    )
    return [name for (name,) in rows]


def at_paths(db: sqlite3.Connection, endings: Sequence[str], limit: int) -> list[int]:
    """See `StoreReader.in_paths`."""
    files: list[int] = []
    for ending in endings:
        rows = db.execute(
            "SELECT id FROM files WHERE path = ?1 COLLATE NOCASE "
            "OR substr(path, -length(?1) - 1) = '/' || ?1 COLLATE NOCASE ORDER BY id LIMIT ?2",
            (storable(ending), limit),
        )
        files += [file_id for (file_id,) in rows]
    chosen = files[:MAX_VARIABLES]
    rows = db.execute(
        f"SELECT id FROM functions WHERE file_id IN ({marks(chosen)}) ORDER BY id LIMIT ?", (*chosen, limit)
    )
    return [function_id for (function_id,) in rows]


def count_by_language(db: sqlite3.Connection) -> dict[str, int]:
    """See `Store.functions_by_language`."""
    return dict(
        db.execute("SELECT language, COUNT(*) FROM functions GROUP BY language ORDER BY COUNT(*) DESC, language")
    )
