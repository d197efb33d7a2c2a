"""Which index a workspace gets.

Placeholder figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_indexer.errors import QueryError
from fathom_indexer.vectors.exact import ExactIndex
from fathom_indexer.vectors.hnsw import HnswIndex, hnsw_available

if TYPE_CHECKING:
    from fathom_indexer.vectors.index import VectorIndex

CROSSOVER = 200_000 * 384
"""Numbers in the matrix (vectors times dimensions) from which on `auto` takes HNSW."""


def choose(name: str, size: int, dim: int | None) -> VectorIndex:
    """An empty index for about `size` vectors of `dim` dimensions (None: told by the first vectors).

    `name` is `exact`, `hnsw`, or `auto`: exact below the crossover or where hnswlib is not installed. Raises
    `QueryError` for another name, `IndexStoreError` for `hnsw` without hnswlib.
    """
    if name == "exact" or (name == "auto" and not _large(size, dim)):
        return ExactIndex(dim)
    if name == "hnsw":
        return HnswIndex(dim, capacity=size)
    if name == "auto":
        return HnswIndex(dim, capacity=size) if hnsw_available() else ExactIndex(dim)
    raise QueryError(f"unknown kind of vector index {name!r}; there are: auto, exact, hnsw")


def _large(size: int, dim: int | None) -> bool:
    return size * (dim or 384) >= CROSSOVER
