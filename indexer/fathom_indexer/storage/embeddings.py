"""The tables of vectors: which exits there are, and the vectors of texts at each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from fathom_indexer.embedding_space import Floats, shorten
from fathom_indexer.storage.codec import number_from, vector_blobs, vectors_from
from fathom_indexer.storage.damage import expected_tables, tables
from fathom_indexer.storage.metadata import advance
from fathom_indexer.storage.sql import MAX_VARIABLES, marks, rows_in

_VECTORS_AT_ONCE = 5000
_EMBEDDED = "functions CROSS JOIN embeddings USING (text_key)"
"""Functions with their vectors. The cross join has SQLite start from the functions that are asked for: left to itself,
it reads all vectors of an exit."""


def space_id(db: sqlite3.Connection, model: str, layer: int) -> int:
    """The id of an exit's vectors; 0, which no vector has, if there never were any."""
    row = db.execute("SELECT id FROM spaces WHERE model = ? AND exit = ?", (model, layer)).fetchone()
    return 0 if row is None else int(row[0])


# --- writing ---------------------------------------------------------------------------------------------------------


def kept_length(db: sqlite3.Connection, model: str, layer: int) -> int:
    """How many features of vectors at this exit are kept; 0 where that is not decided yet."""
    row = db.execute("SELECT dim FROM spaces WHERE model = ? AND exit = ?", (model, layer)).fetchone()
    return 0 if row is None else number_from(row[0])


def keep_length(db: sqlite3.Connection, model: str, layer: int, dim: int) -> None:
    """Forget the vectors at this exit and keep `dim` features of later ones."""
    advance(db)
    db.execute("DELETE FROM embeddings WHERE space_id = ?", (space_id(db, model, layer),))
    db.execute(
        "INSERT INTO spaces (model, exit, dim) VALUES (?1, ?2, ?3) ON CONFLICT (model, exit) DO UPDATE SET dim = ?3",
        (model, layer, dim),
    )


def put(db: sqlite3.Connection, model: str, layer: int, text_keys: Sequence[str], vectors: Floats) -> None:
    """See `StoreReader.put_vectors`."""
    advance(db)
    db.execute("INSERT OR IGNORE INTO spaces (model, exit, dim) VALUES (?, ?, ?)", (model, layer, vectors.shape[1]))
    space, dim = db.execute("SELECT id, dim FROM spaces WHERE model = ? AND exit = ?", (model, layer)).fetchone()
    if dim > vectors.shape[1]:
        raise ValueError(f"vectors have {vectors.shape[1]} features; {dim} of them are to be kept")
    db.executemany(
        "INSERT OR REPLACE INTO embeddings (space_id, text_key, vector) VALUES (?, ?, ?)",
        [(space, key, blob) for key, blob in zip(text_keys, vector_blobs(shorten(vectors, dim)), strict=True)],
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def in_parts(db: sqlite3.Connection, model: str, layer: int) -> Iterator[tuple[list[int], Floats]]:
    """See `Store.vectors_in_parts`."""
    # In the order of keys, in which both are on disk: by id, the vectors would be read from all over the file.
    rows = db.execute(
        "SELECT functions.id, vector FROM embeddings CROSS JOIN functions USING (text_key) WHERE space_id = ?",
        (space_id(db, model, layer),),
    )
    while part := rows.fetchmany(_VECTORS_AT_ONCE):
        yield [function_id for function_id, _ in part], vectors_from([blob for _, blob in part])


def of_functions(db: sqlite3.Connection, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]:
    """See `StoreReader.vectors_of`."""
    found: dict[int, Floats] = {}
    space = space_id(db, model, layer)
    for start in range(0, len(ids), MAX_VARIABLES):
        chunk = ids[start : start + MAX_VARIABLES]
        known = db.execute(
            f"SELECT id, vector FROM {_EMBEDDED} WHERE space_id = ? AND id IN ({marks(chunk)})", (space, *chunk)
        ).fetchall()
        vectors = vectors_from([blob for _, blob in known])
        found.update((function_id, row) for (function_id, _), row in zip(known, vectors, strict=True))
    return found


def of_texts(db: sqlite3.Connection, model: str, layer: int, text_keys: Sequence[str]) -> dict[str, Floats]:
    """See `Store.vectors_of_texts`."""
    sql = "SELECT text_key, vector FROM embeddings WHERE space_id = ? AND text_key IN (*)"
    rows = rows_in(db, sql, text_keys, space_id(db, model, layer))
    return {key: vectors_from([blob])[0] for key, blob in rows}


def of_other_index(other: Path, model: str, layer: int, text_keys: Sequence[str]) -> tuple[list[str], Floats]:
    """Keys and vectors `[n, dim]` of those texts that another index file has; none if it has another format.

    The file is only read. Raises `sqlite3.Error` or `DamageError` if that fails.
    """
    with closing(sqlite3.connect(f"{other.as_uri()}?mode=ro", uri=True)) as db:
        if tables(db) != expected_tables():
            return [], vectors_from([])
        sql = "SELECT text_key, vector FROM embeddings WHERE space_id = ? AND text_key IN (*)"
        found = dict(rows_in(db, sql, text_keys, space_id(db, model, layer)))
    return list(found), vectors_from(list(found.values()))


def sample(db: sqlite3.Connection, model: str, layer: int, language: str, limit: int) -> Floats:
    """See `StoreReader.sample_vectors`."""
    rows = db.execute(
        f"SELECT vector FROM {_EMBEDDED} WHERE language = ? AND space_id = ? ORDER BY text_key LIMIT ?",
        (language, space_id(db, model, layer), limit),
    )
    return vectors_from([blob for (blob,) in rows])
