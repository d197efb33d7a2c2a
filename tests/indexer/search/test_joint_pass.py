"""The joint pass within a time budget, and where it has a say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fathom_indexer.search import ALL_STEPS, Searcher, Step, understand, understand_code
from fathom_indexer.search.joint import READ, above_least, joint_scores
from fathom_indexer.storage import Store
from fathom_indexer.types import FileRecord, Function, Kind
from fathom_indexer.vectors import ExactIndex

MODEL = "test-model"
FUNCTIONS = 30


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class ReadingEncoder:
    """All functions have one vector; read together with a query, the later ones answer it better.

    Each call takes a second.
    """

    def __init__(self, clock: Clock) -> None:
        self.config = SimpleNamespace(model_id=MODEL, joint=object())
        self.asked: list[tuple[str, int]] = []
        self._clock = clock

    def score(self, query: str, texts: Sequence[str]) -> np.ndarray:
        self._clock.now += 1.0
        self.asked.append((query, len(texts)))
        return np.array([float(text.split("return")[1].split()[0]) for text in texts], np.float32)

    def encode_exits(self, texts: Sequence[str], kind: Any, exits: Sequence[int]) -> dict[int, np.ndarray]:
        return {layer: np.full((len(texts), 4), 0.5, np.float32) for layer in exits}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(None)
    functions = [
        Function(
            f"number_{n}",
            f"number_{n}",
            Kind.FUNCTION,
            "python",
            "",
            "",
            f"def number_{n}():\n    return {n}\n",
            n,
            n,
            n,
            n,
        )
        for n in range(1, FUNCTIONS + 1)
    ]
    store.put_file(FileRecord("a.py", "python", 1, 1, ""), [(item, f"key {item.name}") for item in functions])
    keys = [f"key {item.name}" for item in functions]
    store.put_vectors(MODEL, 6, keys, np.full((FUNCTIONS, 4), 0.5, np.float32))
    yield store
    store.close()


@pytest.fixture
def searcher(store: Store, clock: Clock) -> Callable[[float], Searcher]:
    index = ExactIndex(4)
    index.add(*store.vectors(MODEL, 6))

    def make(seconds: float) -> Searcher:
        encoder: Any = ReadingEncoder(clock)
        return Searcher(store, lambda: encoder, lambda: index, 6, 6, None, seconds, clock)

    return make


@pytest.mark.parametrize(("seconds", "read"), [(0, 0), (0.5, 4), (2.5, 8), (100, FUNCTIONS)])
def test_reads_the_first_ones_until_time_is_over(store: Store, clock: Clock, seconds: float, read: int) -> None:
    encoder: Any = ReadingEncoder(clock)
    ids = list(range(FUNCTIONS, 0, -1))
    scores = joint_scores(store, encoder, "what", ids, seconds, clock)
    assert list(scores) == ids[:read]
    assert all(score == function_id for function_id, score in scores.items())


def test_stops_when_the_search_is_cancelled(store: Store, clock: Clock) -> None:
    encoder: Any = ReadingEncoder(clock)
    assert len(joint_scores(store, encoder, "what", range(1, 21), 100, clock, lambda: clock.now >= 2)) == 8


def test_what_was_not_read_stays_behind() -> None:
    values = above_least({1: 3.0, 2: 1.0, 3: 2.0})
    assert values[2] == 0
    assert values[1] == pytest.approx(2 * values[3])
    assert above_least({1: 3.0}) == {1: 0.0}
    assert above_least({1: 3.0, 2: 3.0}) == {1: 0.0, 2: 0.0}
    assert above_least({}) == {}


def test_a_question_is_read_together_with_its_best_candidates(searcher: Callable[[float], Searcher]) -> None:
    first, *_, last = searcher(100).rank(understand("where is work done slowly"), 10)
    best = [function_id for function_id, _ in first.ranked[:READ]]
    assert best == list(range(1, READ + 1)), "nothing else tells them apart"
    assert (first.final, last.final) == (False, True)
    assert [function_id for function_id, _ in last.ranked[:READ]] == best[::-1]
    assert [function_id for function_id, _ in last.ranked[READ:]] == list(range(READ + 1, FUNCTIONS + 1))
    assert Step.JOINT in {signal.step for signal in last.signals}


@pytest.mark.parametrize("query", [understand("number_3"), understand("a.py"), understand_code("def number_3(): pass")])
def test_names_places_and_code_are_not_read(searcher: Callable[[float], Searcher], query: Any) -> None:
    assert len(list(searcher(100).rank(query, 10))) == 1


def test_without_time_or_the_step_there_is_one_answer(searcher: Callable[[float], Searcher]) -> None:
    question = understand("where is work done slowly")
    assert len(list(searcher(0).rank(question, 10))) == 1
    assert len(list(searcher(100).rank(question, 10, steps=ALL_STEPS - {Step.JOINT}))) == 1
