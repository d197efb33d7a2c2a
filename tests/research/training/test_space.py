"""The space that the frozen base teaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the torch extra")

if TYPE_CHECKING:
    from torch import Tensor

from fathom_research.training.corpus import WORDS  # noqa: E402
from fathom_research.training.space import TargetSpace, ridge  # noqa: E402


def _texts(
    tasks: int, languages: int, noise: float = 0.05
) -> tuple[Tensor, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Every task in words and in every language; the language moves a vector further than the task does."""
    torch.manual_seed(0)
    meaning, accent = torch.randn(tasks, 16), 4 * torch.randn(languages + 1, 16)
    vectors = meaning[:, None] + accent + noise * torch.randn(tasks, languages + 1, 16)
    groups = np.tile(np.arange(WORDS, languages), tasks)
    return torch.nn.functional.normalize(vectors.reshape(-1, 16), dim=-1), groups


def _right_task(vectors: Tensor, groups: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """How often the nearest text is of the same task, itself aside."""
    scores = (vectors @ vectors.T).fill_diagonal_(-2)
    width = len(set(groups))
    nearest = scores.argmax(-1) // width
    return float((nearest == torch.arange(len(vectors)) // width).float().mean())


def test_texts_of_one_meaning_come_together_whatever_their_language() -> None:
    vectors, groups = _texts(60, 3)
    code = torch.from_numpy(groups != WORDS)
    space = TargetSpace.fit(vectors, groups, narrowing=0.2, centring=1.0)
    moved = space.of(vectors, groups)
    assert _right_task(vectors[code], groups[code]) < 0.3
    assert _right_task(moved[code], groups[code]) > 0.9
    torch.testing.assert_close(moved.norm(dim=-1), torch.ones(len(moved)))


def test_the_first_dimensions_hold_the_most() -> None:
    vectors, groups = _texts(60, 3)
    moved = TargetSpace.fit(vectors, groups, narrowing=0.0, centring=1.0).of(vectors, groups)
    spread = moved[torch.from_numpy(groups != WORDS)].var(0)
    assert spread[:4].sum() > 1.5 * spread[-4:].sum()


def test_turning_alone_changes_no_similarity() -> None:
    vectors, groups = _texts(20, 2)
    moved = TargetSpace.fit(vectors, groups, narrowing=0.0).of(vectors, groups)
    torch.testing.assert_close(moved @ moved.T, vectors @ vectors.T, atol=1e-4, rtol=0)


def test_ridge_finds_a_linear_map() -> None:
    torch.manual_seed(0)
    weight, bias, inputs = torch.randn(3, 5), torch.randn(3), torch.randn(400, 5)
    found, offset = ridge(inputs, inputs @ weight.T + bias, strength=1e-6)
    torch.testing.assert_close(found, weight, atol=1e-3, rtol=0)
    torch.testing.assert_close(offset, bias, atol=1e-3, rtol=0)
