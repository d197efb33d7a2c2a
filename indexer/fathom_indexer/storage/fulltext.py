"""Full-text search: the FTS5 table `words`, ranked by BM25 (Robertson and Zaragoza 2009).

The table keeps the index of the words only. To take a row out, FTS5 needs the words that were put in, which are made
again from the functions table.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple
from itertools import islice

from fathom_indexer.storage.analyzer import code_words, match_expression
from fathom_indexer.storage.damage import DamageError
from fathom_indexer.storage.records import ColumnWeights, WordStatistics
from fathom_indexer.storage.sql import storable
from fathom_indexer.types import Function

_INSERT = (
    "INSERT INTO words (rowid, name, qualified_name, signature, documentation, body, path) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_DELETE = (
    "INSERT INTO words (words, rowid, name, qualified_name, signature, documentation, body, path) "
    "VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
)


def insert(db: sqlite3.Connection, path: str, function_id: int, function: Function) -> None:
    """Make the words of a stored function searchable."""
    db.execute(_INSERT, (function_id, *_words(function), code_words(path)))


def delete(db: sqlite3.Connection, path: str, functions: Iterable[tuple[int, Function]]) -> None:
    """Take out the words of a file's functions, given by id exactly as they are stored."""
    path_words = code_words(path)
    db.executemany(_DELETE, [(function_id, *_words(function), path_words) for function_id, function in functions])


def clear(db: sqlite3.Connection) -> None:
    """Take out all words."""
    db.execute("INSERT INTO words (words) VALUES ('delete-all')")


def matching(
    db: sqlite3.Connection,
    expression: str,
    limit: int,
    weights: ColumnWeights,
    allowed: Collection[int] | None = None,
) -> list[tuple[int, float]]:
    """See `StoreReader.matching_words`."""
    if not expression:
        return []
    rows = db.execute(
        "SELECT rowid, -bm25(words, ?, ?, ?, ?, ?, ?) AS score FROM words WHERE words MATCH ? "
        "ORDER BY score DESC, rowid" + (" LIMIT ?" if allowed is None else ""),
        (*astuple(weights), expression, *((limit,) if allowed is None else ())),
    )
    if allowed is None:
        return list(rows)
    return list(islice((row for row in rows if row[0] in allowed), limit))


def statistics(db: sqlite3.Connection, words: Iterable[str]) -> WordStatistics:
    """See `StoreReader.word_statistics`."""
    # FTS5's averages record: the number of rows, then the number of terms in all rows, column by column.
    row = db.execute("SELECT block FROM words_data WHERE id = 1").fetchone()
    if row is None or type(row[0]) is not bytes:
        raise DamageError("the statistics of full-text search are damaged")
    functions, *columns = _varints(row[0]) or [0]
    sql = "SELECT COUNT(*) FROM words WHERE words MATCH ?"
    containing = {word: db.execute(sql, (match_expression([word]),)).fetchone()[0] for word in dict.fromkeys(words)}
    return WordStatistics(functions, sum(columns), containing)


def terms(db: sqlite3.Connection, prefix: str, shortest: int, longest: int) -> dict[str, int]:
    """See `StoreReader.terms`."""
    # A view of the words for this connection alone, which holds nothing.
    db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab ('main', 'words', 'row')")
    rows = db.execute(
        "SELECT term, doc FROM temp.terms WHERE term >= ?1 AND term < ?1 || char(1114111) "
        "AND length(term) BETWEEN ?2 AND ?3",
        (storable(prefix), shortest, longest),
    )
    return dict(rows)


def having(db: sqlite3.Connection, words: Iterable[str], ids: Sequence[int]) -> dict[str, set[int]]:
    """See `StoreReader.having_words`."""
    # With a plain `rowid`, FTS5 would look the word up once for every function.
    sql = "SELECT rowid FROM words WHERE words MATCH ? AND +rowid IN (SELECT value FROM json_each(?))"
    wanted = json.dumps(list(ids))
    return {
        word: {function_id for (function_id,) in db.execute(sql, (match_expression([word]), wanted))}
        for word in dict.fromkeys(words)
    }


def _words(function: Function) -> tuple[str, ...]:
    """The columns but the path. The same stored function always gives the same words, as `delete` needs."""
    columns = (function.name, function.qualified_name, function.signature, function.documentation, function.text)
    return tuple(code_words(column) for column in columns)


def _varints(record: bytes) -> list[int]:
    """The whole numbers of a record in SQLite's varint format: seven bits a byte, the most significant ones first."""
    numbers: list[int] = []
    number = 0
    for byte in record:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    return numbers
