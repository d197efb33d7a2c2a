"""Coordinate ascent: the weights of a goal that can be computed and not differentiated."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

Weighting = dict[str, float]

FACTORS = (1.6, 1.3, 1.15, 1.07)
"""How far a weight is moved, one after the other: first with long steps, then with shorter ones."""


def ascend(
    goal: Callable[[Weighting], float],
    start: Mapping[str, float],
    held: Collection[str] = (),
    least_gain: float = 1e-4,
) -> Weighting:
    """Multiply or divide one weight after the other by a factor, as long as the goal rises by `least_gain`.

    Weights have two digits: an optimum is flat, and more of them would only say what was measured on. Those that are
    `held` stay as they are, and so do those that are 0.
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
