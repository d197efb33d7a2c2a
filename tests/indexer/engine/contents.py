"""What an index holds, in a form that two indexes can be compared by, and whether it holds together."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.languages import extract, language_named
from fathom_indexer.storage import Store

Content = dict[str, Any]

_WORDS_TABLE = "CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'words', 'instance')"


def content_of(engine: Engine) -> Content:
    """Everything that an engine's index holds of the files, without ids and times."""
    return content(engine._store._connection.db)


def content(db: sqlite3.Connection) -> Content:
    """Files, functions, words with their places, and vectors at each exit."""
    db.execute("DROP TABLE IF EXISTS temp.terms")
    db.execute(_WORDS_TABLE)
    place = "path, start_byte, end_byte, qualified_name"
    return {
        "files": db.execute("SELECT path, language, size, content_hash FROM files ORDER BY path").fetchall(),
        "skipped": db.execute("SELECT path, reason FROM skipped ORDER BY path").fetchall(),
        "functions": db.execute(
            f"SELECT {place}, kind, functions.language, signature, content, start_line, end_line, text_key, checksum "
            f"FROM functions JOIN files ON files.id = file_id ORDER BY {place}"
        ).fetchall(),
        "words": db.execute(
            f"SELECT term, col, offset, {place} FROM temp.terms LEFT JOIN functions ON functions.id = doc "
            f"LEFT JOIN files ON files.id = file_id ORDER BY term, col, offset, {place}"
        ).fetchall(),
        "vectors": {
            (layer, key): vector
            for layer, key, vector in db.execute(
                "SELECT exit, text_key, vector FROM embeddings JOIN spaces ON id = space_id "
                "WHERE text_key IN (SELECT text_key FROM functions)"
            )
        },
    }


def fresh(root: Path, config: Config) -> Content:
    """What an index would hold that is made now, in memory."""
    with Engine(root, config, Store(None)) as engine:
        complete(engine)
        return content_of(engine)


def complete(engine: Engine) -> None:
    """Index everything, in every stage."""
    engine.index()
    for _ in engine.idle_steps():
        pass


def check_sound(index: Path, versions: Mapping[str, bytes]) -> None:
    """Assert that an index file holds together, and holds of each file what one of its versions gives.

    `versions` has every content that any file ever had, by its hash.
    """
    with closing(sqlite3.connect(index)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        in_words = db.execute("SELECT id FROM words_docsize ORDER BY id").fetchall()
        assert in_words == db.execute("SELECT id FROM functions ORDER BY id").fetchall()
        paths = db.execute("SELECT path, language, content_hash FROM files").fetchall()
    with closing(Store(index)) as store:
        for path, language, content_hash in paths:
            units = [stored.function for stored in store.functions_of(path)]
            assert units == extract(versions[content_hash], language_named(language))
