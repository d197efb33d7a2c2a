"""Checks that no exit of a model has collapsed: compares its figures on small sets with recorded ones.

    python -m fathom_research.evaluation.gate tests/fixtures/exits             # compare; fails if an exit fell
    python -m fathom_research.evaluation.gate tests/fixtures/exits --record    # after the packaged model was replaced

The folder holds retrieval sets and `recorded.json`. The sets are far too small to choose between models by.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom_indexer.encoder import Encoder, load_encoder
from fathom_indexer.errors import EvaluationError, FathomError
from fathom_indexer.evaluation.metrics import score
from fathom_indexer.evaluation.retrieval_set import RetrievalSet, read_sets
from fathom_research.evaluation.exits import exit_rankings

RECORDED_NAME = "recorded.json"
MARGIN = 0.05
"""How far an exit may be below its recorded figure: processors round 8-bit products differently."""

Exit = tuple[str, int, int]
"""A set's name, a layer and a vector length."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A model's MRR@10 on each set at each of its exits and lengths."""

    model_id: str
    mrr: dict[Exit, float]

    def to_json(self) -> dict[str, Any]:
        """Nested by set, exit and length, rounded to four places."""
        sets: dict[str, dict[str, dict[str, float]]] = {}
        for (name, layer, dim), figure in self.mrr.items():
            sets.setdefault(name, {}).setdefault(str(layer), {})[str(dim)] = round(figure, 4)
        return {"model": self.model_id, "MRR@10": sets}

    @classmethod
    def load(cls, path: Path) -> Figures:
        """Figures as `to_json` gives them. Raises `EvaluationError` when the file holds none."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            figures = {
                (name, int(layer), int(dim)): float(figure)
                for name, layers in raw["MRR@10"].items()
                for layer, dims in layers.items()
                for dim, figure in dims.items()
            }
            return cls(str(raw["model"]), figures)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EvaluationError(f"{path} holds no recorded figures: {error}") from error


def measure(encoder: Encoder, sets: Mapping[str, RetrievalSet]) -> Figures:
    """The figures of all exits and lengths."""
    return Figures(
        encoder.config.model_id,
        {
            (name, layer, dim): score(retrieval_set.judgements, rankings).mrr
            for name, retrieval_set in sets.items()
            for layer, dim, rankings in exit_rankings(retrieval_set, encoder)
        },
    )


def problems(measured: Figures, recorded: Figures, margin: float = MARGIN) -> list[str]:
    """The faults of the measured figures, one sentence each; empty if the model may be shipped."""
    if measured.model_id != recorded.model_id:
        return [
            f"the model is {measured.model_id}, but figures were recorded for {recorded.model_id}: record them anew"
        ]
    found = [f"{_name(key)} was not recorded" for key in sorted(set(measured.mrr) - set(recorded.mrr))]
    for key, expected in sorted(recorded.mrr.items()):
        figure = measured.mrr.get(key)
        if figure is None:
            found.append(f"{_name(key)} was recorded but not measured")
        elif figure < expected - margin:
            found.append(f"{_name(key)}: MRR@10 {figure:.3f}, recorded {expected:.3f}")
    return found


def _name(key: Exit) -> str:
    name, layer, dim = key
    return f"{name}, exit {layer} at {dim} dimensions"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when an exit fell or something cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.evaluation.gate", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of retrieval sets")
    parser.add_argument("--model", type=Path, help="model folder; the packaged model when not given")
    parser.add_argument("--margin", type=float, default=MARGIN, help="how far a figure may fall")
    parser.add_argument("--record", action="store_true", help=f"write {RECORDED_NAME} instead of comparing with it")
    options = parser.parse_args(arguments)
    recorded = options.folder / RECORDED_NAME
    try:
        measured = measure(load_encoder(options.model), read_sets(options.folder))
        if options.record:
            recorded.write_text(json.dumps(measured.to_json(), indent=1) + "\n", encoding="utf-8")
            return 0
        wrong = problems(measured, Figures.load(recorded), options.margin)
    except FathomError as error:
        wrong = [str(error)]
    for sentence in wrong:
        sys.stderr.write(f"{sentence}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
