"""The table of windows: keys of the texts that stand for parts of long functions (`encoder/text.py`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.storage.codec import vectors_from
from fathom_indexer.storage.embeddings import space_id
from fathom_indexer.storage.sql import rows_in


def functions_without(db: sqlite3.Connection) -> list[int]:
    """See `Store.functions_without_windows`."""
    rows = db.execute("SELECT id FROM functions EXCEPT SELECT function_id FROM windows ORDER BY 1 DESC")
    return [function_id for (function_id,) in rows]


def put(db: sqlite3.Connection, keys: Mapping[int, Sequence[str]]) -> None:
    """See `Store.put_windows`."""
    # Row 0 says that a function was looked at.
    rows = [(item, number, key) for item, own in keys.items() for number, key in enumerate(("", *own))]
    db.executemany(
        "INSERT OR REPLACE INTO windows SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM functions WHERE id = ?1)", rows
    )


def vectors(db: sqlite3.Connection, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]:
    """See `StoreReader.window_vectors`."""
    sql = (
        "SELECT function_id, vector FROM windows CROSS JOIN embeddings USING (text_key) "
        "WHERE space_id = ? AND number > 0 AND function_id IN (*)"
    )
    blobs: dict[int, list[bytes]] = {}
    for function_id, blob in rows_in(db, sql, ids, space_id(db, model, layer)):
        blobs.setdefault(function_id, []).append(blob)
    return {function_id: np.asarray(vectors_from(own)) for function_id, own in blobs.items()}
