"""Approximate search with hnswlib, for workspaces too large to compare the query with every function.

The method is HNSW (Malkov and Yashunin 2018). This module hides what is difficult about hnswlib:

- It cannot safely overwrite a vector. A key gets a new label each time it is added; old labels are marked as deleted
  and never used again. When the space for labels is full, it doubles, or if half of the labels are dead the graph is
  rebuilt from the living ones, so that both cost a constant factor of the vectors ever added.
- Adding, searching and growing may not overlap: one lock.
- It raises if it finds fewer neighbours than requested, and it may find fewer than there are.
- It loads damaged files and files of other dimensions without an error, and it saves in place: see `save` and `load`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom_indexer.embedding_space import EmbeddingSpace, Floats
from fathom_indexer.errors import IndexStoreError
from fathom_indexer.vectors.index import Keys, best, checked, checked_query

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

SNAPSHOT_FORMAT = 1
"""To be raised with every change to the format that `save` writes."""

_NEIGHBOURS = 16
_EF_CONSTRUCTION = 200
_EF_SEARCH = 200
_FIRST_CAPACITY = 1024
_SEED = 1

_EXACT_BELOW = 2_000
"""Up to so many allowed vectors are compared one by one."""
_EXACT_PART = 0.1
"""Up to this part of all vectors is compared one by one: the walk through the graph would meet too few of them."""


class SnapshotError(Exception):
    """A saved index is missing, damaged, or of other vectors. The index has to be built from the store."""


def hnsw_available() -> bool:
    """Whether hnswlib is installed."""
    try:
        _hnswlib()
    except IndexStoreError:
        return False
    return True


class HnswIndex:
    """A `VectorIndex` that walks a graph of neighbours. Safe to use from several threads.

    Finds nearly all of the true neighbours, not all: `benchmarks/vectors.py` measures how many.
    """

    def __init__(self, dim: int | None = None, capacity: int = _FIRST_CAPACITY) -> None:
        """`dim` None: as many dimensions as the first vectors have. `capacity` is how many vectors are expected.

        Raises `IndexStoreError` if hnswlib is not installed.
        """
        self._library = _hnswlib()
        self._lock = threading.Lock()
        self._capacity = max(capacity, 1)
        self._graph: Any = None if dim is None else self._new_graph(dim, self._capacity)
        self._label_of: dict[int, int] = {}
        self._key_of: list[int] = []
        """The key that each label was given to, dead labels included."""

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._label_of)

    def add(self, keys: Sequence[int], vectors: Floats) -> None:
        """See `VectorIndex.add`. When a key is named twice, its last vector counts."""
        if not len(keys):
            return
        with self._lock:
            vectors = checked(keys, vectors, None if self._graph is None else self._graph.dim)
            row_of = {int(key): row for row, key in enumerate(keys)}
            self._forget(row_of)
            self._insert(list(row_of), vectors[list(row_of.values())])

    def remove(self, keys: Sequence[int]) -> None:
        """See `VectorIndex.remove`."""
        with self._lock:
            self._forget(keys)

    def search(self, query: Floats, limit: int, allowed: Collection[int] | None = None) -> list[tuple[int, float]]:
        """See `VectorIndex.search`. Without `allowed`, or with many allowed keys, the answer is approximate."""
        with self._lock:
            if self._graph is None or not self._label_of or limit <= 0:
                return []
            query = checked_query(query, self._graph.dim)
            if allowed is None:
                return self._walk(query, limit, None)
            labels = {label for key in allowed if (label := self._label_of.get(int(key))) is not None}
            if len(labels) < max(_EXACT_BELOW, _EXACT_PART * len(self)):
                return self._compare(query, limit, labels)
            return self._walk(query, limit, labels)

    def save(self, file: Path, space: EmbeddingSpace, generation: int) -> None:
        """Write the index to `file`, and its description to `file` with `.json` appended.

        `generation` is the caller's count of changes to the store. A kill at any instant leaves the files that were
        there before, or files that `load` refuses. Raises `IndexStoreError` if the files cannot be written,
        `ValueError` if `space` has another dimension or the index never held a vector.
        """
        with self._lock:
            if self._graph is None or self._graph.dim != space.dim:
                raise ValueError(f"there is no index of {space.dim} dimensions to save")
            live = set(self._label_of.values())
            keys = [key if label in live else None for label, key in enumerate(self._key_of)]
            header = {"format": SNAPSHOT_FORMAT, "stamp": _stamp(space, generation), "keys": keys}
            graph_file, header_file = _beside(file, ".tmp"), _beside(file, ".json.tmp")
            try:
                self._graph.save_index(str(graph_file))
                header_file.write_text(json.dumps({"checksum": _checksum(graph_file, header), **header}))
                for written, final in ((graph_file, file), (header_file, _beside(file, ".json"))):
                    _flush(written)
                    written.replace(final)
            except (OSError, RuntimeError) as error:
                raise IndexStoreError(f"cannot save the vector index to {file}: {error}") from error
            finally:
                graph_file.unlink(missing_ok=True)
                header_file.unlink(missing_ok=True)

    @classmethod
    def load(cls, file: Path, space: EmbeddingSpace, generation: int) -> HnswIndex:
        """The index that `save` wrote to `file` for the same vectors at the same generation.

        Raises `SnapshotError` if there is none, if it is damaged or of other vectors; `IndexStoreError` if hnswlib is
        not installed.
        """
        index = cls()
        try:
            header = json.loads(_beside(file, ".json").read_text())
            checksum = header.pop("checksum")
            if header["format"] != SNAPSHOT_FORMAT or header["stamp"] != _stamp(space, generation):
                raise SnapshotError(f"{file} holds another index: {header['format']}, {header['stamp']}")
            if checksum != _checksum(file, header):
                raise SnapshotError(f"{file} is damaged")
            index._restore(file, space.dim, header["keys"])
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SnapshotError(f"{file} cannot be read: {error}") from error
        return index

    def _restore(self, file: Path, dim: int, keys: list[int | None]) -> None:
        self._capacity = max(self._capacity, len(keys))
        graph = self._library.Index(space="ip", dim=dim)
        graph.load_index(str(file), max_elements=self._capacity)
        graph.set_ef(_EF_SEARCH)
        if graph.get_current_count() != len(keys):
            raise SnapshotError(f"{file} holds {graph.get_current_count()} vectors for {len(keys)} labels")
        self._graph = graph
        self._key_of = [-1 if key is None else key for key in keys]
        self._label_of = {key: label for label, key in enumerate(keys) if key is not None}

    def _new_graph(self, dim: int, capacity: int) -> Any:
        graph = self._library.Index(space="ip", dim=dim)
        graph.init_index(capacity, M=_NEIGHBOURS, ef_construction=_EF_CONSTRUCTION, random_seed=_SEED)
        graph.set_ef(_EF_SEARCH)
        return graph

    def _forget(self, keys: Collection[int]) -> None:
        for key in keys:
            if (label := self._label_of.pop(int(key), None)) is not None:
                self._graph.mark_deleted(label)

    def _insert(self, keys: Sequence[int], vectors: Floats) -> None:
        """Add keys that are not in the graph."""
        self._reserve(len(keys), vectors.shape[1])
        labels = range(len(self._key_of), len(self._key_of) + len(keys))
        self._graph.add_items(vectors, np.array(labels, np.uint64))
        self._key_of.extend(keys)
        self._label_of.update(zip(keys, labels, strict=True))

    def _reserve(self, count: int, dim: int) -> None:
        """Make room for `count` more labels."""
        if self._graph is None:
            self._capacity = max(self._capacity, count)
            self._graph = self._new_graph(dim, self._capacity)
        if len(self._key_of) + count <= self._capacity:
            return
        if 2 * (len(self) + count) <= self._capacity:
            self._rebuild()
        else:
            self._capacity = max(2 * self._capacity, len(self._key_of) + count)
            self._graph.resize_index(self._capacity)

    def _rebuild(self) -> None:
        keys = list(self._label_of)
        vectors = self._vectors(self._label_of.values())
        self._graph = self._new_graph(self._graph.dim, self._capacity)
        self._label_of, self._key_of = {}, []
        if keys:
            self._insert(keys, vectors)

    def _walk(self, query: Floats, limit: int, labels: set[int] | None) -> list[tuple[int, float]]:
        """Search the graph; compare with every allowed vector if that does not find enough of them."""
        wanted = min(limit, len(self) if labels is None else len(labels))
        self._graph.set_ef(max(_EF_SEARCH, wanted))
        try:
            # With a filter in Python, more threads would only wait for each other.
            found, distances = self._graph.knn_query(
                query, k=wanted, num_threads=1, filter=None if labels is None else labels.__contains__
            )
        except RuntimeError:
            return self._compare(query, limit, set(self._label_of.values()) if labels is None else labels)
        return best(self._keys(found[0].tolist()), 1 - distances[0], limit)

    def _compare(self, query: Floats, limit: int, labels: set[int]) -> list[tuple[int, float]]:
        """Compare with each of these vectors."""
        ordered = sorted(labels)
        return best(self._keys(ordered), self._vectors(ordered) @ query, limit) if ordered else []

    def _keys(self, labels: Sequence[int]) -> Keys:
        return np.array([self._key_of[label] for label in labels], np.int64)

    def _vectors(self, labels: Collection[int]) -> Floats:
        vectors: Floats = self._graph.get_items(list(labels), return_type="numpy")
        return vectors


def _hnswlib() -> Any:
    try:
        return importlib.import_module("hnswlib")
    except ImportError as error:
        raise IndexStoreError(
            "approximate search needs hnswlib: pip install 'fathom-lsp[hnsw]' (needs a C++ compiler)"
        ) from error


def _stamp(space: EmbeddingSpace, generation: int) -> dict[str, str | int]:
    """What identifies the vectors of a saved index. The rerank exit does not: its vectors are not in it."""
    return {"model": space.model, "exit": space.index_exit, "dim": space.dim, "generation": generation}


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)


def _checksum(file: Path, header: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _flush(file: Path) -> None:
    """Have the system write the file's content to the disk."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())
