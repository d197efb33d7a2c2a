"""The one shape of results, and how people are shown scores."""

from __future__ import annotations

import pytest

from fathom_indexer.protocol import relevance


@pytest.mark.parametrize(
    ("score", "best", "shown"),
    [
        (0.8, 0.8, 100),
        (0.2, 0.8, 25),
        (1.2, 1.6, 75),
        (0.0, 0.8, 0),
        (-0.1, 0.8, 0),
        # Nothing speaks for any of them.
        (0.0, 0.0, 0),
        (-0.1, -0.1, 0),
        (-0.2, -0.1, 0),
    ],
)
def test_scores_are_shown_in_percent_of_the_best_one(score: float, best: float, shown: int) -> None:
    assert relevance(score, best) == shown
