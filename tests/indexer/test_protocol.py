"""The one shape of results, and how people are shown scores."""

from __future__ import annotations

import pytest

from fathom_indexer.protocol import relevance


@pytest.mark.parametrize(
    ("score", "best", "shown"),
    [(0.8, 0.8, 100), (0.55, 0.8, 50), (0.3, 0.8, 25), (-0.2, -0.2, 100), (-0.2, 0.05, 50), (-9.0, 1.0, 0)],
)
def test_people_are_shown_how_much_lower_a_score_is_than_the_best_one(score: float, best: float, shown: int) -> None:
    assert relevance(score, best) == shown
