"""What the repository's commits say of functions: a small full-text table of its own in the index file."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from fathom_indexer.storage.analyzer import code_words, expression_words, match_expression

SUBJECTS = 20
"""Commits kept of a function, the newest ones."""

_K1 = 1.2
_LEAST_IDF = 1e-6
"""The constants of FTS5's BM25."""

_LINK = (
    "INSERT OR REPLACE INTO history_links (function_id, unit_id) SELECT functions.id, history_units.id FROM files "
    "CROSS JOIN history_files USING (path) CROSS JOIN history_units ON history_units.file_id = history_files.id "
    "JOIN functions ON functions.file_id = files.id AND functions.qualified_name = history_units.qualified_name "
    "WHERE files.path = ?"
)

Transaction = Callable[[], AbstractContextManager[sqlite3.Connection]]


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How far the history of a repository was read."""

    repository: str
    """Tells a workspace's repository from another one that was there before."""
    head: str
    seen: frozenset[str]
    """Hashes of the commits that were read."""
    complete: bool
    """Whether all commits that are wanted of `head` were read."""


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """A commit and the functions that it changed."""

    name: str
    """Its hash in hexadecimal digits."""
    time: int
    subject: str
    changed: Mapping[str, Collection[str]]
    """Qualified names by path, as they are now."""


@dataclass(frozen=True, slots=True)
class HistoryMatch:
    """A function whose commits have words of a query."""

    function_id: int
    path: str
    score: float
    """BM25 as a share of what a function would get that has all words of the query often, in [0, 1]."""


class HistoryTable:
    """The history in an index file. `reading` and `writing` are the transactions of its `Store`."""

    def __init__(self, reading: Transaction, writing: Transaction) -> None:
        self._reading = reading
        self._writing = writing

    def state(self) -> HistoryState | None:
        """How far history was read; None if none was."""
        with self._reading() as db:
            row = db.execute("SELECT repository, head, seen, complete FROM history_state").fetchone()
        if row is None:
            return None
        repository, head, seen, complete = row
        length = len(head) // 2
        names = frozenset(seen[start : start + length].hex() for start in range(0, len(seen), length or 1))
        return HistoryState(repository, head, names, bool(complete))

    def add(self, commits: Sequence[CommitRecord], state: HistoryState) -> None:
        """Keep what commits say of functions that are in the index, and how far history was read by then."""
        with self._writing() as db:
            changed: dict[str, set[str]] = {}
            for commit in commits:
                for path, names in commit.changed.items():
                    changed.setdefault(path, set()).update(names)
            units = {(path, name): unit for path, names in changed.items() for name, unit in _units(db, path, names)}
            with _rewriting(db, list(units.values())):
                for commit in commits:
                    touched = [units[path, name] for path, names in commit.changed.items() for name in names
                               if (path, name) in units]  # fmt: skip
                    if touched:
                        row = (bytes.fromhex(commit.name), commit.time, commit.subject)
                        cursor = db.execute("INSERT INTO history_commits (hash, time, subject) VALUES (?, ?, ?)", row)
                        db.executemany(
                            "INSERT INTO history_touches (unit_id, commit_id) VALUES (?, ?)",
                            [(unit, cursor.lastrowid) for unit in dict.fromkeys(touched)],
                        )
                db.executemany(
                    "DELETE FROM history_touches WHERE unit_id = ?1 AND commit_id NOT IN (SELECT commit_id FROM "
                    "history_touches JOIN history_commits ON id = commit_id WHERE unit_id = ?1 "
                    "ORDER BY time DESC, commit_id LIMIT ?2)",
                    [(unit, SUBJECTS) for unit in units.values()],
                )
            db.executemany(_LINK, [(path,) for path in changed])
            _put_state(db, state)

    def forget(self, names: Collection[str], newer_than: int | None = None) -> None:
        """Forget commits by their hashes; with `newer_than`, only those that were made after it, in seconds."""
        with self._writing() as db:
            rows = db.execute("SELECT id, hash, time FROM history_commits").fetchall()
            gone = [
                commit
                for commit, name, time in rows
                if name.hex() in names and (newer_than is None or time > newer_than)
            ]
            listed = json.dumps(gone)
            sql = "SELECT DISTINCT unit_id FROM history_touches WHERE commit_id IN (SELECT value FROM json_each(?))"
            with _rewriting(db, [unit for (unit,) in db.execute(sql, (listed,))]):
                for table, column in (("history_touches", "commit_id"), ("history_commits", "id")):
                    db.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))", (listed,))

    def clear(self) -> None:
        """Forget everything."""
        with self._writing() as db:
            clear_history(db)

    def matching(self, expression: str, limit: int) -> list[HistoryMatch]:
        """Functions whose commits match an expression of `words.match_expression`, best first; none if it is empty."""
        if not expression:
            return []
        with self._reading() as db:
            units = db.execute("SELECT COUNT(*) FROM history_units").fetchone()[0]
            most = sum(_most(units, _containing(db, word)) for word in expression_words(expression))
            rows = db.execute(
                "SELECT function_id, path, score FROM (SELECT rowid, -bm25(history_words) / ?1 AS score "
                "FROM history_words WHERE history_words MATCH ?2 ORDER BY score DESC, rowid LIMIT ?3) "
                "CROSS JOIN history_links ON unit_id = rowid CROSS JOIN history_units ON history_units.id = rowid "
                "CROSS JOIN history_files ON history_files.id = file_id ORDER BY score DESC, function_id",
                (most, expression, limit),
            )
            return [HistoryMatch(*row) for row in rows]

    def subjects(self, function_id: int) -> list[str]:
        """What commits said of a function, the newest first."""
        with self._reading() as db:
            row = db.execute("SELECT unit_id FROM history_links WHERE function_id = ?", (function_id,)).fetchone()
            return [] if row is None else _subjects(db, row[0])


def link_file(db: sqlite3.Connection, path: str) -> None:
    """Give the functions of a file that was parsed anew the history that their names have."""
    if db.execute("SELECT 1 FROM history_files WHERE path = ?", (path,)).fetchone():
        db.execute(_LINK, (path,))


def clear_history(db: sqlite3.Connection) -> None:
    """Forget everything."""
    db.execute("INSERT INTO history_words (history_words) VALUES ('delete-all')")
    for table in (
        "history_links",
        "history_touches",
        "history_commits",
        "history_units",
        "history_files",
        "history_state",
    ):
        db.execute(f"DELETE FROM {table}")


def _containing(db: sqlite3.Connection, word: str) -> int:
    sql = "SELECT COUNT(*) FROM history_words WHERE history_words MATCH ?"
    count: int = db.execute(sql, (match_expression([word]),)).fetchone()[0]
    return count


def _most(units: int, containing: int) -> float:
    """What a word adds to BM25 as FTS5 computes it where it is repeated without end."""
    return (_K1 + 1) * max(_LEAST_IDF, math.log((units - containing + 0.5) / (containing + 0.5)))


def _units(db: sqlite3.Connection, path: str, names: Collection[str]) -> Iterator[tuple[str, int]]:
    """Those of the names that functions of the file have, with their units, which are made where they are missing."""
    sql = "SELECT DISTINCT qualified_name FROM functions JOIN files ON files.id = file_id WHERE path = ?"
    there = [name for (name,) in db.execute(sql, (path,)) if name in names]
    if not there:
        return
    db.execute("INSERT OR IGNORE INTO history_files (path) VALUES (?)", (path,))
    (file_id,) = db.execute("SELECT id FROM history_files WHERE path = ?", (path,)).fetchone()
    known = dict(db.execute("SELECT qualified_name, id FROM history_units WHERE file_id = ?", (file_id,)))
    for name in there:
        unit = known.get(name)
        if unit is None:
            row = (file_id, name)
            unit = db.execute("INSERT INTO history_units (file_id, qualified_name) VALUES (?, ?)", row).lastrowid
            assert unit is not None
        yield name, unit


@contextmanager
def _rewriting(db: sqlite3.Connection, units: Sequence[int]) -> Iterator[None]:
    """Take the words of units out of the full-text table while their commits change; without commits they are gone."""
    before = [(unit, words) for unit in units if (words := _words(db, unit))]
    db.executemany("INSERT INTO history_words (history_words, rowid, subjects) VALUES ('delete', ?, ?)", before)
    yield
    after = [(unit, words) for unit in units if (words := _words(db, unit))]
    db.executemany("INSERT INTO history_words (rowid, subjects) VALUES (?, ?)", after)
    gone = [(unit,) for unit in sorted(set(units) - {unit for unit, _ in after})]
    db.executemany("DELETE FROM history_links WHERE unit_id = ?", gone)
    db.executemany("DELETE FROM history_touches WHERE unit_id = ?", gone)
    db.executemany("DELETE FROM history_units WHERE id = ?", gone)


def _subjects(db: sqlite3.Connection, unit: int) -> list[str]:
    rows = db.execute(
        "SELECT subject FROM history_touches JOIN history_commits ON id = commit_id WHERE unit_id = ? "
        "ORDER BY time DESC, commit_id",
        (unit,),
    )
    return [subject for (subject,) in rows]


def _words(db: sqlite3.Connection, unit: int) -> str:
    return " ".join(code_words(subject) for subject in _subjects(db, unit))


def _put_state(db: sqlite3.Connection, state: HistoryState) -> None:
    seen = bytes.fromhex("".join(sorted(state.seen)))
    db.execute(
        "INSERT OR REPLACE INTO history_state (id, repository, head, seen, complete) VALUES (1, ?, ?, ?, ?)",
        (state.repository, state.head, seen, state.complete),
    )
