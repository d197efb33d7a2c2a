"""What was tried in training and what came of it: `research/techniques.json` as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom_indexer.errors import EvaluationError
from fathom_research.training.figures import markdown_table


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique, what was compared and how, the figures of each side by name, and whether it stayed."""

    technique: str
    compared: str
    figures: dict[str, float]
    kept: bool


def read_techniques(path: Path) -> list[Technique]:
    """The techniques of a JSON list. Raises `EvaluationError` that says which entry is malformed."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read: {error}") from error
    if not isinstance(entries, list):
        raise EvaluationError(f"{path} is no list")
    return [_technique(entry, f"{path}, entry {number}") for number, entry in enumerate(entries, start=1)]


def _technique(entry: Any, where: str) -> Technique:
    try:
        figures = {str(name): float(value) for name, value in entry["figures"].items()}
        technique = Technique(entry["technique"], entry["compared"], figures, entry["kept"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EvaluationError(f"{where}: {type(error).__name__} {error}") from error
    if not (isinstance(technique.technique, str) and isinstance(technique.compared, str) and figures):
        raise EvaluationError(f"{where}: `technique` and `compared` are texts, and there is at least one figure")
    if not isinstance(technique.kept, bool):
        raise EvaluationError(f"{where}: `kept` is true or false")
    return technique


def techniques_table(techniques: Sequence[Technique]) -> str:
    """A line a technique."""
    lines = [["technique", "compared", "figures", ""]]
    for each in techniques:
        figures = "; ".join(f"{name} {value:.3f}" for name, value in each.figures.items())
        cells = [each.technique, each.compared, figures, "kept" if each.kept else "rejected"]
        lines.append([cell.replace("|", "\\|") for cell in cells])
    return markdown_table(lines, 4)
