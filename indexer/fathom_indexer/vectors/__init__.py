"""Vector indexes: exact search, and HNSW for workspaces beyond the measured crossover, behind one protocol."""

from fathom_indexer.vectors.choose import choose
from fathom_indexer.vectors.exact import ExactIndex
from fathom_indexer.vectors.hnsw import HnswIndex, SnapshotError, hnsw_available
from fathom_indexer.vectors.index import VectorIndex

__all__ = ["ExactIndex", "HnswIndex", "SnapshotError", "VectorIndex", "choose", "hnsw_available"]
