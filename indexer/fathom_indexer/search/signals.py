"""Scores as sums: what every step says about every candidate, added up and taken apart again."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import pvariance

from fathom_indexer.search.steps import Step
from fathom_indexer.types import Contribution

RankedIds = list[tuple[int, float]]
"""Function ids with scores, best first. Larger scores are better."""

Values = Mapping[int, float]
"""What a step says of function ids. One that is missing counts 0."""


_NARROWEST, _TYPICAL, _WIDEST = 0.06, 0.11, 0.2
"""Standard deviations of cosines: nine of ten queries have one between the outer ones."""

_PRIOR = 10
"""How many values the typical deviation is worth. Without it, the only function of a small folder would score more than
a better one of a large folder, whose cosines are seen to differ."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one step says of the candidates, and how much it counts."""

    step: Step
    weight: float
    values: Values

    def score(self, function_id: int) -> float:
        """What this adds to the candidate's score."""
        return self.weight * self.values.get(function_id, 0.0)


def total(ids: Iterable[int], signals: Sequence[Signal]) -> RankedIds:
    """The candidates by the sum of all signals, best first; ties in the order of ids."""
    scores = dict.fromkeys(ids, 0.0)
    for signal in signals:
        for function_id, value in signal.values.items():
            if function_id in scores:
                scores[function_id] += signal.weight * value
    return in_order(scores.items())


def plus(ranked: RankedIds, signal: Signal) -> RankedIds:
    """The candidates with another signal added to their scores, in their new order."""
    return in_order((function_id, score + signal.score(function_id)) for function_id, score in ranked)


def in_order(ranked: Iterable[tuple[int, float]]) -> RankedIds:
    """Best first; ties in the order of ids."""
    return sorted(ranked, key=lambda item: (-item[1], item[0]))


def spread(values: Collection[float]) -> float:
    """The standard deviation, drawn towards the typical one the more, the fewer values there are, and within bounds."""
    if not values:
        return _WIDEST
    variance = (len(values) * pvariance(values) + _PRIOR * _TYPICAL**2) / (len(values) + _PRIOR)
    return min(max(math.sqrt(variance), _NARROWEST), _WIDEST)


def explain(function_id: int, signals: Sequence[Signal]) -> tuple[Contribution, ...]:
    """The parts of a candidate's score, in the order of the steps, without those that are nothing."""
    scores = [(signal.step.value, signal.score(function_id)) for signal in signals]
    return tuple(Contribution(step, score) for step, score in scores if score)
