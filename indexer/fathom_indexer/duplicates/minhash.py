"""MinHash signatures (Broder 1997) and the keys of their bands for locality-sensitive hashing (Indyk and Motwani 1998).

Two sets with Jaccard similarity J have equal values at one place of their signatures with probability J, so at least
one of `bands` bands of `rows` places is equal with probability 1 - (1 - J^rows)^bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Signatures = NDArray[np.uint32]

_SEED = 20240229
_SETS_AT_ONCE = 2_000
"""Bounds the memory of `signatures`."""


def signature(values: Hashes, permutations: int) -> Signatures:
    """The signature `[permutations]` of one set of hashes `[n]`, n > 0: the smallest value under each permutation."""
    factors, offsets = _permutations(permutations)
    smallest: Signatures = _permuted(values[:, None], factors, offsets).min(axis=0).astype(np.uint32)
    return smallest


def signatures(sets: Sequence[NDArray[np.unsignedinteger]], permutations: int) -> Signatures:
    """The signatures `[len(sets), permutations]` of sets that are not empty: faster for many small ones."""
    found = np.empty((len(sets), permutations), np.uint32)
    factors, offsets = _permutations(permutations)
    for first in range(0, len(sets), _SETS_AT_ONCE):
        chunk = sets[first : first + _SETS_AT_ONCE]
        values = np.concatenate(chunk).astype(np.uint64)
        starts = np.cumsum([0, *(len(one) for one in chunk[:-1])])
        for place in range(permutations):
            permuted = _permuted(values, factors[place], offsets[place])
            found[first : first + len(chunk), place] = np.minimum.reduceat(permuted, starts)
    return found


def band_keys(band: Signatures) -> Hashes:
    """One hash `[n]` of each row of a band `[n, rows]`: equal rows have equal keys."""
    keys = np.zeros(len(band), np.uint64)
    for column in range(band.shape[1]):
        keys = (keys ^ band[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def _permuted(values: Hashes, factor: Hashes | np.uint64, offset: Hashes | np.uint64) -> Hashes:
    # Multiply-add-shift hashing: arithmetic modulo 2**64 is intended.
    permuted: Hashes = (values * factor + offset) >> np.uint64(32)
    return permuted


@cache
def _permutations(count: int) -> tuple[Hashes, Hashes]:
    factors, offsets = np.random.default_rng(_SEED).integers(0, 2**63, (2, count), np.uint64)
    return factors * np.uint64(2) + np.uint64(1), offsets
