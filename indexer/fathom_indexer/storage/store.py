"""Reading and writing the index file. One object, one connection, one thread."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.errors import IndexDamagedError, IndexStoreError
from fathom_indexer.storage.failures import (
    DamageError,
    Meaning,
    broken_part,
    damage_behind,
    expected_tables,
    is_refusal,
    meaning,
    tables,
)
from fathom_indexer.storage.history import HistoryMatch, HistoryTable, clear_history, link_file
from fathom_indexer.storage.schema import SCHEMA, SCHEMA_VERSION
from fathom_indexer.storage.words import code_words, match_expression
from fathom_indexer.types import FileRecord, Function, Kind, SkippedFile

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]

_BUSY_TIMEOUT_MS = 10_000
_FUNCTION_COLUMNS = (
    "name, qualified_name, kind, functions.language, signature, content, start_byte, end_byte, start_line, end_line, "
    "name_line, name_start, name_end, guessed, checksum"
)
_PLACE = 6
"""How many of these columns come before those of the place."""
_INSERT_WORDS = (
    "INSERT INTO words (rowid, name, qualified_name, signature, documentation, body, path) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_DELETE_WORDS = (
    "INSERT INTO words (words, rowid, name, qualified_name, signature, documentation, body, path) "
    "VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
)
_OUTLINE_COLUMNS = "functions.id, path, name, qualified_name, kind, functions.language, signature, start_line, end_line"
_VECTORS_AT_ONCE = 5000
_NAMES_READ = 5000
"""Names that are looked through for one that is like a misspelt one."""
_EMBEDDED = "functions CROSS JOIN embeddings USING (text_key)"
"""Functions with their vectors. The cross join has SQLite start from the functions that are asked for: left to itself,
it reads all vectors of an exit."""
_VARIABLES = 500
"""Bound parameters of one statement; old SQLite builds stop at 999."""


_SURROGATES = re.compile("[\ud800-\udfff]")


SketchRow = tuple[int, int, int, bytes, bytes]
"""What a function is compared by to find duplicates: the columns of `sketches` in their order."""


@dataclass(frozen=True, slots=True)
class StoredFunction:
    """A function with its place in the index."""

    id: int
    path: str
    function: Function


@dataclass(frozen=True, slots=True)
class Replaced:
    """What became of a file's functions when it was stored anew, by id."""

    gone: Sequence[int]
    new: Sequence[int]
    ids: Sequence[int]
    """All that it has now, in the order in which they were given."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A function as it lies in the index: `columns` are `_FUNCTION_COLUMNS`."""

    id: int
    text_key: str
    columns: Sequence[Any]
    function: Function


@dataclass(frozen=True, slots=True)
class SketchedFunction:
    """A function with what it is compared by, but without its text."""

    id: int
    path: str
    language: str
    kind: str
    start_byte: int
    end_byte: int
    sketch: SketchRow


@dataclass(frozen=True, slots=True)
class FunctionSummary:
    """What ranking looks at of a function: everything but its text and documentation."""

    id: int
    path: str
    name: str
    qualified_name: str
    kind: Kind
    language: str
    signature: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class ColumnWeights:
    """How much a word counts in BM25, by where it stands. `body` is the whole text, its signature included."""

    name: float = 1.0
    qualified_name: float = 1.0
    signature: float = 1.0
    documentation: float = 1.0
    body: float = 1.0
    path: float = 1.0


@dataclass(frozen=True, slots=True)
class WordStatistics:
    """What BM25 knows of all functions together."""

    functions: int
    words: int
    """Terms of all functions, repetitions included."""
    containing: Mapping[str, int]
    """How many functions have each of the words that were asked about."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What is known of a path without opening it. `content_hash` is empty for skipped files."""

    size: int
    changed_ns: int
    content_hash: str


class Store:
    """The index file. Every public method is one transaction: a kill leaves it as before or after, never between."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the index at `path`; in memory for None.

        A file that is damaged or of another format is replaced by an empty index, with a warning in the log. Raises
        `IndexStoreError` when the place cannot be written, or such a file cannot be removed.
        """
        self.path = path
        self._damage = ""
        """What was found to be wrong with the file, which is closed then."""
        self._file: tuple[int, int] | None = None
        """What tells the file that is open from one that another process has made in its place."""
        try:
            self._db = self._open()
        except _UnusableError as reason:
            log.warning("the index %s %s: it will be built anew", path, reason)
            self._discard(str(reason))
            try:
                self._db = self._open()
            except (_UnusableError, sqlite3.Error) as error:
                raise IndexStoreError(f"the index {path} cannot be rebuilt: {error}") from error
        except sqlite3.Error as error:
            raise IndexStoreError(f"the index {path} cannot be opened: {error}") from error
        self.history = HistoryTable(self._reading, self._writing)
        """What the repository's commits say of the functions."""

    def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        self._db.close()

    # --- files -------------------------------------------------------------------------------------------------

    def file_states(self, under: Sequence[str] | None = None) -> dict[str, FileState]:
        """Every path the index has looked at, skipped ones included; of those that are `under`, or are, these paths."""
        states: dict[str, FileState] = {}
        under = None if under is None else [_lookup(path) for path in under]
        # What lies in a folder comes between its name with a slash and with what follows the slash in ASCII.
        ranges = [("", None)] if under is None else [(f"{path.rstrip('/')}/", f"{path.rstrip('/')}0") for path in under]
        with self._reading() as db:
            for table, content_hash in (("files", "content_hash"), ("skipped", "''")):
                sql = f"SELECT path, size, changed_ns, {content_hash} FROM {table} WHERE "
                rows = [db.execute(sql + "path = ?", (path,)) for path in under or ()]
                rows += [db.execute(sql + "path >= ? AND (?2 IS NULL OR path < ?2)", span) for span in ranges]
                states.update({_text(path): FileState(*state) for found in rows for path, *state in found})
        return states

    def put_file(self, file: FileRecord, functions: Sequence[tuple[Function, str]]) -> Replaced:
        """Store a file with its functions and their text keys in place of what the path held.

        A function that is the same but for its place keeps its id, and all that is known of it by that. Other ids are
        never used twice.
        """
        with self._writing() as db:
            _advance(db)
            db.execute("DELETE FROM skipped WHERE path = ?", (file.path,))
            db.execute(
                "INSERT INTO files (path, language, size, changed_ns, content_hash) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (path) DO UPDATE SET language = excluded.language, size = excluded.size, "
                "changed_ns = excluded.changed_ns, content_hash = excluded.content_hash",
                (file.path, file.language, file.size, file.changed_ns, file.content_hash),
            )
            (file_id,) = db.execute("SELECT id FROM files WHERE path = ?", (file.path,)).fetchone()
            held: dict[Any, list[_Row]] = {}
            for row in _rows_of(db, file.path):
                held.setdefault((row.text_key, row.function.without_place()), []).append(row)
            ids: list[int] = []
            new: list[int] = []
            for given, text_key in functions:
                function = _storable(given)
                if same := held.get((text_key, function.without_place())):
                    row = same.pop(0)
                    ids.append(row.id)
                    if row.function != function:
                        _move(db, file.path, row, function)
                else:
                    new.append(_insert(db, file_id, file.path, function, text_key))
                    ids.append(new[-1])
            gone = [row for rows in held.values() for row in rows]
            _take_out_words(db, file.path, gone)
            db.executemany("DELETE FROM functions WHERE id = ?", [(row.id,) for row in gone])
            link_file(db, file.path)
        return Replaced([row.id for row in gone], new, ids)

    def put_skipped(self, skipped: Sequence[tuple[SkippedFile, FileState]]) -> list[int]:
        """Record that paths were left out, in place of what they held. Returns the ids that are gone."""
        gone: list[int] = []
        with self._writing() as db:
            for item, state in skipped:
                gone += self._remove(db, item.path)
                db.execute(
                    "INSERT INTO skipped (path, reason, size, changed_ns) VALUES (?, ?, ?, ?)",
                    (item.path, item.reason, state.size, state.changed_ns),
                )
        return gone

    def touch_file(self, path: str, size: int, changed_ns: int) -> None:
        """Note a new time for a file whose content is the same."""
        with self._writing() as db:
            db.execute("UPDATE files SET size = ?, changed_ns = ? WHERE path = ?", (size, changed_ns, path))

    def remove_files(self, paths: Iterable[str]) -> list[int]:
        """Forget paths. Returns the ids of the functions that are gone."""
        with self._writing() as db:
            return [function_id for path in paths for function_id in self._remove(db, path)]

    def made_by(self, fingerprint: str) -> None:
        """Forget all files if something else made them: files that did not change would never be read anew.

        `fingerprint` stands for everything that decides what units a file gives.
        """
        with self._reading() as db:
            known = _text(_single(db, "SELECT fingerprint FROM maker"))
        if known == fingerprint:
            return
        if known:
            log.warning("the index %s was made by another version of Fathom: files will be read anew", self.path)
        self.clear()
        with self._writing() as db:
            db.execute("UPDATE maker SET fingerprint = ?", (fingerprint,))

    def clear(self) -> None:
        """Forget everything but the vectors, which the same code would need again."""
        with self._writing() as db:
            _advance(db)
            db.execute("INSERT INTO words (words) VALUES ('delete-all')")
            clear_history(db)
            for table in ("functions", "files", "skipped"):
                db.execute(f"DELETE FROM {table}")

    # --- functions ---------------------------------------------------------------------------------------------

    def functions(self, ids: Sequence[int]) -> dict[int, StoredFunction]:
        """The functions with these ids; ids that are gone are left out."""
        found: dict[int, StoredFunction] = {}
        with self._reading() as db:
            sql = (
                f"SELECT functions.id, path, {_FUNCTION_COLUMNS} FROM functions "
                "JOIN files ON files.id = file_id WHERE functions.id IN (*)"
            )
            for function_id, path, *columns in _rows_in(db, sql, ids):
                found[function_id] = StoredFunction(function_id, path, _function(path, columns))
        return found

    def functions_of(self, path: str) -> list[StoredFunction]:
        """The functions of a file in the order of their place."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT functions.id, path, {_FUNCTION_COLUMNS} FROM functions JOIN files ON files.id = file_id "
                "WHERE path = ? ORDER BY start_byte, end_byte DESC",
                (_lookup(path),),
            )
            return [StoredFunction(function_id, path, _function(path, columns)) for function_id, path, *columns in rows]

    def has_file(self, path: str) -> bool:
        """Whether the path is in the index, not counting skipped files."""
        with self._reading() as db:
            row = db.execute("SELECT 1 FROM files WHERE path = ?", (_lookup(path),)).fetchone()
        return row is not None

    def content_hash(self, path: str) -> str:
        """What `FileState` says of one path; empty if it is not in the index."""
        with self._reading() as db:
            row = db.execute("SELECT content_hash FROM files WHERE path = ?", (_lookup(path),)).fetchone()
        return "" if row is None else str(row[0])

    def ids_in(self, files: Sequence[str]) -> list[int]:
        """The ids of all functions of some files."""
        with self._reading() as db:
            sql = "SELECT functions.id FROM functions JOIN files ON files.id = file_id WHERE path IN (*)"
            return [function_id for (function_id,) in _rows_in(db, sql, [_lookup(path) for path in files])]

    def ids_where(
        self,
        languages: Collection[str] = (),
        kinds: Collection[str] = (),
        in_file: Callable[[str], bool] | None = None,
    ) -> frozenset[int]:
        """The ids of all functions in one of the languages, of one of the kinds, in a file whose path will do.

        What is left out restricts nothing.
        """
        found: list[set[int]] = []
        # One after the other, since for two of the three an index tells the ids, which together it could not.
        for column, values in (("language", tuple(languages)), ("kind", tuple(kinds))):
            if values:
                found.append(self._ids(f"SELECT id FROM functions WHERE {column} IN ({_marks(values)})", values))
        if in_file is not None:
            with self._reading() as db:
                paths = [(item, _text(path)) for item, path in db.execute("SELECT id, path FROM files")]
            files = [item for item, path in paths if in_file(path)]
            sql = "SELECT functions.id FROM json_each(?) CROSS JOIN functions ON file_id = value"
            found.append(self._ids(sql, (json.dumps(files),)))
        return frozenset(set.intersection(*found) if found else self._ids("SELECT id FROM functions", ()))

    def _ids(self, sql: str, values: Sequence[object]) -> set[int]:
        with self._reading() as db:
            return {item for (item,) in db.execute(sql, values)}

    def languages(self) -> set[str]:
        """The languages of all functions."""
        return set(self.functions_by_language())

    def outlines(self, ids: Sequence[int]) -> dict[int, FunctionSummary]:
        """What ranking looks at of these functions; ids that are gone are left out."""
        found: dict[int, FunctionSummary] = {}
        with self._reading() as db:
            sql = f"SELECT {_OUTLINE_COLUMNS} FROM functions JOIN files ON files.id = file_id WHERE functions.id IN (*)"
            for function_id, path, name, qualified_name, kind, language, signature, *lines in _rows_in(db, sql, ids):
                texts = _text(path), _text(name), _text(qualified_name)
                start, end = map(_number, lines)
                found[function_id] = FunctionSummary(
                    function_id, *texts, _kind(kind), _text(language), _text(signature), start, end
                )
        return found

    def matching_words(
        self,
        expression: str,
        limit: int,
        weights: ColumnWeights,
        allowed: Collection[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Functions that match an expression of `words.match_expression`: ids and BM25 scores, best (largest) first.

        An empty expression matches nothing.
        """
        if not expression:
            return []
        with self._reading() as db:
            rows = db.execute(
                "SELECT rowid, -bm25(words, ?, ?, ?, ?, ?, ?) AS score FROM words WHERE words MATCH ? "
                "ORDER BY score DESC, rowid" + (" LIMIT ?" if allowed is None else ""),
                (*astuple(weights), expression, *((limit,) if allowed is None else ())),
            )
            if allowed is None:
                return list(rows)
            return list(islice((row for row in rows if row[0] in allowed), limit))

    def word_statistics(self, words: Iterable[str]) -> WordStatistics:
        """What scores by BM25 are computed from, besides a function itself."""
        with self._reading() as db:
            # FTS5's averages record: the number of rows, then the terms of all rows, column by column.
            record = _single(db, "SELECT block FROM words_data WHERE id = 1")
            if type(record) is not bytes:
                raise DamageError("the statistics of words are none")
            functions, *columns = _varints(record) or [0]
            containing = {
                word: db.execute(
                    "SELECT COUNT(*) FROM words WHERE words MATCH ?", (match_expression([word]),)
                ).fetchone()[0]
                for word in dict.fromkeys(words)
            }
        return WordStatistics(functions, sum(columns), containing)

    def having_words(self, words: Iterable[str], ids: Sequence[int]) -> dict[str, set[int]]:
        """Which of the functions have each word."""
        # With a plain `rowid`, FTS5 would look the word up once for every function.
        sql = "SELECT rowid FROM words WHERE words MATCH ? AND +rowid IN (SELECT value FROM json_each(?))"
        wanted = json.dumps(list(ids))
        with self._reading() as db:
            return {
                word: {function_id for (function_id,) in db.execute(sql, (match_expression([word]), wanted))}
                for word in dict.fromkeys(words)
            }

    def matching_history(self, expression: str, limit: int) -> list[HistoryMatch]:
        """Functions whose commits match an expression of `words.match_expression`: at least `limit` if there are."""
        return self.history.matching(expression, limit)

    def named(self, names: Sequence[str], limit: int) -> list[int]:
        """Functions with one of these names, whatever the case of their ASCII letters, the oldest `limit` of them."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT id FROM functions WHERE name COLLATE NOCASE IN ({_marks(names)}) ORDER BY id LIMIT ?",
                (*(_clean(name) for name in names), limit),
            )
            return [function_id for (function_id,) in rows]

    def names(self, prefix: str, shortest: int, longest: int) -> list[str]:
        """Names of `shortest` to `longest` characters that start with `prefix`, whatever the case of ASCII letters.

        In the order of the alphabet, and no more than some thousands.
        """
        with self._reading() as db:
            rows = db.execute(
                "SELECT DISTINCT name FROM functions WHERE name COLLATE NOCASE >= ?1 "
                "AND name COLLATE NOCASE < ?1 || char(1114111) AND length(name) BETWEEN ?2 AND ?3 "
                "ORDER BY name COLLATE NOCASE, name LIMIT ?4",
                (_clean(prefix), shortest, longest, _NAMES_READ),
            )
            return [name for (name,) in rows]

    def in_paths(self, endings: Sequence[str], limit: int) -> list[int]:
        """Functions of files whose path is, or ends after a slash with, one of these; the oldest `limit` of them."""
        with self._reading() as db:
            files: list[int] = []
            for ending in endings:
                rows = db.execute(
                    "SELECT id FROM files WHERE path = ?1 COLLATE NOCASE "
                    "OR substr(path, -length(?1) - 1) = '/' || ?1 COLLATE NOCASE ORDER BY id LIMIT ?2",
                    (_clean(ending), limit),
                )
                files += [file_id for (file_id,) in rows]
            rows = db.execute(
                f"SELECT id FROM functions WHERE file_id IN ({_marks(files[:_VARIABLES])}) ORDER BY id LIMIT ?",
                (*files[:_VARIABLES], limit),
            )
            return [function_id for (function_id,) in rows]

    # --- sketches ----------------------------------------------------------------------------------------------

    def unsketched(self, kinds: Sequence[str]) -> list[int]:
        """Functions of these kinds that have no sketch yet."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT id FROM functions WHERE kind IN ({_marks(kinds)}) "
                "AND id NOT IN (SELECT function_id FROM sketches) ORDER BY id",
                tuple(kinds),
            )
            return [function_id for (function_id,) in rows]

    def put_sketches(self, sketches: Mapping[int, SketchRow]) -> None:
        """Keep sketches by function id. Functions that are gone meanwhile are left out."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO sketches (function_id, tokens, exact, renamed, grams, names) "
                "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM functions WHERE id = ?1)",
                [(function_id, *row) for function_id, row in sketches.items()],
            )

    def sketched(self, min_tokens: int) -> list[SketchedFunction]:
        """The functions whose sketch has at least so many tokens, by id."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT functions.id, path, functions.language, kind, start_byte, end_byte, tokens, exact, renamed, "
                "grams, names FROM sketches JOIN functions ON functions.id = function_id "
                "JOIN files ON files.id = file_id WHERE tokens >= ? ORDER BY functions.id",
                (min_tokens,),
            )
            return [SketchedFunction(*[*row[:6], _sketch(row[6:])]) for row in rows]

    # --- vectors -----------------------------------------------------------------------------------------------

    def keep_length(self, model: str, layer: int, dim: int) -> None:
        """Keep the first `dim` features of vectors at this exit from now on, at unit length.

        Vectors that are there and shorter are forgotten, longer ones are left as they are. Without this, vectors are
        kept as they come.
        """
        # Vectors of no length are as good as none.
        if self._kept_length(model, layer) >= max(dim, 1):
            return
        with self._writing() as db:
            _advance(db)
            db.execute(
                "DELETE FROM embeddings WHERE space_id = (SELECT id FROM spaces WHERE model = ? AND exit = ?)",
                (model, layer),
            )
            db.execute(
                "INSERT INTO spaces (model, exit, dim) VALUES (?1, ?2, ?3) "
                "ON CONFLICT (model, exit) DO UPDATE SET dim = ?3",
                (model, layer, dim),
            )

    def texts_without_vector(
        self, model: str, layer: int, among: Collection[str] | None = None
    ) -> dict[str, list[str]]:
        """Keys of the texts that have no vector at this exit yet, by path: under each whose file has the text.

        Files that were changed last come first. `among` restricts the answer to these paths.
        """
        if among is None:
            # Which keys these are is told by two indexes alone; nothing of the functions that have vectors is read.
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
        with self._reading() as db:
            space = _space(db, model, layer)
            rows = db.execute(sql, (space,) if among is None else (space, json.dumps(list(among))))
            for path, key in rows:
                found.setdefault(_text(path), []).append(key)
        return found

    def is_complete(self, model: str, layer: int) -> bool:
        """Whether nothing was changed since `note_complete` said that every function has its vector at this exit."""
        with self._reading() as db:
            row = db.execute(
                "SELECT complete IS number FROM spaces, generation WHERE model = ? AND exit = ?", (model, layer)
            ).fetchone()
        return row is not None and bool(row[0])

    def note_complete(self, model: str, layers: Sequence[int], writes: int) -> None:
        """Note that every function has its vector at these exits, if `writes_elsewhere` still is `writes`."""
        if all(self.is_complete(model, layer) for layer in layers):
            return
        with self._writing() as db:
            if writes == db.execute("PRAGMA data_version").fetchone()[0]:
                db.executemany(
                    "UPDATE spaces SET complete = (SELECT number FROM generation) WHERE model = ? AND exit = ?",
                    [(model, layer) for layer in layers],
                )

    def lacking(self, model: str, layer: int, text_keys: Sequence[str]) -> list[str]:
        """Those of the keys that have no vector at this exit, in their order."""
        found: set[str] = set()
        with self._reading() as db:
            space = _space(db, model, layer)
            sql = "SELECT text_key FROM embeddings WHERE space_id = ? AND text_key IN (*)"
            found.update(key for (key,) in _rows_in(db, sql, text_keys, space))
        return [key for key in text_keys if key not in found]

    def last_pruned(self, model: str, layers: Sequence[int]) -> int | None:
        """The last day on which `prune` found these exits in use; None if there was none."""
        with self._reading() as db:
            days = [
                db.execute("SELECT used FROM spaces WHERE model = ? AND exit = ?", (model, layer)).fetchone()
                for layer in layers
            ]
        return min((day[0] for day in days), default=None) if all(day and day[0] for day in days) else None

    def prune(self, model: str, layers: Sequence[int], today: int, days: int, most: int) -> int:
        """Forget vectors that nothing has used for `days`; returns how many.

        Those are the vectors of other exits than `layers` and of other models, and of texts that no function has: both
        may be switched back to. Of such texts no more than `most` are kept, the longest unused ones going first.
        `today` counts days from any start.
        """
        with self._writing() as db:
            db.executemany(
                "UPDATE spaces SET used = ? WHERE model = ? AND exit = ?", [(today, model, layer) for layer in layers]
            )
            db.execute("UPDATE spaces SET used = ?1 WHERE used IS NULL", (today,))
            db.execute("DELETE FROM unused WHERE text_key IN (SELECT text_key FROM functions)")
            db.execute(
                "INSERT OR IGNORE INTO unused SELECT text_key, ? FROM "
                "(SELECT text_key FROM embeddings EXCEPT SELECT text_key FROM functions)",
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

    def text_keys(self, ids: Sequence[int]) -> dict[int, str]:
        """The key of each function's text; ids that are gone are left out."""
        with self._reading() as db:
            return dict(_rows_in(db, "SELECT id, text_key FROM functions WHERE id IN (*)", ids))

    def functions_with_text(self, text_keys: Sequence[str]) -> dict[str, list[StoredFunction]]:
        """The functions behind text keys: several where code was copied."""
        found: dict[str, list[StoredFunction]] = {}
        with self._reading() as db:
            sql = (
                f"SELECT text_key, functions.id, path, {_FUNCTION_COLUMNS} FROM functions "
                "JOIN files ON files.id = file_id WHERE text_key IN (*)"
            )
            for key, function_id, path, *columns in _rows_in(db, sql, text_keys):
                found.setdefault(key, []).append(StoredFunction(function_id, path, _function(path, columns)))
        return found

    def put_vectors(self, model: str, layer: int, text_keys: Sequence[str], vectors: Floats) -> None:
        """Keep unit vectors `[len(text_keys), dim]` of texts at an exit, cut to the length that is kept of them.

        Raises `ValueError` if they are shorter.
        """
        with self._writing() as db:
            _advance(db)
            db.execute(
                "INSERT OR IGNORE INTO spaces (model, exit, dim) VALUES (?, ?, ?)", (model, layer, vectors.shape[1])
            )
            space, dim = db.execute(
                "SELECT id, dim FROM spaces WHERE model = ? AND exit = ?", (model, layer)
            ).fetchone()
            rows = _cut(vectors, dim).astype("<f2")
            db.executemany(
                "INSERT OR REPLACE INTO embeddings (space_id, text_key, vector) VALUES (?, ?, ?)",
                [(space, key, row.tobytes()) for key, row in zip(text_keys, rows, strict=True)],
            )

    def vectors(self, model: str, layer: int) -> tuple[list[int], Floats]:
        """Ids of the functions that have a vector at this exit, and the vectors `[n, dim]`, in the same order."""
        ids: list[int] = []
        matrices: list[Floats] = []
        for some, vectors in self.vectors_in_parts(model, layer):
            ids += some
            matrices.append(vectors)
        return ids, np.concatenate(matrices) if matrices else _matrix([])

    def vectors_in_parts(self, model: str, layer: int) -> Iterator[tuple[list[int], Floats]]:
        """As `vectors`, some thousand at a time, so that they need not be in memory twice."""
        with self._reading() as db:
            # In the order of keys, in which both lie on disk: by id, the vectors would be read from all over the file.
            rows = db.execute(
                "SELECT functions.id, vector FROM embeddings CROSS JOIN functions USING (text_key) WHERE space_id = ?",
                (_space(db, model, layer),),
            )
            while part := rows.fetchmany(_VECTORS_AT_ONCE):
                yield [function_id for function_id, _ in part], _matrix([vector for _, vector in part])

    def vectors_of(self, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]:
        """The vector `[dim]` of each of these functions that has one at this exit."""
        found: dict[int, Floats] = {}
        with self._reading() as db:
            space = _space(db, model, layer)
            for chunk in _chunks(ids, _VARIABLES):
                rows = db.execute(
                    f"SELECT id, vector FROM {_EMBEDDED} WHERE space_id = ? AND id IN ({_marks(chunk)})",
                    (space, *chunk),
                )
                known = rows.fetchall()
                matrix = _matrix([vector for _, vector in known])
                found.update((function_id, row) for (function_id, _), row in zip(known, matrix, strict=True))
        return found

    def vectors_of_texts(self, model: str, layer: int, text_keys: Sequence[str]) -> dict[str, Floats]:
        """The vector `[dim]` of each of these texts that has one at this exit."""
        found: dict[str, Floats] = {}
        with self._reading() as db:
            space = _space(db, model, layer)
            sql = "SELECT text_key, vector FROM embeddings WHERE space_id = ? AND text_key IN (*)"
            found.update((key, _matrix([vector])[0]) for key, vector in _rows_in(db, sql, text_keys, space))
        return found

    def borrow_vectors(self, other: Path, model: str, layer: int, text_keys: Sequence[str]) -> None:
        """Keep vectors of these texts that the index `other` has, which is only read. Nothing if it cannot be."""
        try:
            with closing(sqlite3.connect(f"{other.as_uri()}?mode=ro", uri=True)) as db:
                if tables(db) != expected_tables():
                    return
                sql = "SELECT text_key, vector FROM embeddings WHERE space_id = ? AND text_key IN (*)"
                found = dict(_rows_in(db, sql, text_keys, _space(db, model, layer)))
            matrix = _matrix(list(found.values()))
        except (sqlite3.Error, DamageError) as error:
            log.info("nothing is taken over from the index %s: %s", other, error)
            return
        if found and matrix.shape[1] >= self._kept_length(model, layer):
            self.put_vectors(model, layer, list(found), matrix)

    def _kept_length(self, model: str, layer: int) -> int:
        """How many features of vectors at this exit are kept; 0 where that is not decided yet."""
        with self._reading() as db:
            row = db.execute("SELECT dim FROM spaces WHERE model = ? AND exit = ?", (model, layer)).fetchone()
        return 0 if row is None else _number(row[0])

    def sample_vectors(self, model: str, layer: int, language: str, limit: int) -> Floats:
        """Up to `limit` vectors `[n, dim]` of a language's functions at this exit, the same ones every time.

        Which ones does not depend on where the functions stand.
        """
        with self._reading() as db:
            rows = db.execute(
                f"SELECT vector FROM {_EMBEDDED} WHERE language = ? AND space_id = ? ORDER BY text_key LIMIT ?",
                (language, _space(db, model, layer), limit),
            )
            return _matrix([vector for (vector,) in rows])

    # --- counts ------------------------------------------------------------------------------------------------

    def counts(self) -> tuple[int, int]:
        """Files and functions."""
        with self._reading() as db:
            files = db.execute("SELECT COUNT(*) FROM files").fetchone()[0]
            functions = db.execute("SELECT COUNT(*) FROM functions").fetchone()[0]
        return files, functions

    def embedded(self, model: str, layer: int) -> int:
        """Functions that have a vector at this exit."""
        if self.is_complete(model, layer):
            return self.counts()[1]
        with self._reading() as db:
            count: int = db.execute(
                "SELECT COUNT(*) FROM embeddings CROSS JOIN functions USING (text_key) WHERE space_id = ?",
                (_space(db, model, layer),),
            ).fetchone()[0]
        return count

    def functions_by_language(self) -> dict[str, int]:
        """Functions of each language, most first."""
        with self._reading() as db:
            return dict(
                db.execute(
                    "SELECT language, COUNT(*) FROM functions GROUP BY language ORDER BY COUNT(*) DESC, language"
                )
            )

    def skipped_by_reason(self) -> dict[str, int]:
        """Files left out, by reason, most first."""
        with self._reading() as db:
            return dict(
                db.execute("SELECT reason, COUNT(*) FROM skipped GROUP BY reason ORDER BY COUNT(*) DESC, reason")
            )

    def skipped_files(self, limit: int) -> list[SkippedFile]:
        """The first files left out, by path, those that are too large before others: a setting would include them."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT path, reason FROM skipped ORDER BY reason LIKE 'too large%' DESC, path LIMIT ?", (limit,)
            )
            return [SkippedFile(path, reason) for path, reason in rows]

    def writes_elsewhere(self) -> int:
        """A number that changes whenever another process has written to the index."""
        with self._reading() as db:
            version: int = db.execute("PRAGMA data_version").fetchone()[0]
        return version

    def generation(self) -> int:
        """A number that grows with every change to functions or vectors, by whichever process."""
        with self._reading() as db:
            return _number(_single(db, "SELECT number FROM generation"))

    def size_bytes(self) -> int:
        """Bytes of the index on disk, the write-ahead log included."""
        if self.path is None:
            return 0
        files = (self.path, _log_of(self.path))
        return sum(file.stat().st_size for file in files if file.exists())

    # --- inside ------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        # Whoever used it last did not close it, or does not yet.
        left_open = self.path is not None and _log_of(self.path).exists()
        # Without full-text search in SQLite it raises here, where no file is at fault.
        expected = expected_tables()
        db = sqlite3.connect(self.path or ":memory:", isolation_level=None, check_same_thread=False)
        self._file = None if self.path is None else _identity(self.path)
        try:
            db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            db.execute("PRAGMA journal_mode = WAL")
            # Consistent after a crash; at a power cut the last files may have to be read again.
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            # Kilobytes. A larger one made no search faster at 50,000 functions: the system caches the file, too.
            db.execute("PRAGMA cache_size = -16384")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                # Two processes may get here at once: the second finds every table made.
                db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
            elif version != SCHEMA_VERSION:
                raise _UnusableError(f"has format {version}, this version of Fathom uses {SCHEMA_VERSION}")
            elif tables(db) != expected:
                raise _UnusableError("is damaged (its tables are others)")
            elif left_open and (broken := broken_part(db)):
                raise _UnusableError(f"is damaged ({broken})")
            self._file = None if self.path is None else _identity(self.path)
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
        if self.path is None or _identity(self.path) != self._file:
            # Whoever noticed it before us has begun another one.
            return
        try:
            # The log goes last: beside a file that is gone, SQLite passes over it.
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise IndexStoreError(
                f"the index {self.path} {why} and cannot be removed ({error.strerror or error}): end the programs that "
                "have it open, or remove it yourself; it will be built anew then"
            ) from error

    def _remove(self, db: sqlite3.Connection, path: str) -> list[int]:
        rows = _rows_of(db, path)
        if rows:
            _advance(db)
        _take_out_words(db, path, rows)
        db.execute("DELETE FROM files WHERE path = ?", (path,))
        db.execute("DELETE FROM skipped WHERE path = ?", (path,))
        return [row.id for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._db
        except (sqlite3.Error, DamageError) as error:
            failure = self._failure("read", error)
            if failure is None:
                raise
            raise failure from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # After some errors SQLite has done so by itself; what went wrong first is what counts.
                with suppress(sqlite3.Error):
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                raise
        except (sqlite3.Error, DamageError) as error:
            failure = self._failure("written", error)
            if failure is None:
                raise
            raise failure from error

    def _failure(self, what: str, error: Exception) -> IndexStoreError | None:
        """The error to raise in place of another one; None for a mistake, which is to be seen as it is.

        A damaged file is taken away, so that the next start builds a sound one. Raises `IndexStoreError` where it
        cannot be, which is tried again at the next use.
        """
        if not self._damage and self.path is not None:
            self._damage = damage_behind(error, self._db)
        if self._damage:
            # Also for whoever comes later, since some pass over an index that merely cannot be written.
            self._db.close()
            self._discard(f"is damaged ({self._damage})")
            return IndexDamagedError(
                f"the index {self.path} is damaged ({self._damage}); it will be built anew at the next start"
            )
        if meaning(error) is Meaning.PLACE or isinstance(error, DamageError) or is_refusal(error):
            return IndexStoreError(f"the index {self.path} cannot be {what}: {error}")
        return None


class _UnusableError(Exception):
    """The index file cannot be used as it is, and why."""


def _log_of(index: Path) -> Path:
    """SQLite's write-ahead log of an index, which is there while somebody has it open."""
    return index.with_name(index.name + "-wal")


def _identity(file: Path) -> tuple[int, int] | None:
    """What tells a file from others that have its name later; None if there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _space(db: sqlite3.Connection, model: str, layer: int) -> int:
    """What vectors at an exit are stored under; 0, under which nothing is, if there never were any."""
    row = db.execute("SELECT id FROM spaces WHERE model = ? AND exit = ?", (model, layer)).fetchone()
    return 0 if row is None else int(row[0])


def _cut(vectors: Floats, dim: int) -> Floats:
    if dim == vectors.shape[1]:
        return vectors
    if dim > vectors.shape[1]:
        raise ValueError(f"vectors have {vectors.shape[1]} features; {dim} of them are to be kept")
    short = vectors[:, :dim]
    return np.asarray(short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-12), np.float32)


def _advance(db: sqlite3.Connection) -> None:
    db.execute("UPDATE generation SET number = number + 1")


def _rows_of(db: sqlite3.Connection, path: str) -> list[_Row]:
    """What a file holds, in the order of place."""
    rows = db.execute(
        f"SELECT functions.id, text_key, {_FUNCTION_COLUMNS} FROM functions JOIN files ON files.id = file_id "
        "WHERE path = ? ORDER BY start_byte, end_byte DESC",
        (path,),
    )
    return [_Row(row_id, text_key, columns, _function(path, columns)) for row_id, text_key, *columns in rows]


def _insert(db: sqlite3.Connection, file_id: int, path: str, function: Function, text_key: str) -> int:
    """Put in a function of a file; returns its id."""
    function_id = db.execute(
        "INSERT INTO functions (file_id, text_key, name, qualified_name, kind, language, signature, "
        "content, start_byte, end_byte, start_line, end_line, name_line, name_start, name_end, guessed, checksum) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (file_id, text_key, *_columns(path, function)),
    ).lastrowid
    assert function_id is not None
    db.execute(_INSERT_WORDS, (function_id, *_words(function), code_words(path)))
    return function_id


def _move(db: sqlite3.Connection, path: str, row: _Row, function: Function) -> None:
    """Note where a function, the same as before but for that, stands in its file now."""
    columns = (*row.columns[:_PLACE], *_place(function))
    db.execute(
        "UPDATE functions SET start_byte = ?, end_byte = ?, start_line = ?, end_line = ?, name_line = ?, "
        "name_start = ?, name_end = ?, guessed = ?, checksum = ? WHERE id = ?",
        (*_place(function), _checksum(path, columns), row.id),
    )


def _take_out_words(db: sqlite3.Connection, path: str, rows: Iterable[_Row]) -> None:
    path_words = code_words(path)
    db.executemany(_DELETE_WORDS, [(row.id, *_words(row.function), path_words) for row in rows])


def _place(function: Function) -> tuple[int, ...]:
    return (
        function.start_byte,
        function.end_byte,
        function.start_line,
        function.end_line,
        function.name_line,
        function.name_start,
        function.name_end,
        int(function.guessed),
    )


def _storable(function: Function) -> Function:
    """The function in texts that SQLite can store."""
    return replace(
        function,
        name=_clean(function.name),
        qualified_name=_clean(function.qualified_name),
        signature=_clean(function.signature),
        documentation=_clean(function.documentation),
        text=_clean(function.text),
    )


def _words(function: Function) -> tuple[str, ...]:
    """What full-text search knows of a stored function, without its path: the same for the same function, always."""
    columns = (function.name, function.qualified_name, function.signature, function.documentation, function.text)
    return tuple(code_words(column) for column in columns)


def _columns(path: str, function: Function) -> tuple[Any, ...]:
    """A function of a file as the columns of `_FUNCTION_COLUMNS`."""
    # Together, since documentation often stands in the text, too, where it then takes next to nothing.
    content = f"{len(function.documentation)} {function.documentation}{function.text}".encode()
    columns = (
        function.name,
        function.qualified_name,
        function.kind.value,
        function.language,
        function.signature,
        zlib.compress(content),
        *_place(function),
    )
    return *columns, _checksum(path, columns)


def _function(path: str, columns: Sequence[Any]) -> Function:
    """The reverse of `_columns`. Raises `DamageError` for what they never were."""
    *columns, checksum = columns
    if checksum != _checksum(path, columns):
        raise DamageError("a function does not match its checksum")
    name, qualified_name, kind, language, signature, packed, *place, guessed = columns
    length, _, content = zlib.decompress(packed).decode().partition(" ")
    documentation, text = content[: int(length)], content[int(length) :]
    function = Function(name, qualified_name, Kind(kind), language, signature, documentation, text, *place)
    return replace(function, guessed=bool(guessed))


def _single(db: sqlite3.Connection, sql: str) -> Any:
    """The only column of a row that is always there. Raises `DamageError` if it is not."""
    row = db.execute(sql).fetchone()
    if row is None:
        raise DamageError("a table has lost its row")
    return row[0]


def _text(value: Any) -> str:
    """A string from a column of strings. Raises `DamageError` if it is something else."""
    if type(value) is not str:
        raise DamageError("a text is none")
    return value


def _number(value: Any) -> int:
    """As `_text`, for whole numbers."""
    if type(value) is not int:
        raise DamageError("a number is none")
    return value


def _kind(value: Any) -> Kind:
    """As `_text`, for kinds of code."""
    try:
        return Kind(value)
    except ValueError:
        raise DamageError(f"there is no kind {value!r}") from None


def _sketch(row: Sequence[Any]) -> SketchRow:
    """As `_text`, for the columns of a sketch."""
    tokens, exact, renamed, grams, names = row
    if not all(type(hashes) is bytes and len(hashes) % 4 == 0 for hashes in (grams, names)):
        raise DamageError("a sketch is none")
    return _number(tokens), _number(exact), _number(renamed), grams, names


def _checksum(path: str, columns: Sequence[Any]) -> int:
    return zlib.crc32(repr((path, *columns)).encode())


def _matrix(vectors: Sequence[Any]) -> Floats:
    """The rows of a matrix from a column of unit vectors. Raises `DamageError` if they cannot be."""
    if not vectors:
        return np.zeros((0, 0), np.float32)
    lengths = {len(vector) if type(vector) is bytes else 0 for vector in vectors}
    length = lengths.pop()
    if lengths or not length or length % 2:
        raise DamageError("a vector has another length")
    matrix = np.frombuffer(b"".join(vectors), "<f2").reshape(len(vectors), -1).astype(np.float32)
    if not _are_units(matrix):
        raise DamageError("a vector does not have unit length")
    return matrix


def _are_units(vectors: Floats) -> bool:
    """Whether rows have unit length, but for the rounding of a store. A flipped bit that matters is seen in it."""
    lengths = np.einsum("ij,ij->i", vectors, vectors)
    return bool(np.all(np.abs(lengths - 1) < 0.1))


def _varints(record: bytes) -> list[int]:
    """The whole numbers of a record as SQLite writes them: seven bits a byte, the first ones first."""
    numbers: list[int] = []
    number = 0
    for byte in record:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    return numbers


def _chunks(items: Sequence[object], size: int) -> Iterator[Sequence[object]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _rows_in(db: sqlite3.Connection, sql: str, items: Sequence[object], *first: object) -> Iterator[tuple[Any, ...]]:
    """The rows of a query whose last condition is `IN (*)`, these items; asked in as many pieces as SQLite needs.

    `first` are the variables before them.
    """
    for chunk in _chunks(items, _VARIABLES):
        # No `yield from`: given up half-way, that would close a cursor whose connection may be closed already.
        for row in db.execute(sql.replace("IN (*)", f"IN ({_marks(chunk)})"), (*first, *chunk)):  # noqa: UP028
            yield row


def _marks(items: Sequence[object]) -> str:
    return ",".join("?" * len(items))


def _lookup(path: str) -> str:
    """A path to look for. One that is not valid text, which no stored one is, cannot be handed to SQLite as it is."""
    return _SURROGATES.sub("\ufffd", path)


def _clean(text: str) -> str:
    """Text that SQLite can store: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
