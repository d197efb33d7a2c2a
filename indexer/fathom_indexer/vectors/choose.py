"""The choice of the vector index for a workspace.

Measured by `benchmarks/vectors.py`: two cores that others were using as well (load 5 to 8), 384 dimensions, top 50,
overlapping clusters; query times are medians with the fastest of 200 in brackets.

    vectors   exact ms       HNSW ms        recall@50   HNSW build, CPU s   memory MB, exact and HNSW
     10,000   15.9  (0.3)    0.26 (0.21)    0.998         2                  29    19
     50,000    8.0  (3.0)    0.35 (0.25)    0.999        15                  86   103
    100,000   16.0 (11.6)    0.45 (0.35)    0.998        39                 172   198
    200,000   73.0 (51.0)    0.50 (0.35)    0.999       103                 340   388

HNSW answers faster at every size, so speed alone is no criterion: the question is when a user would notice. Encoding
the query and reranking take some tens of milliseconds anyway. Exact search stays near that up to about 200,000 vectors,
needs no build, misses nothing, and filters and removes vectors at no cost; an HNSW graph costs minutes of CPU, and
fresh vectors keep costing half a millisecond each. The crossover is where exact search takes more than a tenth of a
second on such a machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_indexer.errors import QueryError
from fathom_indexer.vectors.exact import ExactIndex
from fathom_indexer.vectors.hnsw import HnswIndex, hnsw_available

if TYPE_CHECKING:
    from fathom_indexer.vectors.index import VectorIndex

CROSSOVER = 300_000 * 384
"""Numbers in the matrix (vectors times dimensions) from which on `auto` takes HNSW."""


def choose(name: str, size: int, dim: int | None) -> VectorIndex:
    """An empty index for about `size` vectors of `dim` dimensions (None: as the first vectors have).

    `name` is `exact`, `hnsw`, or `auto`: exact below the crossover or where hnswlib is not installed. Raises
    `QueryError` for another name, `IndexStoreError` for `hnsw` without hnswlib.
    """
    if name == "exact" or (name == "auto" and not _large(size, dim)):
        return ExactIndex(dim, capacity=size)
    if name == "hnsw":
        return HnswIndex(dim, capacity=size)
    if name == "auto":
        return HnswIndex(dim, capacity=size) if hnsw_available() else ExactIndex(dim, capacity=size)
    raise QueryError(f"unknown kind of vector index {name!r}; there are: auto, exact, hnsw")


def _large(size: int, dim: int | None) -> bool:
    return size * (dim or 384) >= CROSSOVER
