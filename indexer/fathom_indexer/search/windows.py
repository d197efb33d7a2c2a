"""Long functions are read to their end: the best of their windows counts beside the vector of the whole."""

from __future__ import annotations

from collections.abc import Mapping

from fathom_indexer.embedding_space import Floats
from fathom_indexer.storage import IndexReader

_LOOKED_AT = 80
"""Candidates whose windows are compared, those with the largest cosines: reading vectors costs 10 µs each."""


def window_gains(
    store: IndexReader, model: str, layer: int, query: Floats, cosines: Mapping[int, float]
) -> dict[int, float]:
    """By how much the best window of each candidate is nearer to `query` `[1, dim]` than the candidate's own vector.

    `cosines` are those of the candidates at this exit. Candidates without a nearer window are left out.
    """
    best = sorted(cosines, key=lambda item: (-cosines[item], item))[:_LOOKED_AT]
    gains = {
        function_id: round(float((rows @ query[0]).max()), 6) - cosines[function_id]
        for function_id, rows in store.window_vectors(model, layer, best).items()
    }
    return {function_id: gain for function_id, gain in gains.items() if gain > 0}
