"""Vectors without what all code of a language has in common, so that code compares across languages.

The mean of a language's vectors says "this is Python"; what is left says what the code does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fathom_indexer.embedding_space import Floats

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
