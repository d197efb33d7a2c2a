"""Which texts have vectors, and which vectors are still used."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence

from fathom_indexer.storage.codec import text_from
from fathom_indexer.storage.embeddings import space_id
from fathom_indexer.storage.sql import rows_in


def missing_by_path(
    db: sqlite3.Connection, model: str, layer: int, among: Collection[str] | None
) -> dict[str, list[str]]:
    """See `Store.texts_without_vector`."""
    if among is None:
        # Two indexes alone tell which keys these are; nothing of the functions that have vectors is read.
        source = (
            "(SELECT text_key FROM functions EXCEPT SELECT text_key FROM embeddings WHERE space_id = ?1) "
            "CROSS JOIN functions USING (text_key) JOIN files ON files.id = file_id"
        )
    else:
        source = (
            "json_each(?2) CROSS JOIN files ON files.path = value JOIN functions ON files.id = file_id WHERE "
            "NOT EXISTS (SELECT 1 FROM embeddings AS e WHERE e.space_id = ?1 AND e.text_key = functions.text_key)"
        )
    sql = f"SELECT files.path, text_key FROM {source} ORDER BY changed_ns DESC, start_byte"
    found: dict[str, list[str]] = {}
    space = space_id(db, model, layer)
    for path, key in db.execute(sql, (space,) if among is None else (space, json.dumps(list(among)))):
        found.setdefault(text_from(path), []).append(key)
    return found


def missing_among(db: sqlite3.Connection, model: str, layer: int, text_keys: Sequence[str]) -> list[str]:
    """See `Store.without_vector`."""
    sql = "SELECT text_key FROM embeddings WHERE space_id = ? AND text_key IN (*)"
    known = {key for (key,) in rows_in(db, sql, text_keys, space_id(db, model, layer))}
    return [key for key in text_keys if key not in known]


def is_complete(db: sqlite3.Connection, model: str, layer: int) -> bool:
    """See `Store.is_complete`."""
    row = db.execute(
        "SELECT complete IS number FROM spaces, generation WHERE model = ? AND exit = ?", (model, layer)
    ).fetchone()
    return row is not None and bool(row[0])


def note_complete(db: sqlite3.Connection, model: str, layers: Sequence[int], writes: int) -> None:
    """See `Store.note_complete`."""
    if writes == writes_elsewhere(db):
        db.executemany(
            "UPDATE spaces SET complete = (SELECT number FROM generation) WHERE model = ? AND exit = ?",
            [(model, layer) for layer in layers],
        )


def count(db: sqlite3.Connection, model: str, layer: int) -> int:
    """Functions that have a vector at this exit."""
    number: int = db.execute(
        "SELECT COUNT(*) FROM embeddings CROSS JOIN functions USING (text_key) WHERE space_id = ?",
        (space_id(db, model, layer),),
    ).fetchone()[0]
    return number


def writes_elsewhere(db: sqlite3.Connection) -> int:
    """See `Store.writes_elsewhere`."""
    version: int = db.execute("PRAGMA data_version").fetchone()[0]
    return version


def last_pruned(db: sqlite3.Connection, model: str, layers: Sequence[int]) -> int | None:
    """See `Store.last_pruned`."""
    sql = "SELECT used FROM spaces WHERE model = ? AND exit = ?"
    days = [db.execute(sql, (model, layer)).fetchone() for layer in layers]
    return min((day[0] for day in days), default=None) if all(day and day[0] for day in days) else None


def prune(db: sqlite3.Connection, model: str, layers: Sequence[int], today: int, days: int, most: int) -> int:
    """See `Store.prune`."""
    db.executemany(
        "UPDATE spaces SET used = ? WHERE model = ? AND exit = ?", [(today, model, layer) for layer in layers]
    )
    db.execute("UPDATE spaces SET used = ?1 WHERE used IS NULL", (today,))
    db.execute(
        "DELETE FROM unused WHERE text_key IN (SELECT text_key FROM functions UNION SELECT text_key FROM windows)"
    )
    db.execute(
        "INSERT OR IGNORE INTO unused SELECT text_key, ? FROM "
        "(SELECT text_key FROM embeddings EXCEPT SELECT text_key FROM functions EXCEPT SELECT text_key FROM windows)",
        (today,),
    )
    texts = db.execute(
        "SELECT text_key FROM unused WHERE since <= ?1 UNION "
        "SELECT text_key FROM (SELECT text_key FROM unused ORDER BY since DESC, text_key LIMIT -1 OFFSET ?2)",
        (today - days, most),
    ).fetchall()
    spaces = db.execute("SELECT id, used FROM spaces").fetchall()
    before = db.total_changes
    for space, used in spaces:
        if used <= today - days:
            db.execute("DELETE FROM embeddings WHERE space_id = ?", (space,))
        else:
            db.executemany(
                "DELETE FROM embeddings WHERE space_id = ? AND text_key = ?", [(space, *text) for text in texts]
            )
    gone = db.total_changes - before
    db.executemany("DELETE FROM unused WHERE text_key = ?", texts)
    return gone
