"""Ascending finds the top of a smooth hill, and leaves alone what it shall."""

from __future__ import annotations

import math

import pytest

from fathom_research.evaluation.ascent import FACTORS, Weighting, ascend

TOP = {"one": 0.3, "two": 0.02}


def hill(weights: Weighting) -> float:
    """Highest at `TOP`; what the first weight should be depends on the second."""
    one, two = (math.log(weights[name] / TOP[name]) for name in TOP)
    return -(one**2) - two**2 - one * two


@pytest.mark.parametrize("start", [{"one": 0.1, "two": 0.1}, {"one": 3.0, "two": 0.001}, TOP])
def test_it_comes_within_a_short_step_of_the_top(start: Weighting) -> None:
    found = ascend(hill, start)
    assert hill(found) >= hill(start)
    for name, value in TOP.items():
        assert value / FACTORS[-1] ** 2 < found[name] < value * FACTORS[-1] ** 2


def test_weights_that_are_held_stay() -> None:
    found = ascend(hill, {"one": 0.3, "two": 0.1}, held=("two",))
    assert found["two"] == 0.1
    # The best first weight, given the second.
    assert found["one"] == pytest.approx(0.3 / math.sqrt(5), rel=0.15)


def test_weights_have_two_digits() -> None:
    assert all(value == float(f"{value:.2g}") for value in ascend(hill, {"one": 0.1, "two": 0.1}).values())


def test_what_gains_too_little_is_not_done() -> None:
    start = {"one": 0.3, "two": 0.021}
    assert ascend(hill, start, least_gain=0.1) == start
