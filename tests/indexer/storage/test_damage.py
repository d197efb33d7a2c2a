"""What is taken for damage of the index file, and what is not: an index that is, is thrown away."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fathom_indexer.errors import IndexDamagedError, IndexStoreError
from fathom_indexer.storage import FileState, Store
from fathom_indexer.storage.damage import Cause, DamageError, cause_of
from fathom_indexer.types import FileRecord, Function, Kind

MODEL = "test-model"


def fill(store: Store, files: int = 3) -> None:
    for number in range(files):
        name = f"f{number}"
        function = Function(name, name, Kind.FUNCTION, "python", f"def {name}()", "", f"def {name}(): pass", 0, 9, 1, 1)
        store.put_file(FileRecord(f"{number}.py", "python", 10, 1, "h"), [(function, f"key {number}")])
    store.put_vectors(MODEL, 2, ["key 0"], np.array([[0.6, 0.8]], np.float32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite3"


@pytest.fixture
def store(path: Path) -> Store:
    store = Store(path)
    fill(store)
    return store


def assert_whole(store: Store) -> None:
    """The store can be used, and so can the file."""
    assert store.path is not None
    assert store.counts() == (3, 3)
    store.close()
    assert Store(store.path).counts() == (3, 3)


# --- mistakes are no damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("not enough values"), KeyError("x"), sqlite3.OperationalError("mine")])
def test_what_a_filter_raises_is_its_own(store: Store, error: Exception) -> None:
    def in_file(path: str) -> bool:
        raise error

    with pytest.raises(type(error)) as raised:
        store.ids_where(in_file=in_file)
    assert raised.value is error
    assert_whole(store)


@pytest.mark.parametrize(
    "mistake", [ValueError("a bug"), TypeError("a bug"), UnicodeEncodeError("utf-8", "", 0, 1, "")]
)
def test_a_mistake_while_reading_is_seen_as_it_is(store: Store, mistake: Exception) -> None:
    with pytest.raises(type(mistake)) as raised, store._connection.reading():
        raise mistake
    assert raised.value is mistake
    assert_whole(store)


@pytest.mark.parametrize(
    "sql",
    ["SELECT misspelt FROM files", "SELECT 1 FROM nowhere", "SELEKT 1", "SELECT bm25(files) FROM files", "SELECT ?"],
)
@pytest.mark.parametrize("block", ["reading", "writing"])
def test_a_statement_that_makes_no_sense_is_seen_as_it_is(store: Store, sql: str, block: str) -> None:
    with pytest.raises(sqlite3.Error) as raised, getattr(store._connection, block)() as db:
        db.execute(sql)
    assert not isinstance(raised.value, IndexStoreError)
    assert_whole(store)


def test_a_row_that_breaks_a_constraint_is_refused_and_no_damage(store: Store) -> None:
    with pytest.raises(IndexStoreError, match="UNIQUE") as raised, store._connection.writing() as db:
        db.execute("INSERT INTO files SELECT id + 10, path, language, 1, 1, '' FROM files")
    assert not isinstance(raised.value, IndexDamagedError)
    assert_whole(store)


@pytest.mark.parametrize("name", ["\udcff.py", "a/\ud800/b.py"])
def test_names_that_are_no_text_are_not_found_and_do_no_harm(store: Store, name: str) -> None:
    assert store.file_states([name]) == {}
    assert not store.has_file(name)
    assert store.content_hash(name) == ""
    assert store.functions_of(name) == []
    assert_whole(store)


def test_sqlite_without_full_text_search_is_no_damage(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr("fathom_indexer.storage.connection.expected_tables", _no_full_text_search)
    with pytest.raises(IndexStoreError, match="fts5"):
        Store(path)
    monkeypatch.undo()
    assert_whole(Store(path))


def _no_full_text_search() -> Any:
    raise sqlite3.OperationalError("no such module: fts5")


# --- what SQLite says --------------------------------------------------------------------------------------------


def error_of(kind: type[sqlite3.Error], text: str, code: int | None = None) -> sqlite3.Error:
    error = kind(text)
    if code is not None:
        vars(error)["sqlite_errorcode"] = code  # what Python has from 3.11 on
    return error


@pytest.mark.parametrize(
    ("kind", "text", "code", "expected"),
    [
        (sqlite3.DatabaseError, "database disk image is malformed", 11, Cause.DAMAGE),
        (sqlite3.DatabaseError, 'fts5: corruption found reading blob 1 from table "words"', 267, Cause.DAMAGE),
        (sqlite3.DatabaseError, "file is not a database", 26, Cause.DAMAGE),
        (sqlite3.OperationalError, "Could not decode to UTF-8 column 'path' with text '\udcff'", None, Cause.DAMAGE),
        (sqlite3.OperationalError, "database or disk is full", 13, Cause.UNAVAILABLE),
        (sqlite3.OperationalError, "database is locked", 5, Cause.UNAVAILABLE),
        (sqlite3.OperationalError, "disk I/O error", 522, Cause.UNAVAILABLE),
        (sqlite3.OperationalError, "attempt to write a readonly database", 1032, Cause.UNAVAILABLE),
        (sqlite3.OperationalError, "unable to open database file", 14, Cause.UNAVAILABLE),
        (sqlite3.OperationalError, "no such column: misspelt", 1, Cause.UNCLEAR),
        (sqlite3.OperationalError, "vtable constructor failed: words", 1, Cause.UNCLEAR),
        (sqlite3.IntegrityError, "UNIQUE constraint failed: files.path", 2067, Cause.UNCLEAR),
        (sqlite3.ProgrammingError, "Cannot operate on a closed database.", None, Cause.BUG),
    ],
)
@pytest.mark.parametrize("python_gives_codes", [True, False])
def test_codes_and_in_older_versions_of_python_words_tell_damage(
    kind: type[sqlite3.Error], text: str, code: int | None, expected: Cause, python_gives_codes: bool
) -> None:
    assert cause_of(error_of(kind, text, code if python_gives_codes else None)) is expected


def test_an_error_of_a_class_that_could_be_damage_is_judged_by_its_code() -> None:
    assert cause_of(error_of(sqlite3.DatabaseError, "database disk image is malformed", 25)) is Cause.BUG
    assert cause_of(error_of(sqlite3.DatabaseError, "something new")) is Cause.BUG
    assert cause_of(DamageError("a text has another type")) is Cause.DAMAGE
    assert cause_of(ValueError("database disk image is malformed")) is Cause.BUG


# --- damage is noticed -------------------------------------------------------------------------------------------


DAMAGES: dict[str, tuple[str, Callable[[Store], object]]] = {
    "a kind that is none": ("UPDATE functions SET kind = 'poem'", lambda store: store.summaries([1])),
    "a number that is none": ("UPDATE functions SET start_line = 'one'", lambda store: store.summaries([1])),
    "a path that is no text": ("UPDATE files SET path = x'ff' || id", lambda store: store.file_states()),
    "a text that is not UTF-8": (
        "UPDATE files SET path = CAST(x'ff' || id AS TEXT)",
        lambda store: store.ids_where(in_file=lambda path: True),
    ),
    "a wrong checksum": ("UPDATE functions SET checksum = 1", lambda store: store.functions([1])),
    "a wrong checksum, met in writing": ("UPDATE functions SET checksum = 1", fill),
    "a vector of another length": (
        "INSERT INTO embeddings VALUES (1, 'key 1', x'003c')",
        lambda store: store.vectors(MODEL, 2),
    ),
    "half a number": (
        "UPDATE embeddings SET vector = x'003c00'",
        lambda store: store.vectors_of(MODEL, 2, [1]),
    ),
    "a vector that is none": ("UPDATE embeddings SET vector = x''", lambda store: store.vectors_of(MODEL, 2, [1])),
    "a vector of no length": (
        "UPDATE embeddings SET vector = x'00000000'",
        lambda store: store.vectors_of_texts(MODEL, 2, ["key 0"]),
    ),
    "an endless vector": (
        "UPDATE embeddings SET vector = x'007c0000'",
        lambda store: store.sample_vectors(MODEL, 2, "python", 5),
    ),
    "no maker": ("DELETE FROM maker", lambda store: store.made_by("x")),
    "no generation": ("DELETE FROM generation", lambda store: store.generation()),
    "no statistics of words": ("DELETE FROM words_data WHERE id = 1", lambda store: store.word_statistics(["f1"])),
    "a sketch that is none": (
        "INSERT INTO sketches VALUES (1, 60, 1, 1, x'ffffff', x'')",
        lambda store: store.sketched(50),
    ),
    "a table that is gone": ("DROP TABLE skipped", lambda store: store.skipped_by_reason()),
    "a column that is gone": ("ALTER TABLE skipped DROP COLUMN size", lambda store: store.file_states()),
    "a table of full-text search that is gone": (
        "DROP TABLE words_config",
        lambda store: store.word_statistics(["f1"]),
    ),
    "other settings of full-text search": (
        "UPDATE words_config SET v = 99 WHERE k = 'version'",
        lambda store: store.word_statistics(["f1"]),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_never_written_is_damage_and_the_next_index_is_sound(path: Path, damage: str) -> None:
    statement, use = DAMAGES[damage]
    filled = Store(path)
    fill(filled)
    filled.close()
    other = sqlite3.connect(path)
    other.execute(statement)
    other.commit()
    other.close()
    try:
        store = Store(path)
    except IndexStoreError:
        pytest.fail("it was not built anew")
    if store.counts()[0]:
        with pytest.raises(IndexDamagedError, match="built anew"):
            use(store)
        with pytest.raises(IndexDamagedError):
            store.counts()
    built = Store(path)
    assert built.counts() == (0, 0)
    fill(built)
    use(built)


# --- taking it away ----------------------------------------------------------------------------------------------


def damage(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("UPDATE functions SET checksum = 1")
    other.commit()
    other.close()


def cannot_be_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows while another process has the file open."""

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(Path, "unlink", refuse)


def test_a_damaged_index_that_cannot_be_removed_is_told_and_removed_later(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(path)
    cannot_be_removed(monkeypatch)
    for _ in range(2):
        with pytest.raises(IndexStoreError, match=r"cannot be removed.*used by another process") as raised:
            store.functions([1])
        assert not isinstance(raised.value, IndexDamagedError)
        assert "checksum" in str(raised.value)
    monkeypatch.undo()
    with pytest.raises(IndexDamagedError):
        store.counts()
    assert Store(path).counts() == (0, 0)


def test_the_file_is_closed_before_it_is_removed(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Path.unlink

    def unlink(self: Path, missing_ok: bool = False) -> None:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            store._connection.db.execute("SELECT 1")
        removed.append(self.name)
        original(self, missing_ok=missing_ok)

    removed: list[str] = []
    monkeypatch.setattr(Path, "unlink", unlink)
    damage(path)
    with pytest.raises(IndexDamagedError):
        store.functions([1])
    assert removed[0] == path.name


def test_an_unusable_index_that_cannot_be_removed_at_the_start_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"this is not a database" * 100)
    cannot_be_removed(monkeypatch)
    with pytest.raises(IndexStoreError, match=r"not a database.*cannot be removed"):
        Store(path)
    monkeypatch.undo()
    assert Store(path).counts() == (0, 0)


def test_an_index_that_another_process_has_begun_in_its_place_stays(store: Store, path: Path) -> None:
    late = Store(path)
    damage(path)
    with pytest.raises(IndexDamagedError):
        store.functions([1])
    successor = Store(path)
    fill(successor)
    with pytest.raises(IndexDamagedError):
        late.functions([1])
    assert_whole(successor)


# --- the disk ----------------------------------------------------------------------------------------------------


class Failing:
    """A connection on which one statement fails, with what SQLite says of it."""

    def __init__(self, db: sqlite3.Connection, statement: str, error: sqlite3.Error, rolls_back: bool) -> None:
        self._db = db
        self._statement = statement
        self._error: sqlite3.Error | None = error
        self._rolls_back = rolls_back

    def execute(self, sql: str, *values: Any) -> Any:
        if sql.startswith(self._statement) and self._error is not None:
            error, self._error = self._error, None
            if self._rolls_back:
                self._db.execute("ROLLBACK")
            raise error
        return self._db.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


@pytest.mark.parametrize("statement", ["INSERT INTO files", "INSERT INTO words", "DELETE", "COMMIT"])
@pytest.mark.parametrize("rolls_back", [False, True], ids=["in-transaction", "rolled-back"])
@pytest.mark.parametrize(
    ("text", "code"), [("database or disk is full", 13), ("disk I/O error", 778), ("database is locked", 5)]
)
def test_a_disk_that_fails_in_any_statement_is_told_and_leaves_the_store_usable(
    store: Store, statement: str, rolls_back: bool, text: str, code: int
) -> None:
    sound = store._connection.db
    error = error_of(sqlite3.OperationalError, text, code)
    store._connection.db = Failing(sound, statement, error, rolls_back)  # type: ignore[assignment]
    before = store.file_states()
    with pytest.raises(IndexStoreError, match=text) as raised:
        store.put_file(FileRecord("0.py", "python", 99, 9, "other"), [])
        fill(store, files=9)
    assert not isinstance(raised.value, IndexDamagedError)
    store._connection.db = sound
    assert not sound.in_transaction
    kept = store.file_states()
    assert kept == before or kept["0.py"] == FileState(99, 9, "other")
    fill(store)
    assert_whole(store)


def test_vectors_of_another_worktree_that_are_too_short_are_not_taken(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other.sqlite3")
    fill(other)
    assert other.path is not None
    store.keep_length(MODEL, 2, 4)
    store.borrow_vectors(other.path, MODEL, 2, ["key 0"])
    assert store.vectors(MODEL, 2)[0] == []
    assert_whole(store)


def test_a_store_belongs_to_its_thread(store: Store) -> None:
    raised: list[BaseException] = []

    def use() -> None:
        try:
            store.counts()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert isinstance(raised[0], sqlite3.ProgrammingError) and "thread" in str(raised[0]), "a bug, and no damage"
    assert_whole(store)
