"""The table of sketches, by which duplicates are found."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from fathom_indexer.storage.codec import sketch_from
from fathom_indexer.storage.records import SketchedFunction, SketchRow
from fathom_indexer.storage.sql import marks


def missing(db: sqlite3.Connection, kinds: Sequence[str]) -> list[int]:
    """See `Store.unsketched`."""
    rows = db.execute(
        f"SELECT id FROM functions WHERE kind IN ({marks(kinds)}) "
        "AND id NOT IN (SELECT function_id FROM sketches) ORDER BY id",
        tuple(kinds),
    )
    return [function_id for (function_id,) in rows]


def put(db: sqlite3.Connection, sketches: Mapping[int, SketchRow]) -> None:
    """See `Store.put_sketches`."""
    db.executemany(
        "INSERT OR REPLACE INTO sketches (function_id, tokens, exact, renamed, grams, names) "
        "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM functions WHERE id = ?1)",
        [(function_id, *row) for function_id, row in sketches.items()],
    )


def read(db: sqlite3.Connection, min_tokens: int) -> list[SketchedFunction]:
    """See `Store.sketched`."""
    rows = db.execute(
        "SELECT functions.id, path, functions.language, kind, start_byte, end_byte, tokens, exact, renamed, "
        "grams, names FROM sketches JOIN functions ON functions.id = function_id "
        "JOIN files ON files.id = file_id WHERE tokens >= ? ORDER BY functions.id",
        (min_tokens,),
    )
    return [SketchedFunction(*[*row[:6], sketch_from(row[6:])]) for row in rows]
