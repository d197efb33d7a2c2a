"""Quality against speed, exit by exit, as a picture beside the table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from fathom_indexer.evaluation import Task
from fathom_research.training.figures import Row, set_names

SHORT = 128
"""The length that is drawn beside the longest one."""

# Text stays text, and the same figures give the same file.
_STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "fathom", "font.size": 9.0}


def plot(rows: Sequence[Row], path: Path) -> None:
    """Draw mean MRR@10 over the question sets against functions a second, and write it as SVG.

    A line joins the exits of a model, once at its longest vectors and once at 128 features; a point is labelled with
    its layer. Rows without exits are level lines. Rows that lack a question set, or were not timed, are left out.
    """
    questions = set_names(rows, Task.SEARCH)
    with matplotlib.rc_context(_STYLE):
        canvas = Canvas(figsize=(8, 5), layout="constrained")
        axes = canvas.add_subplot(xscale="log", xlabel="functions per second", ylabel="mean MRR@10 on questions")
        models = list(dict.fromkeys((row.model, row.runtime) for row in rows if row.layer is not None))
        for number, (model, runtime) in enumerate(models):
            of_model = [row for row in rows if (row.model, row.runtime) == (model, runtime)]
            longest = max(row.dim or 0 for row in of_model)
            for dim, line in {longest: "-o", min(SHORT, longest): "--s"}.items():
                of_length = [row for row in of_model if row.dim == dim]
                _draw_line(axes, of_length, questions, line, f"C{number % 10}", f"{model} ({runtime}), {dim}")
        for row in rows:
            if row.layer is None and (mean := row.mean("mrr", questions)) is not None:
                axes.axhline(mean, color="0.4", linestyle=":", label=row.model)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=7)
        canvas.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw_line(axes: Axes, rows: Sequence[Row], questions: Sequence[str], line: str, colour: str, label: str) -> None:
    points = [
        (row.speed.functions_per_second, mean, row.layer)
        for row in rows
        if row.speed is not None and (mean := row.mean("mrr", questions)) is not None
    ]
    if not points:
        return
    across, up, layers = zip(*points, strict=True)
    axes.plot(across, up, line, color=colour, label=label, markersize=4)
    for place, layer in enumerate(layers):
        corner = (across[place], up[place])
        axes.annotate(str(layer), corner, xytext=(3, 4), textcoords="offset points", fontsize=7, color=colour)
