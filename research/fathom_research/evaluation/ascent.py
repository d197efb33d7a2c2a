"""Coordinate ascent, for a goal that can be computed but has no gradient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

Weighting = dict[str, float]

FACTORS = (1.6, 1.3, 1.15, 1.07)
"""Step sizes, tried in this order: long steps first."""


def ascend(
    goal: Callable[[Weighting], float],
    start: Mapping[str, float],
    held: Collection[str] = (),
    least_gain: float = 1e-4,
) -> Weighting:
    """Multiply or divide one weight after the other by a factor, as long as the goal rises by `least_gain`.

    Weights are rounded to two digits: the optimum is flat, and more digits would fit the noise of the data. Weights
    named in `held` do not change, and neither do weights of 0.
    """
    weights = dict(start)
    best = goal(weights)
    for factor in FACTORS:
        rises = True
        while rises:
            rises = False
            for name in (name for name in start if name not in held):
                for value in (weights[name] * factor, weights[name] / factor):
                    moved = {**weights, name: float(f"{value:.2g}")}
                    reached = goal(moved)
                    if reached > best + least_gain:
                        weights, best, rises = moved, reached, True
                        break
    return weights
