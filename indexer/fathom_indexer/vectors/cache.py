"""The index vectors in memory: loaded when first needed, kept in step with the store."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from fathom_indexer.embedding_space import EmbeddingSpace, Floats, shorten
from fathom_indexer.errors import IndexStoreError
from fathom_indexer.storage import Store
from fathom_indexer.vectors import HnswIndex, SnapshotError, VectorIndex, choose, hnsw_available

logger = logging.getLogger(__name__)


class VectorCache:
    """A vector index over everything in the store that has a vector at one exit.

    An approximate index takes minutes to build, so it is saved beside the store and loaded again if the store has not
    changed since; an exact one is read from the store in a moment.
    """

    def __init__(self, store: Store, space: EmbeddingSpace, kind: str) -> None:
        """`kind` is as `vectors.choose` takes it."""
        self._store = store
        self._space = space
        self._kind = kind
        self._index: VectorIndex | None = None
        self._writes = -1

    def get(self) -> VectorIndex:
        """The index, as current as the store: writes of other processes are noticed."""
        if self._index is None or self._writes != self._store.writes_elsewhere():
            self._writes = self._store.writes_elsewhere()
            self._index = self._load()
        return self._index

    def forget(self) -> None:
        """Drop the index; it is loaded anew when it is needed."""
        self._index = None

    def functions_gone(self, ids: Sequence[int]) -> None:
        """Remove functions, if the index is loaded."""
        if self._index is not None and ids:
            self._index.remove(ids)

    def functions_embedded(self, ids: Sequence[int], vectors: Floats) -> None:
        """Add functions with their full vectors `[len(ids), hidden]`, if the index is loaded."""
        if self._index is not None and ids:
            self._index.add(ids, shorten(vectors, self._space.dim))

    def repair(self) -> None:
        """Drop the index if functions with vectors are missing in it: open documents and searches make vectors, too."""
        if self._index is not None and len(self._index) != self._store.embedded(
            self._space.model, self._space.index_exit
        ):
            self.forget()

    def save(self) -> None:
        """Save an approximate index for the next start. A failure is logged: it only makes that start slow."""
        file, index = self._snapshot(), self._index
        if file is None or not isinstance(index, HnswIndex) or not len(index):
            return
        if self._writes != self._store.writes_elsewhere():
            return
        try:
            index.save(file, self._space, self._store.generation())
        except IndexStoreError as error:
            logger.warning("%s", error)

    def _load(self) -> VectorIndex:
        saved = self._load_snapshot()
        if saved is not None:
            return saved
        model, layer, dim = self._space.model, self._space.index_exit, self._space.dim
        index = choose(self._kind, self._store.embedded(model, layer), dim)
        for ids, vectors in self._store.vectors_in_parts(model, layer):
            index.add(ids, shorten(vectors, dim))
        return index

    def _load_snapshot(self) -> VectorIndex | None:
        file = self._snapshot()
        if self._kind == "exact" or file is None or not file.exists() or not hnsw_available():
            return None
        try:
            return HnswIndex.load(file, self._space, self._store.generation())
        except SnapshotError as error:
            logger.info("the saved vector index is built anew: %s", error)
            return None

    def _snapshot(self) -> Path | None:
        return self._store.path.with_name("vectors.hnsw") if self._store.path else None
