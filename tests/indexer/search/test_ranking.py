"""The pure steps of ranking."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.search.ranking import Ranked, add_scores, fuse, rerank

rankings = st.lists(st.integers(0, 30), unique=True).map(
    lambda ids: [(item, 1.0 / (n + 1)) for n, item in enumerate(ids)]
)


def ids(ranked: Ranked) -> list[int]:
    return [function_id for function_id, _ in ranked]


def test_fusion_prefers_what_both_rankings_have() -> None:
    assert ids(fuse([(1, 9.0), (2, 8.0)], [(3, 0.9), (2, 0.8)]))[0] == 2


@given(rankings, rankings)
def test_fusion_keeps_every_candidate_once(one: Ranked, other: Ranked) -> None:
    fused = fuse(one, other)
    assert sorted(ids(fused)) == sorted(set(ids(one)) | set(ids(other)))
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)


def test_fusion_of_one_ranking_keeps_its_order() -> None:
    assert ids(fuse([(5, 3.0), (1, 2.0), (4, 1.0)])) == [5, 1, 4]


def test_rerank_orders_by_cosine_and_puts_the_unknown_last() -> None:
    query = np.array([1.0, 0.0], np.float32)
    vectors = {1: np.array([0.0, 1.0], np.float32), 2: np.array([1.0, 0.0], np.float32)}
    ranked = rerank([(1, 9.0), (3, 8.0), (4, 7.0), (2, 6.0)], query, vectors)
    assert ids(ranked) == [2, 1, 3, 4]
    assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)


def test_rerank_without_any_vector_changes_nothing() -> None:
    candidates = [(1, 9.0), (3, 8.0)]
    assert rerank(candidates, np.array([1.0], np.float32), {}) == candidates


def test_added_scores_can_change_the_order() -> None:
    ranked = [(1, 0.50), (2, 0.49), (3, 0.10)]
    assert ids(add_scores(ranked, [(2, 10.0)], 0.01)) == [2, 1, 3]
    assert add_scores(ranked, [], 0.01) == ranked
