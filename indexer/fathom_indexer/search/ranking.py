"""The pure steps of ranking: no store, no model, only ids, scores and vectors."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

Ranked = list[tuple[int, float]]
"""Function ids with scores, best first. Larger scores are better."""

RRF_K = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""


class Pipeline(str, Enum):
    """Which parts of a search take part; all but `HYBRID` are for comparison."""

    LEXICAL = "lexical"
    DENSE = "dense"
    HYBRID = "hybrid"


def fuse(*rankings: Ranked) -> Ranked:
    """Reciprocal rank fusion: what several rankings have near their top comes first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, (function_id, _) in enumerate(ranking, start=1):
            scores[function_id] = scores.get(function_id, 0.0) + 1.0 / (RRF_K + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def rerank(candidates: Ranked, query: Floats, vectors: Mapping[int, Floats]) -> Ranked:
    """The candidates by cosine with `query` `[dim]`; those without a vector keep their order behind all others."""
    known = [function_id for function_id, _ in candidates if function_id in vectors]
    if not known:
        return candidates
    cosines = np.stack([vectors[function_id] for function_id in known]) @ query
    ranked = sorted(zip(known, cosines.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
    lowest = ranked[-1][1]
    unknown = [function_id for function_id, _ in candidates if function_id not in vectors]
    return ranked + [(function_id, lowest - 1e-3 * rank) for rank, function_id in enumerate(unknown, start=1)]


def add_scores(ranked: Ranked, others: Ranked, weight: float) -> Ranked:
    """Add `weight` times the other ranking's scores to those it has, and order anew."""
    extra = dict(others)
    summed = [(function_id, score + weight * extra.get(function_id, 0.0)) for function_id, score in ranked]
    return sorted(summed, key=lambda item: (-item[1], item[0]))
