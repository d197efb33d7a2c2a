"""Exact search: one matrix, one product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.vectors.index import best, checked, checked_query

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_FIRST_CAPACITY = 256

_GATHER_BELOW = 0.25
"""When fewer than this part of the vectors is allowed, copying them out costs less than scoring all of them."""


class ExactIndex:
    """A `VectorIndex` that compares the query with every vector.

    Rows are dense: a removed row is filled with the last one, and the matrix doubles when it is full.
    """

    def __init__(self, dim: int | None = None, capacity: int = _FIRST_CAPACITY) -> None:
        """`dim` None: as many dimensions as the first vectors have. `capacity` is how many vectors are expected."""
        # Edits add a few more. Without room for them, the first one would copy all vectors: half a second at 500,000.
        self._least = capacity + capacity // 8
        self._dim = dim
        self._row_of: dict[int, int] = {}
        self._keys = np.empty(0, np.int64)
        self._matrix: Floats = np.empty((0, dim or 0), np.float32)

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._row_of)

    def add(self, keys: Sequence[int], vectors: Floats) -> None:
        """See `VectorIndex.add`. When a key is named twice, its last vector counts."""
        if not len(keys):
            return
        vectors = checked(keys, vectors, self._dim)
        self._dim = vectors.shape[1]
        self._reserve(len(self) + len(keys), self._dim)
        rows = [self._row_of.setdefault(int(key), len(self._row_of)) for key in keys]
        self._keys[rows] = keys
        self._matrix[rows] = vectors

    def remove(self, keys: Sequence[int]) -> None:
        """See `VectorIndex.remove`."""
        for key in keys:
            row = self._row_of.pop(int(key), None)
            last = len(self._row_of)
            if row is None or row == last:
                continue
            moved = int(self._keys[last])
            self._keys[row] = moved
            self._matrix[row] = self._matrix[last]
            self._row_of[moved] = row

    def search(self, query: Floats, limit: int, allowed: Collection[int] | None = None) -> list[tuple[int, float]]:
        """See `VectorIndex.search`."""
        size = len(self)
        if not size or self._dim is None:
            return []
        query = checked_query(query, self._dim)
        matrix, keys = self._matrix[:size], self._keys[:size]
        if allowed is None:
            return best(keys, matrix @ query, limit)
        # In the order of rows, so that the same set gives the same answer whatever its own order is.
        rows = np.flatnonzero(np.isin(keys, np.fromiter(allowed, np.int64, len(allowed))))
        scores = matrix[rows] @ query if len(rows) < _GATHER_BELOW * size else (matrix @ query)[rows]
        return best(keys[rows], scores, limit)

    def _reserve(self, size: int, dim: int) -> None:
        capacity = len(self._keys)
        if size <= capacity:
            return
        capacity = max(size, 2 * capacity, self._least)
        keys, matrix = np.empty(capacity, np.int64), np.empty((capacity, dim), np.float32)
        if held := len(self):
            keys[:held], matrix[:held] = self._keys[:held], self._matrix[:held]
        self._keys, self._matrix = keys, matrix
