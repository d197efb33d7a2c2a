"""Which texts lack vectors, and that not all are looked at to find out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fathom_indexer.indexing.backlog import EmbeddingBacklog
from fathom_indexer.storage import Store
from fathom_indexer.types import FileRecord, Function, Kind

MODEL = "test-model"
VECTOR = np.array([[0.6, 0.8]], np.float32)


class WatchedStore(Store):
    """Notes which files it is asked about; None for all."""

    def __init__(self, path: Path) -> None:
        self.asked: list[set[str] | None] = []
        super().__init__(path)

    def texts_without_vector(self, model: str, layer: int, among: Collection[str] | None = None) -> Any:
        self.asked.append(None if among is None else set(among))
        return super().texts_without_vector(model, layer, among)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchedStore]:
    store = WatchedStore(tmp_path / "index.sqlite3")
    for path in ("a.py", "b.py"):
        put(store, path, path)
    yield store
    store.close()


def put(store: Store, path: str, key: str) -> None:
    function = Function(key, key, Kind.FUNCTION, "python", "", "", f"def {key}(): pass", 0, 1, 1, 1)
    store.put_file(FileRecord(path, "python", 1, 1, key), [(function, key)])


def make(store: Store, backlog: EmbeddingBacklog, layer: int = 2) -> None:
    for keys in backlog.texts(layer).values():
        store.put_vectors(MODEL, layer, keys, VECTOR.repeat(len(keys), axis=0))
    backlog.all_made(layer)


def test_once_all_have_vectors_only_files_read_since_are_looked_at(store: WatchedStore) -> None:
    backlog = EmbeddingBacklog(store, MODEL)
    make(store, backlog)
    put(store, "a.py", "new")
    backlog.file_read("a.py")
    assert backlog.texts(2) == {"a.py": ["new"]}
    assert backlog.texts(2) == {"a.py": ["new"]}, "all_made was not called"
    make(store, backlog)
    assert backlog.texts(2) == {}
    assert store.asked == [None, {"a.py"}, {"a.py"}, {"a.py"}, set()]


def test_what_is_read_meanwhile_is_not_forgotten(store: WatchedStore) -> None:
    backlog = EmbeddingBacklog(store, MODEL)
    backlog.texts(2)
    put(store, "late.py", "late")
    backlog.file_read("late.py")
    backlog.all_made(2)
    assert backlog.texts(2) == {"late.py": ["late"]}
    assert not store.is_complete(MODEL, 2)


def test_each_exit_is_known_by_itself(store: WatchedStore) -> None:
    backlog = EmbeddingBacklog(store, MODEL)
    make(store, backlog)
    assert list(backlog.texts(6)) == ["a.py", "b.py"]
    make(store, backlog, layer=6)
    assert store.is_complete(MODEL, 2) and store.is_complete(MODEL, 6)


def test_the_next_start_looks_at_nothing_if_nothing_was_changed(store: WatchedStore) -> None:
    make(store, EmbeddingBacklog(store, MODEL))
    assert EmbeddingBacklog(store, MODEL).texts(2) == {}
    put(store, "a.py", "new")
    assert EmbeddingBacklog(store, MODEL).texts(2) == {"a.py": ["new"]}
    assert store.asked[1:] == [set(), None]
    assert store.embedded(MODEL, 2) == 1


def test_what_another_process_wrote_is_seen(store: WatchedStore) -> None:
    backlog = EmbeddingBacklog(store, MODEL)
    make(store, backlog)
    assert store.path is not None
    other = Store(store.path)
    put(other, "other.py", "other")
    assert backlog.texts(2) == {"other.py": ["other"]}
    put(other, "another.py", "another")
    other.close()
    backlog.all_made(2)
    assert not store.is_complete(MODEL, 2), "another process wrote meanwhile"
