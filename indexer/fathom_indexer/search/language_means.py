"""Vectors without what all code of a language has in common, so that code compares across languages.

The mean of a language's vectors says "this is Python"; what is left says what the code does (all-but-the-top, Mu and
Viswanath 2018, for one group of vectors each).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fathom_indexer.embedding_space import Floats, shorten
from fathom_indexer.storage import IndexReader

SAMPLE = 1000
"""Vectors of a language that its mean is taken from: more would not move it by a hundredth of its length."""
_SHRINKAGE = 20
"""The mean of all languages counts like this many functions of each: a few functions are no language's mean."""


def language_means(samples: Mapping[str, Floats]) -> dict[str, Floats]:
    """The mean `[dim]` of each language's vectors `[n, dim]`, drawn towards the mean of all, which `""` stands for.

    Languages without vectors are left out; nothing is there when no language has any.
    """
    known = {language: vectors for language, vectors in samples.items() if len(vectors)}
    if not known:
        return {}
    overall = np.concatenate(list(known.values())).mean(axis=0)
    means = {
        language: (vectors.sum(axis=0) + _SHRINKAGE * overall) / (len(vectors) + _SHRINKAGE)
        for language, vectors in known.items()
    }
    return {"": overall, **means}


def centred(vectors: Floats, languages: Sequence[str], means: Mapping[str, Floats]) -> Floats:
    """Unit vectors `[n, dim]` without their languages' means, unit vectors again; of an unknown language: without the
    mean of all."""
    if not means or not len(vectors):
        return vectors
    moved = vectors - np.stack([means.get(language, means[""]) for language in languages])
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-12), np.float32)


class LanguageMeans:
    """The means of a store's vectors by language, and its functions' ids; taken anew when the index has changed."""

    def __init__(self, store: IndexReader, model_id: Callable[[], str]) -> None:
        self._store = store
        self._model_id = model_id
        self._generation = -1
        self._means: dict[tuple[int, int | None], dict[str, Floats]] = {}
        self._ids: dict[str, frozenset[int]] = {}

    def at(self, layer: int, dim: int | None) -> dict[str, Floats]:
        """`language_means` at an exit, of vectors cut to `dim`."""
        self._forget_if_changed()
        if (layer, dim) not in self._means:
            samples = {
                language: self._store.sample_vectors(self._model_id(), layer, language, SAMPLE)
                for language in sorted(self._store.languages())
            }
            self._means[layer, dim] = language_means(
                {name: shorten(rows, dim) for name, rows in samples.items() if len(rows)}
            )
        return self._means[layer, dim]

    def ids_by_language(self) -> dict[str, frozenset[int]]:
        """The ids of each language's functions."""
        self._forget_if_changed()
        if not self._ids:
            self._ids = {language: self._store.ids_where([language]) for language in self._store.languages()}
        return self._ids

    def _forget_if_changed(self) -> None:
        generation = self._store.generation()
        if generation != self._generation:
            self._generation = generation
            self._means.clear()
            self._ids = {}
