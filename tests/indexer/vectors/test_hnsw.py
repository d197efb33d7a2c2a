"""The approximate index: what it finds, what it survives, what it refuses to load."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.vectors import ExactIndex, HnswIndex, SnapshotError

if TYPE_CHECKING:
    from pathlib import Path

    from fathom_indexer.embedding_space import Floats

pytestmark = pytest.mark.skipif(importlib.util.find_spec("hnswlib") is None, reason="hnswlib is not installed")

DIM = 32
SPACE = EmbeddingSpace(model="test-model", index_exit=6, dim=DIM, rerank_exit=6)
STAMP = SPACE, 3
"""What the saved indexes of these tests are of: a space and a generation."""


def clustered(count: int, seed: int = 0, dim: int = DIM) -> Floats:
    """Unit vectors around a few dozen centres, as embeddings of code are."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, dim))
    vectors = centres[rng.integers(0, len(centres), count)] + 0.5 * rng.standard_normal((count, dim))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def recall(index: HnswIndex, truth: ExactIndex, queries: Floats, limit: int, allowed: set[int] | None = None) -> float:
    shared = 0
    wanted = 0
    for query in queries:
        expected = {key for key, _ in truth.search(query, limit, allowed)}
        shared += len(expected & {key for key, _ in index.search(query, limit, allowed)})
        wanted += len(expected)
    return shared / wanted


def filled(count: int) -> tuple[HnswIndex, ExactIndex, Floats]:
    vectors = clustered(count)
    index, truth = HnswIndex(), ExactIndex()
    index.add(range(count), vectors)
    truth.add(range(count), vectors)
    return index, truth, vectors


def test_it_finds_nearly_all_neighbours_through_churn() -> None:
    index, truth, vectors = filled(3000)
    queries = clustered(40, seed=9)
    assert recall(index, truth, queries, 50) > 0.95

    for round_ in range(4):
        replaced = range(round_ * 300, round_ * 300 + 600)
        gone, kept = replaced[:200], replaced[200:]
        fresh = clustered(len(kept), seed=20 + round_)
        for each in (index, truth):
            each.remove(gone)
            each.add(kept, fresh)
    assert len(index) == len(truth)
    assert recall(index, truth, queries, 50) > 0.95
    assert index.search(vectors[-1], 1)[0] == (2999, 1.0)


def test_what_the_graph_finds_and_what_it_costs(tmp_path: Path) -> None:
    """Half of the links, or of the care in making or walking them, finds less; twice as many links take more room."""
    vectors = clustered(4000, dim=128)
    index, truth = HnswIndex(), ExactIndex()
    for each in (index, truth):
        each.add(range(4000), vectors)
    queries = clustered(40, seed=9, dim=128)
    assert recall(index, truth, queries, 50) > 0.98
    assert recall(index, truth, queries, 200) > 0.94
    index.save(tmp_path / "v", replace(SPACE, dim=128), 3)
    assert (tmp_path / "v").stat().st_size / 4000 - vectors[0].nbytes < 200


@pytest.mark.parametrize("part", [0.001, 0.05, 0.5, 0.95])
def test_it_searches_among_allowed_keys(part: float) -> None:
    index, truth, _ = filled(6000)
    rng = np.random.default_rng(4)
    allowed = set(rng.choice(6000, int(6000 * part), replace=False).tolist()) | {99_999}
    assert recall(index, truth, clustered(20, seed=9), 50, allowed) > 0.95
    for key, _ in index.search(clustered(1, seed=9)[0], 50, allowed):
        assert key in allowed


def test_asking_for_more_than_there_is_gives_what_there_is() -> None:
    index, _, vectors = filled(300)
    index.remove(range(10, 300))
    found = index.search(vectors[3], 100)
    assert sorted(key for key, _ in found) == list(range(10))
    assert found[0] == (3, 1.0)
    assert len(index.search(vectors[3], 100, allowed=range(5))) == 5
    index.remove(range(10))
    assert index.search(vectors[3], 100) == []
    index.add([7], vectors[:1])
    assert [key for key, _ in index.search(vectors[0], 100)] == [7]


class GraphThatLosesItsWay:
    """hnswlib when its graph has fallen apart: it raises instead of giving what it found."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    def knn_query(self, *_: object, **__: object) -> None:
        raise RuntimeError("Cannot return the results in a contiguous 2D array. Probably ef or M is too small")


def test_when_the_graph_leads_to_too_few_everything_is_compared() -> None:
    index, truth, _ = filled(3000)
    index._graph = GraphThatLosesItsWay(index._graph)
    query = clustered(1, seed=9)[0]
    assert dict(index.search(query, 20)) == pytest.approx(dict(truth.search(query, 20)), abs=2e-6)
    allowed = range(2900)
    assert dict(index.search(query, 20, allowed)) == pytest.approx(dict(truth.search(query, 20, allowed)), abs=2e-6)


keys = st.integers(min_value=0, max_value=60)


@settings(max_examples=40)
@given(
    changes=st.lists(st.tuples(st.booleans(), st.lists(keys, max_size=40)), min_size=1, max_size=12),
    capacity=st.sampled_from([1, 7, 64]),
)
def test_any_history_leaves_the_same_keys_as_the_exact_index(
    changes: list[tuple[bool, list[int]]], capacity: int
) -> None:
    index, truth = HnswIndex(capacity=capacity), ExactIndex()
    for number, (adds, named) in enumerate(changes):
        vectors = clustered(len(named), seed=number)
        for each in (index, truth):
            if adds:
                each.add(named, vectors)
            else:
                each.remove(named)
    assert len(index) == len(truth)
    query = clustered(1, seed=99)[0]
    expected = truth.search(query, 100)
    found = index.search(query, 100)
    assert dict(found) == pytest.approx(dict(expected), abs=2e-6)


def test_space_is_reused_when_most_labels_are_dead() -> None:
    index = HnswIndex(DIM, capacity=100)
    vectors = clustered(50)
    for _ in range(40):
        index.add(range(50), vectors)
    assert index._capacity <= 400
    assert [key for key, _ in index.search(vectors[8], 1)] == [8]


def test_a_bad_vector_is_refused_and_nothing_is_put_in() -> None:
    index, _, vectors = filled(20)
    for wrong in (np.ones((1, DIM + 1)), np.ones((2, DIM)), np.full((1, DIM), np.inf)):
        with pytest.raises(ValueError, match=r"vectors of shape|not finite"):
            index.add([3], wrong.astype(np.float32))
    assert index.search(vectors[3], 1) == [(3, 1.0)]


def test_a_saved_index_comes_back_the_same(tmp_path: Path) -> None:
    index, truth, vectors = filled(1500)
    for each in (index, truth):
        each.remove(range(200))
        each.add(range(100), vectors[400:500])
    file = tmp_path / "vectors.hnsw"
    index.save(file, *STAMP)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vectors.hnsw", "vectors.hnsw.json"]

    loaded = HnswIndex.load(file, *STAMP)
    assert len(loaded) == len(index)
    queries = clustered(10, seed=9)
    assert [loaded.search(query, 20) for query in queries] == [index.search(query, 20) for query in queries]
    # It goes on living: labels are not reused, and it grows.
    fresh = clustered(3000, seed=5)
    loaded.remove(range(50))
    loaded.add(range(5000, 8000), fresh)
    assert loaded.search(fresh[7], 1) == [(5007, 1.0)]


@pytest.mark.parametrize(
    "stamp",
    [
        (replace(SPACE, model="other-model"), 3),
        (replace(SPACE, index_exit=2), 3),
        (replace(SPACE, dim=DIM * 2), 3),
        (SPACE, 4),
    ],
)
def test_an_index_of_something_else_is_refused(tmp_path: Path, stamp: tuple[EmbeddingSpace, int]) -> None:
    filled(50)[0].save(tmp_path / "v", *STAMP)
    with pytest.raises(SnapshotError, match="another index"):
        HnswIndex.load(tmp_path / "v", *stamp)


def test_a_damaged_graph_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "v"
    filled(200)[0].save(file, *STAMP)
    whole = file.read_bytes()
    for place in (0, 40, len(whole) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        file.write_bytes(damaged)
        with pytest.raises(SnapshotError, match="damaged"):
            HnswIndex.load(file, *STAMP)
    for content in (b"", whole[:100], whole[:-1], whole + b"x"):
        file.write_bytes(content)
        with pytest.raises(SnapshotError):
            HnswIndex.load(file, *STAMP)
    file.unlink()
    with pytest.raises(SnapshotError):
        HnswIndex.load(file, *STAMP)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"checksum": 1}', '{"checksum": "x", "format": 1, "stamp": {}}', "\x00"]
)
def test_a_damaged_header_is_refused(tmp_path: Path, content: str) -> None:
    filled(20)[0].save(tmp_path / "v", *STAMP)
    (tmp_path / "v.json").write_text(content)
    with pytest.raises(SnapshotError):
        HnswIndex.load(tmp_path / "v", *STAMP)


def test_a_header_that_was_changed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    filled(20)[0].save(tmp_path / "v", *STAMP)
    header = json.loads(file.read_text())
    for change in ({"keys": [*header["keys"][1:], 77]}, {"format": 99}, {"keys": header["keys"][1:]}):
        file.write_text(json.dumps({**header, **change}))
        with pytest.raises(SnapshotError):
            HnswIndex.load(tmp_path / "v", *STAMP)


def test_a_header_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    filled(20)[0].save(tmp_path / "v", *STAMP)
    (tmp_path / "v.json").write_bytes(b'\xff\xfe{"')
    with pytest.raises(SnapshotError):
        HnswIndex.load(tmp_path / "v", *STAMP)


def test_the_graph_of_an_older_save_beside_a_newer_header_is_refused(tmp_path: Path) -> None:
    """What a kill between the two renames leaves."""
    filled(20)[0].save(tmp_path / "v", *STAMP)
    older = (tmp_path / "v").read_bytes()
    filled(30)[0].save(tmp_path / "v", *STAMP)
    (tmp_path / "v").write_bytes(older)
    with pytest.raises(SnapshotError, match="damaged"):
        HnswIndex.load(tmp_path / "v", *STAMP)
