"""The length of a run, the intervals at which it logs, validates and saves, and its learning rate."""

from __future__ import annotations

from dataclasses import dataclass

from fathom_research.training.checkpoint import Position
from fathom_research.training.run_config import RunConfig


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run ends, and how often it logs, validates and saves. One of `steps` and `minutes` is given."""

    steps: int | None = None
    minutes: float | None = None
    checkpoint_minutes: float = 3.0
    log_steps: int = 10
    validation_minutes: float = 10.0

    def progress(self, position: Position) -> float:
        """How much of the run is done, 0 to 1. What the learning rate follows."""
        if self.steps is not None:
            return 1.0 if position.step >= self.steps else position.step / self.steps
        return min(position.seconds / 60 / (self.minutes or 1e-9), 1.0)


def learning_rate(config: RunConfig, progress: float) -> float:
    """Rises in a line for the warmup, then falls in a line to zero."""
    if progress < config.warmup:
        return config.learning_rate * max(progress, 0.01) / config.warmup
    return config.learning_rate * (1 - progress) / (1 - config.warmup)
