"""Functions and their files: a file that matches as a whole, and room for other files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from fathom_indexer.search.signals import RankedIds, in_order

NEAR = 0.08
"""A candidate this far below the best one says a third (1/e) as much for its file."""
SATURATION = 0.5
"""Each further function of a file comes later by what is left to this power: .5, .75, .875, ..."""


def coherence_values(ranked: RankedIds, paths: Mapping[int, str]) -> dict[int, float]:
    """How much the best function of each file gains by what else matches there, in (0, 1].

    A file's evidence is the sum of what its candidates say, each the more the nearer its score is to the best; the file
    with most of it gains 1.
    """
    if not ranked:
        return {}
    top = ranked[0][1]
    evidence: Counter[str] = Counter()
    first: dict[str, int] = {}
    for function_id, score in ranked:
        path = paths[function_id]
        evidence[path] += math.exp((score - top) / NEAR)  # type: ignore[assignment]
        first.setdefault(path, function_id)
    most = max(evidence.values())
    return {function_id: evidence[path] / most for path, function_id in first.items()}


def diversity_values(ranked: RankedIds, paths: Mapping[int, str]) -> dict[int, float]:
    """How much each function comes later for the better ones of its file, in [0, 1)."""
    seen: Counter[str] = Counter()
    values: dict[int, float] = {}
    for function_id, _ in in_order(ranked):
        path = paths[function_id]
        if seen[path]:
            values[function_id] = 1.0 - SATURATION ** seen[path]
        seen[path] += 1
    return values
