"""Mining hard negatives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the torch extra")

if TYPE_CHECKING:
    from torch import Tensor

from fathom_research.training.corpus import Corpus, Pairs  # noqa: E402
from fathom_research.training.negatives import mine  # noqa: E402


def _corpus(groups: list[int], pairs: Pairs) -> Corpus:
    count = len(groups)
    zeros = np.zeros(count, np.int64)
    return Corpus(
        Path(),
        np.zeros(0, np.uint16),
        np.zeros(count + 1, np.int64),
        np.zeros(count, np.uint8),
        zeros,
        np.array(groups),
        pairs,
        pairs,
        8,
        8,
    )


def _vectors(degrees: list[float]) -> Tensor:
    angles = torch.deg2rad(torch.tensor(degrees))
    vectors: Tensor = torch.stack([angles.cos(), angles.sin()], dim=1)
    return vectors


def test_the_nearest_that_do_not_answer_are_taken() -> None:
    # Text 0 asks; 1 is its answer at 30 degrees, 2 of the same group, 3 nearer, 4 a little farther, 5 far away.
    codes = Pairs(np.array([0, 0, 0, 0, 0]), np.array([1, 2, 3, 4, 5]), np.zeros(5, np.int64), np.zeros(5, np.int64))
    corpus = _corpus([7, 7, 7, 1, 2, 3], codes)
    found = mine(_vectors([0, 30, 40, 10, 45, 170]), corpus, codes, 4, seed=0)
    assert found.shape == (5, 4)
    assert sorted(found[0].tolist()) == [-1, -1, 4, 5]
    assert sorted(found[3].tolist()) == [-1, -1, -1, 5], "its own function is none of them"


def test_nearer_ones_are_drawn_more_often() -> None:
    count = 200
    pairs = Pairs(
        np.zeros(count, np.int64), np.ones(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.int64)
    )
    codes = Pairs(
        np.concatenate([pairs.query, [0, 0]]),
        np.concatenate([pairs.code, [2, 3]]),
        np.zeros(count + 2, np.int64),
        np.zeros(count + 2, np.int64),
    )
    found = mine(_vectors([0, 10, 40, 44]), _corpus([0, 0, 1, 2], codes), codes, 1, seed=1)[:count, 0]
    near, far = ((found == text).sum() for text in (2, 3))
    assert near + far == count
    assert near > 1.5 * far > 0
    again = mine(_vectors([0, 10, 40, 44]), _corpus([0, 0, 1, 2], codes), codes, 1, seed=1)[:count, 0]
    assert (found == again).all()
