"""The figures of models, exit by exit: what they consist of, their JSON, and the Markdown tables they make."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fathom_indexer.errors import EvaluationError
from fathom_indexer.evaluation import Task

BYTES_A_FEATURE = 2
"""The store keeps vectors as 16-bit floats."""

ONNX = "onnx"
TORCH = "torch"


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over queries, with half the width of its bootstrap interval."""

    mean: float
    half_width: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ±{self.half_width:.3f}"


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one ranking on one set; `task` is None in files of earlier versions."""

    set: str
    mrr: Figure
    ndcg: Figure
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class Speed:
    """What an exit costs."""

    functions_per_second: float
    query_milliseconds: float
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One way of ranking on all sets: a model's exit at a length, or BM25, which has neither."""

    model: str
    layer: int | None
    dim: int | None
    quality: tuple[Quality, ...]
    speed: Speed | None
    runtime: str = ONNX
    """`onnx` runs the 8-bit graphs, `torch` the unquantized weights."""

    def mean(self, metric: str, sets: Sequence[str]) -> float | None:
        """The mean over these sets; None if there is no set, or one of them was not measured."""
        figures = {each.set: getattr(each, metric).mean for each in self.quality}
        return sum(figures[name] for name in sets) / len(sets) if sets and set(sets) <= set(figures) else None


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write rows as JSON, for `read_rows`."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def read_rows(path: Path) -> list[Row]:
    """Rows as `write_rows` wrote them. Raises `EvaluationError` when the file holds none."""
    try:
        return [_row(raw) for raw in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"{path} holds no figures: {error}") from error


def _row(raw: dict[str, Any]) -> Row:
    quality = tuple(
        Quality(
            each["set"], Figure(**each["mrr"]), Figure(**each["ndcg"]), Task(each["task"]) if each.get("task") else None
        )
        for each in raw["quality"]
    )
    speed = Speed(**raw["speed"]) if raw["speed"] else None
    return Row(raw["model"], raw["layer"], raw["dim"], quality, speed, raw.get("runtime", ONNX))


def merged(*groups: Sequence[Row]) -> list[Row]:
    """All rows in order of first appearance; of rows for the same thing the last one counts.

    The task of a set is that of any row that names it; search if no row does.
    """
    by_key = {(row.model, row.layer, row.dim, row.runtime): row for rows in groups for row in rows}
    tasks = {each.set: each.task for row in by_key.values() for each in row.quality if each.task}
    return [
        replace(row, quality=tuple(replace(each, task=tasks.get(each.set, Task.SEARCH)) for each in row.quality))
        for row in by_key.values()
    ]


def set_names(rows: Sequence[Row], task: Task | None = None) -> list[str]:
    """The sets that any row was measured on, or those of one task, in order of first appearance."""
    return list(dict.fromkeys(each.set for row in rows for each in row.quality if task in {None, each.task}))


def quality_table(rows: Sequence[Row], metric: str) -> str:
    """A line a row: `metric` (`mrr` or `ndcg`) on every set, and its means over all sets and over all questions.

    Where a model was measured with both runtimes, its lines are the 8-bit ones and a column has the mean without
    quantization. What was not measured stays empty.
    """
    names, questions = set_names(rows), set_names(rows, Task.SEARCH)
    exact = {(row.model, row.layer, row.dim): row for row in rows if row.runtime == TORCH}
    quantized = {(row.model, row.layer, row.dim) for row in rows if row.runtime == ONNX}
    both = bool(quantized & set(exact))
    header = ["model", "exit", "dim", "mean", *(["mean, 32-bit"] if both else []), "questions"]
    lines = [[*header, *names]]
    for row in rows:
        key = (row.model, row.layer, row.dim)
        if row.runtime == TORCH and key in quantized:
            continue
        figures = {each.set: str(getattr(each, metric)) for each in row.quality}
        means = [row.mean(metric, names)]
        if both:
            means.append(exact[key].mean(metric, names) if key in exact else None)
        means.append(row.mean(metric, questions))
        lines.append([*_head(row), *map(_number, means), *(figures.get(name, "") for name in names)])
    return markdown_table(lines, 3)


def cost_table(rows: Sequence[Row]) -> str:
    """A line a row that was timed: functions a second, time of a query, and the bytes of a stored vector."""
    lines = [["model", "exit", "dim", "runtime", "threads", "functions/s", "one query, ms", "bytes a function"]]
    for row in rows:
        if row.speed is not None and row.dim is not None:
            per_second, milliseconds = f"{row.speed.functions_per_second:.0f}", f"{row.speed.query_milliseconds:.1f}"
            cost = [row.runtime, str(row.speed.threads), per_second, milliseconds, str(row.dim * BYTES_A_FEATURE)]
            lines.append([*_head(row), *cost])
    return markdown_table(lines, 1)


def markdown_table(lines: Sequence[Sequence[str]], left: int) -> str:
    """A Markdown table of a header and lines, the first `left` columns flush left and the others flush right."""
    header, *body = lines
    rule = ["---"] * left + ["---:"] * (len(header) - left)
    return "".join(f"| {' | '.join(line)} |\n" for line in (header, rule, *body))


def _head(row: Row) -> list[str]:
    return [row.model, *("" if value is None else str(value) for value in (row.layer, row.dim))]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
