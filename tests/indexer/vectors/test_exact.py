"""The exact index against a plain dictionary, through any history of changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom_indexer.embedding_space import Floats
from fathom_indexer.vectors import ExactIndex

DIM = 8


def unit(rng: np.random.Generator, count: int) -> Floats:
    vectors = rng.standard_normal((count, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def brute_force(
    vectors: dict[int, Floats], query: Floats, limit: int, allowed: frozenset[int] | None
) -> list[tuple[int, float]]:
    scores = {key: round(float(vector @ query), 6) for key, vector in vectors.items()}
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [item for item in ordered if allowed is None or item[0] in allowed][:limit]


keys = st.integers(min_value=0, max_value=400)
changes = st.lists(
    st.tuples(st.sampled_from(["add", "add", "add", "remove"]), st.lists(keys, max_size=120)), min_size=1, max_size=8
)


@settings(max_examples=60)
@given(
    changes=changes,
    seed=st.integers(min_value=0, max_value=1 << 16),
    limit=st.integers(min_value=0, max_value=30),
    allowed=st.none() | st.frozensets(keys, max_size=200),
)
def test_any_history_gives_what_brute_force_gives(
    changes: list[tuple[str, list[int]]], seed: int, limit: int, allowed: frozenset[int] | None
) -> None:
    rng = np.random.default_rng(seed)
    index, expected = ExactIndex(), dict[int, Floats]()
    for change, named in changes:
        if change == "add":
            vectors = unit(rng, len(named))
            index.add(named, vectors)
            expected.update(zip(named, vectors, strict=True))
        else:
            index.remove(named)
            for key in named:
                expected.pop(key, None)
    query = unit(rng, 1)[0]

    assert len(index) == len(expected)
    found = index.search(query, limit, allowed)
    wanted = brute_force(expected, query, limit, allowed)
    assert [score for _, score in found] == pytest.approx([score for _, score in wanted], abs=2e-6)
    # Neighbours closer than rounding may change places, so each key is held to its own score.
    assert len({key for key, _ in found}) == len(found)
    for key, score in found:
        assert allowed is None or key in allowed
        assert score == pytest.approx(float(expected[key] @ query), abs=2e-6)


def test_copies_tie_and_come_in_the_order_of_keys_wherever_they_lie() -> None:
    rng = np.random.default_rng(1)
    vector = unit(rng, 1)
    index = ExactIndex()
    for key in (90, 10, 50, 70, 30):
        index.add([key], vector)
        index.add([key + 1], unit(rng, 1))
    index.remove([10])
    assert [key for key, _ in index.search(vector[0], 3)] == [30, 50, 70]
    assert [key for key, _ in index.search(vector[0], 3, allowed=[90, 70, 31])][:2] == [70, 90]


def test_large_vectors_tie_too() -> None:
    """The last bits of a product depend on the row's place in memory; the order of copies must not."""
    rng = np.random.default_rng(2)
    vector = rng.standard_normal((1, 384)).astype(np.float32)
    vector /= np.linalg.norm(vector)
    query = rng.standard_normal(384).astype(np.float32)
    query /= np.linalg.norm(query)
    index = ExactIndex(384)
    index.add(range(1001, 0, -1), np.repeat(vector, 1001, axis=0))
    assert [key for key, _ in index.search(query, 5)] == [1, 2, 3, 4, 5]


def test_an_empty_index_finds_nothing() -> None:
    index = ExactIndex()
    index.add([], np.empty((0, 0), np.float32))
    index.remove([1])
    assert len(index) == 0
    assert index.search(np.ones(DIM, np.float32), 5) == []
    index.add([1], unit(np.random.default_rng(0), 1))
    assert len(index.search(np.ones(DIM, np.float32), 5)) == 1


def test_a_bad_vector_is_refused_and_nothing_is_put_in() -> None:
    index = ExactIndex()
    good = unit(np.random.default_rng(0), 2)
    index.add([1, 2], good)
    for wrong in (np.ones((2, DIM + 1)), np.ones((1, DIM)), np.ones(DIM), np.full((2, DIM), np.nan)):
        with pytest.raises(ValueError, match=r"vectors of shape|not finite"):
            index.add([2, 3], wrong.astype(np.float32))
    assert len(index) == 2
    assert index.search(good[1], 1)[0][0] == 2
    with pytest.raises(ValueError, match="query of shape"):
        index.search(np.ones(DIM + 1, np.float32), 1)
