"""Pictures of how figures grow with the size of an index."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Points = Sequence[tuple[float, float]]
"""Functions, and a figure at that size."""

# Text stays text, and the same figures give the same file.
_STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "fathom", "font.size": 9.0}
_ACROSS = 2


def draw_growth(panels: Mapping[str, Mapping[str, Points]], path: Path) -> None:
    """One panel a title, one line a label, both axes logarithmic, written as SVG. Lines without points are left out."""
    import matplotlib  # noqa: PLC0415 - only where figures are published
    from matplotlib.figure import Figure  # noqa: PLC0415

    across = min(_ACROSS, len(panels))
    down = math.ceil(len(panels) / across)
    with matplotlib.rc_context(_STYLE):
        canvas = Figure(figsize=(5 * across, 3.5 * down), layout="constrained")
        for number, (title, lines) in enumerate(panels.items(), start=1):
            axes = canvas.add_subplot(down, across, number, title=title, xlabel="functions")
            axes.set(xscale="log", yscale="log")
            for label, points in lines.items():
                if points:
                    sizes, values = zip(*sorted(points), strict=True)
                    axes.plot(sizes, values, "-o", label=label, markersize=4)
            axes.grid(alpha=0.3)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(fontsize=7)
        canvas.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
