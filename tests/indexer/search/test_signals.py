"""Scores as sums."""

from __future__ import annotations

import pytest

from fathom_indexer.search import Signal, Step
from fathom_indexer.search.signals import explain, total

SIGNALS = (Signal(Step.VECTORS, 1.0, {1: 0.5, 2: 0.4}), Signal(Step.ROLE, -0.2, {1: 1.0}), Signal(Step.WORDS, 0.1, {}))


def test_adds_up_and_orders() -> None:
    assert total([1, 2, 3], SIGNALS) == [(2, 0.4), (1, pytest.approx(0.3)), (3, 0.0)]


def test_ties_are_in_the_order_of_ids() -> None:
    assert [function_id for function_id, _ in total([3, 1, 2], ())] == [1, 2, 3]


def test_the_parts_of_a_score_are_its_sum() -> None:
    parts = explain(1, SIGNALS)
    assert [part.step for part in parts] == ["vectors", "role"]
    assert sum(part.score for part in parts) == pytest.approx(dict(total([1], SIGNALS))[1])
    assert explain(3, SIGNALS) == ()
