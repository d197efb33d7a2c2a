"""Deep vectors within a time budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fathom_indexer.errors import IndexStoreError
from fathom_indexer.search.rerank import cosines, estimate_missing, make_missing
from fathom_indexer.storage import Store
from fathom_indexer.types import FileRecord, Function, Kind

MODEL = "test-model"
LAYER = 6


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class SlowEncoder:
    """Takes a second a batch."""

    def __init__(self, clock: Clock) -> None:
        self.config = SimpleNamespace(model_id=MODEL)
        self.texts: list[str] = []
        self._clock = clock

    def encode(self, texts: Sequence[str], kind: Any, layer: int) -> np.ndarray:
        self._clock.now += 1.0
        self.texts += texts
        return np.ones((len(texts), 4), np.float32) / 2


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(None)
    functions = [
        Function(f"f{n}", f"f{n}", Kind.FUNCTION, "python", "", "", f"def f{n}(): pass", n, n + 1, n, n)
        for n in range(1, 21)
    ]
    store.put_file(FileRecord("a.py", "python", 1, 1, ""), [(item, f"key {item.name}") for item in functions])
    yield store
    store.close()


@pytest.mark.parametrize(("seconds", "made"), [(0, 0), (0.5, 4), (2.5, 8), (100, 20)])
def test_stops_before_time_is_over(store: Store, seconds: float, made: int) -> None:
    clock = Clock()
    encoder: Any = SlowEncoder(clock)
    missing = list(range(20, 0, -1))
    vectors = make_missing(store, encoder, LAYER, missing, seconds, clock)
    assert list(vectors) == missing[:made]
    assert set(store.vectors_of(MODEL, LAYER, missing)) == set(missing[:made])


def test_stops_when_nobody_wants_the_answer_any_more(store: Store) -> None:
    clock = Clock()
    encoder: Any = SlowEncoder(clock)
    vectors = make_missing(store, encoder, LAYER, list(range(1, 21)), 100, clock, lambda: clock.now >= 2)
    assert list(vectors) == list(range(1, 9))
    assert len(store.vectors_of(MODEL, LAYER, list(range(1, 21)))) == 8, "what was made is kept"


def test_what_was_made_belongs_to_its_function(store: Store) -> None:
    clock = Clock()
    encoder: Any = SlowEncoder(clock)
    make_missing(store, encoder, LAYER, [3, 1, 2], 9, clock)
    assert [text.split()[1] for text in encoder.texts] == ["f3", "f1", "f2"]


def test_a_store_that_cannot_be_written_costs_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise IndexStoreError("full")

    monkeypatch.setattr(store, "put_vectors", fail)
    clock = Clock()
    encoder: Any = SlowEncoder(clock)
    assert len(make_missing(store, encoder, LAYER, [1, 2], 9, clock)) == 2


def test_functions_that_went_away_are_passed_over(store: Store) -> None:
    clock = Clock()
    encoder: Any = SlowEncoder(clock)
    assert list(make_missing(store, encoder, LAYER, [99, 1, 98], 9, clock)) == [1]


def test_cosines_of_what_is_there() -> None:
    query = np.array([1.0, 0.0], np.float32)
    vectors = {1: np.array([0.6, 0.8], np.float32), 2: np.array([1.0, 0.0], np.float32)}
    assert cosines([2, 3, 1], vectors, query) == {2: 1.0, 1: pytest.approx(0.6)}
    assert cosines([3], {}, query) == {}


def test_guesses_keep_the_order_of_the_hints() -> None:
    guessed = estimate_missing([1, 2, 3, 4, 5], {1: 0.7, 2: 0.5}, {1: 0.5, 2: 0.3, 3: 0.4, 4: 0.1})
    assert guessed == pytest.approx({1: 0.7, 2: 0.5, 3: 0.6, 4: 0.3, 5: 0.55})
    assert estimate_missing([1, 2], {}, {}) == {1: 0.0, 2: 0.0}
