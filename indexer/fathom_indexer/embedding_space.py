"""Embeddings: the type of their arrays, the space they belong to, and the one way to cut them shorter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.errors import ModelError

Floats = NDArray[np.float32]
"""Vectors `[n, dim]`, or a single one `[dim]`."""


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """Which vectors an index is searched with: only vectors of one model and one exit can be compared."""

    model: str
    """The model's id."""
    index_exit: int
    """The exit whose vectors are searched."""
    dim: int
    """How many features of an index vector are searched: the first ones."""
    rerank_exit: int
    """The exit whose vectors order the candidates."""

    @property
    def exits(self) -> tuple[int, ...]:
        """The exits, each once, the index exit first."""
        return tuple(dict.fromkeys((self.index_exit, self.rerank_exit)))


def shorten(vectors: Floats, dim: int | None) -> Floats:
    """The first `dim` features of unit vectors `[..., hidden]`, at unit length again; all of them for None.

    Valid for models trained to have their first features stand alone (Matryoshka representations: Kusupati et al.
    2022). Raises `ModelError` if there are fewer features.
    """
    if dim is None or dim == vectors.shape[-1]:
        return vectors
    if not 0 < dim <= vectors.shape[-1]:
        raise ModelError(f"vectors have {vectors.shape[-1]} dimensions, not {dim}")
    short = vectors[..., :dim]
    lengths = np.linalg.norm(short, axis=-1, keepdims=True)
    return np.ascontiguousarray(short / np.maximum(lengths, 1e-12), np.float32)
