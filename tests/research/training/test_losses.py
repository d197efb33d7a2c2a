"""Losses against values computed by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

torch = pytest.importorskip("torch", reason="needs the torch extra")

if TYPE_CHECKING:
    from torch import Tensor

from fathom_research.training.losses import (  # noqa: E402
    Objective,
    Sides,
    contrast,
    divergence,
    layer_weight,
    misalignment,
    shortened,
)
from fathom_research.training.run_config import RunConfig  # noqa: E402

ALL = torch.tensor([True, True])
NONE = torch.zeros(2, 2, dtype=torch.bool)


def test_contrast_is_the_mean_of_both_directions() -> None:
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    codes = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    # Scores at temperature 1: [[1, .6], [0, .8]].
    forward = (math.log1p(math.exp(0.6 - 1)) + math.log1p(math.exp(0 - 0.8))) / 2
    back = (math.log1p(math.exp(0 - 1)) + math.log1p(math.exp(0.6 - 0.8))) / 2
    assert contrast(queries, codes, 1.0).item() == pytest.approx((forward + back) / 2, abs=1e-6)


def test_masked_texts_are_no_negatives() -> None:
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    codes = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    masked = torch.tensor([[False, True], [True, False]])
    assert contrast(queries, codes, 0.05, masked).item() == 0
    assert contrast(queries, codes, 0.05).item() > 0


def test_divergence_is_the_mean_of_both_directions() -> None:
    student, target = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.5, 0.5], [0.0, 1.0]])

    def kl(p: list[float], q: list[float]) -> float:
        zp, zq = (sum(math.exp(x) for x in row) for row in (p, q))
        return sum(math.exp(a) / zp * ((a - math.log(zp)) - (b - math.log(zq))) for a, b in zip(p, q, strict=True))

    forward = (kl([0.5, 0.5], [1, 0]) + kl([0, 1], [0, 1])) / 2
    back = (kl([0.5, 0], [1, 0]) + kl([0.5, 1], [0, 1])) / 2
    assert divergence(student, target, 1.0, ALL).item() == pytest.approx((forward + back) / 2, abs=1e-6)
    assert divergence(target, target, 0.05, ALL).item() == pytest.approx(0, abs=1e-6)
    first = torch.tensor([True, False])
    assert divergence(student, target, 1.0, first).item() == pytest.approx(
        (kl([0.5, 0.5], [1, 0]) + kl([0.5, 0], [1, 0])) / 2, abs=1e-6
    )


def test_misalignment_is_one_minus_the_cosine() -> None:
    vectors, target = torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert misalignment(vectors, target, ALL).item() == pytest.approx(0.2)
    assert misalignment(vectors, target, torch.tensor([False, True])).item() == pytest.approx(0.4)
    assert misalignment(vectors, target, torch.tensor([False, False])).item() == 0


def test_shortened_vectors_have_length_one() -> None:
    assert torch.allclose(shortened(torch.tensor([[0.48, 0.36, 0.8]]), 2), torch.tensor([[0.8, 0.6]]))


def _objective(config: RunConfig, followed: Tensor = ALL) -> tuple[float, dict[str, float]]:
    torch.manual_seed(0)
    unit = [torch.nn.functional.normalize(torch.randn(2, 4), dim=-1) for _ in range(6)]
    sides = Sides({1: unit[0], 2: unit[1]}, {1: unit[2], 2: unit[3]})
    loss, parts = Objective(config, 2)(sides, (unit[4], unit[5]), NONE, followed, torch.tensor([1.0, 0.0]))
    return loss.item(), {name: part.item() for name, part in parts.items()}


def test_the_last_layer_is_anchored_and_the_others_learn() -> None:
    config = RunConfig(exits=(1, 2), dims=(4, 2))
    loss, parts = _objective(config)
    assert set(parts) == {"contrast_1", "distillation_1", "alignment_1", "alignment_2"}
    expected = 0.5 * parts["contrast_1"] + parts["distillation_1"] + parts["alignment_1"] + 10 * parts["alignment_2"]
    assert loss == pytest.approx(expected, rel=1e-5)


def test_switches_turn_techniques_on_and_off() -> None:
    plain = RunConfig(exits=(1, 2), dims=(4,), distillation=0, alignment=0, anchor=0, deep_contrast={"doc": 1.0})
    assert set(_objective(plain)[1]) == {"contrast_1", "contrast_2"}
    alone = RunConfig(exits=(1,), dims=(4,), target="deepest")
    assert set(_objective(alone)[1]) == {"contrast_1", "alignment_1"}, "an exit alone has none deeper to learn from"
    nobody = _objective(RunConfig(exits=(1, 2), dims=(4,)), torch.tensor([False, False]))
    assert nobody[0] == pytest.approx(0.5 * nobody[1]["contrast_1"], rel=1e-5)


def test_the_target_is_the_one_that_is_named() -> None:
    figures = {
        target: _objective(RunConfig(exits=(1, 2), dims=(4,), target=target))[1] for target in ("teacher", "next")
    }
    assert figures["teacher"]["distillation_1"] != figures["next"]["distillation_1"]


def test_exits_weigh_the_same_or_by_depth() -> None:
    assert layer_weight(RunConfig(), 2) == layer_weight(RunConfig(), 6) == 1
    assert layer_weight(RunConfig(exit_weights="depth"), 2) == pytest.approx(1 / 3)
    assert layer_weight(RunConfig(exit_weights="depth"), 0) == pytest.approx(1 / 12)
