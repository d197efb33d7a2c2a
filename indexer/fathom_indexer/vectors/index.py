"""The interface of vector indexes, and helpers for their implementations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.embedding_space import Floats

Keys = NDArray[np.int64]

_DECIMALS = 6
"""Scores are rounded to this: the last bits of a product depend on the vector's place in memory, and copies of one
function must tie."""


class VectorIndex(Protocol):
    """Nearest neighbours among unit vectors, each known by an integer key of the caller's choice.

    Held in memory and made from the store, so it may be thrown away at any time.
    """

    def __len__(self) -> int:
        """How many keys there are."""

    def add(self, keys: Sequence[int], vectors: Floats) -> None:
        """Add unit vectors `[len(keys), dim]`. A key that exists gets the new vector.

        Raises `ValueError`, with nothing added, if the shape is wrong or a number is not finite.
        """

    def remove(self, keys: Sequence[int]) -> None:
        """Remove keys. Unknown keys are ignored."""

    def search(self, query: Floats, limit: int, allowed: Collection[int] | None = None) -> list[tuple[int, float]]:
        """The `limit` keys with the largest cosine to the unit vector `query` `[dim]`, and that cosine, best first.

        Ties are in the order of keys. `allowed` restricts the search to these keys (of which some may be unknown);
        None allows every key. Raises `ValueError` if the query has another dimension.
        """


def checked(keys: Sequence[int], vectors: Floats, dim: int | None) -> Floats:
    """`vectors` as an index keeps them. Raises `ValueError` if they do not fit `keys` or `dim`."""
    vectors = np.ascontiguousarray(vectors, np.float32)
    if vectors.ndim != 2 or len(vectors) != len(keys) or dim not in (None, vectors.shape[1]):
        raise ValueError(f"expected vectors of shape {(len(keys), dim)}, got {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds a number that is not finite")
    return vectors


def checked_query(query: Floats, dim: int) -> Floats:
    """`query` as an index searches it. Raises `ValueError` if it is not one vector of `dim` numbers."""
    query = np.ascontiguousarray(query, np.float32)
    if query.shape != (dim,):
        raise ValueError(f"expected a query of shape {(dim,)}, got {query.shape}")
    return query


def best(keys: Keys, scores: Floats, limit: int) -> list[tuple[int, float]]:
    """The `limit` largest scores `[n]` with their keys `[n]`, best first, ties in the order of keys."""
    if limit <= 0 or not len(keys):
        return []
    scores = np.round(scores, _DECIMALS)
    if limit < len(scores):
        # Everything that ties with the last place is kept, so that the order of keys decides between them.
        last_place = np.partition(scores, -limit)[-limit]
        among = np.flatnonzero(scores >= last_place)
        keys, scores = keys[among], scores[among]
    order = np.lexsort((keys, -scores))[:limit]
    return list(zip(keys[order].tolist(), scores[order].tolist(), strict=True))
