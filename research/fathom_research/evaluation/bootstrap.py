"""Bootstrap intervals of means (Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with the ends of its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float
    count: int

    @property
    def half_width(self) -> float:
        """Half the interval's width."""
        return (self.high - self.low) / 2


def estimate(values: Sequence[float], seed: int = 0) -> Estimate:
    """The mean of `values` with its 95 % percentile interval over resamples. The same values give the same interval.

    Raises `ValueError` for no values.
    """
    if not values:
        raise ValueError("no values to estimate a mean from")
    sample = np.asarray(values, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, len(sample), (RESAMPLES, len(sample)))
    low, high = np.percentile(sample[picks].mean(axis=1), [2.5, 97.5])
    return Estimate(float(sample.mean()), float(low), float(high), len(sample))
