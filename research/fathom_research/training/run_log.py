"""The log of a run: losses and validation figures, one JSON object a line."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from fathom_research.training.checkpoint import Position
from fathom_research.training.passes import Parts

logger = logging.getLogger(__name__)

LOG_NAME = "log.jsonl"


class RunLog:
    """The log file in a run's folder. Every entry has the position of the run."""

    def __init__(self, out: Path) -> None:
        self._path = out / LOG_NAME

    def forget_after(self, step: int) -> None:
        """Drop the entries of steps after the checkpoint: those steps are taken again."""
        if not self._path.exists():
            return
        kept: list[str] = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:  # the line that a kill cut off
                continue
            if entry["step"] <= step:
                kept.append(line + "\n")
        partial = self._path.with_suffix(".partial")
        partial.write_text("".join(kept), encoding="utf-8")
        partial.replace(self._path)

    def losses(
        self, position: Position, since: Sequence[tuple[Tensor, Parts, int]], rate: float, seconds: float
    ) -> None:
        """Log means over the steps since the last entry, which took `seconds`; each has loss, parts and pairs."""
        found: dict[str, list[float]] = {}
        for _, parts, _ in since:
            for name, value in parts.items():
                found.setdefault(name, []).append(float(value))
        entry = {
            "loss": _rounded(sum(float(loss) for loss, _, _ in since) / len(since)),
            "rate": rate,
            "pairs_per_second": _rounded(sum(pairs for *_, pairs in since) / max(seconds, 1e-9)),
            "parts": {name: _rounded(sum(values) / len(values)) for name, values in found.items()},
        }
        self._append(position, entry)
        logger.info("step %d: loss %.4f, %.1f pairs/s", position.step, entry["loss"], entry["pairs_per_second"])

    def validation(self, position: Position, figures: Mapping[str, float]) -> None:
        """The figures of a validation by exit and length."""
        self._append(position, {"validation": {name: _rounded(figure) for name, figure in figures.items()}})
        logger.info("step %d: %s", position.step, " ".join(f"{name} {mrr:.3f}" for name, mrr in figures.items()))

    def _append(self, position: Position, entry: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({**asdict(position), **entry}) + "\n")


def _rounded(value: float) -> float:
    return round(value, 5)
