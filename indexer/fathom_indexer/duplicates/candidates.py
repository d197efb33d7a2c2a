"""Which pairs of functions are worth comparing: MinHash signatures, and locality-sensitive hashing over them.

Two functions whose bags of grams overlap by J have equal values at one place of their signatures with probability J, so
some band of `ROWS` places is equal with probability 1 - (1 - J^ROWS)^BANDS: .99 at J = .6, .93 at .5, .25 at .25.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.duplicates.sketch import Bag, Hashes

BANDS = 20
ROWS = 3

_CHUNK = 2_000
"""Functions whose signatures are made at once: bounds the memory."""

_PAIRS_AT_ONCE = 200_000

_NEIGHBOURS = 64
"""With how many others in a band a function is paired. Bands that hold more are of functions much alike, which find
each other in other bands, and time must not grow with the square of their number."""

_FACTORS, _OFFSETS = np.random.default_rng(20240229).integers(0, 2**63, (2, BANDS * ROWS), np.uint64)
_FACTORS = _FACTORS * np.uint64(2) + np.uint64(1)

Signatures = NDArray[np.uint32]
Pairs = NDArray[np.int64]


def candidate_pairs(bags: Sequence[Bag], least: float) -> Pairs:
    """Pairs `[n, 2]` of indexes into `bags` that may overlap by `least` or more: the smaller first, sorted, each once.

    What overlaps by exactly `least` is left out with a probability of .02, by its signatures being less alike than two
    standard deviations below that. Empty bags are in no pair.
    """
    known = np.array([index for index, bag in enumerate(bags) if len(bag)], np.int64)
    signatures = _signatures([bags[index] for index in known])
    found = [np.zeros((0, 2), np.int64)]
    for band in range(BANDS):
        found.extend(_equal_neighbours(_keys(signatures[:, band * ROWS : (band + 1) * ROWS])))
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    equal_places = BANDS * ROWS * least - 2 * math.sqrt(BANDS * ROWS * least * (1 - least))
    kept = [
        chunk[(signatures[chunk[:, 0]] == signatures[chunk[:, 1]]).sum(axis=1) >= equal_places]
        for chunk in np.array_split(pairs, len(pairs) // _PAIRS_AT_ONCE + 1)
    ]
    found_pairs: Pairs = known[np.concatenate(kept)]
    return found_pairs


def _signatures(bags: Sequence[Bag]) -> Signatures:
    """The MinHash `[n, BANDS * ROWS]` of bags that are not empty."""
    signatures = np.empty((len(bags), BANDS * ROWS), np.uint32)
    for start in range(0, len(bags), _CHUNK):
        chunk = bags[start : start + _CHUNK]
        values = np.concatenate(chunk).astype(np.uint64)
        starts = np.cumsum([0, *(len(bag) for bag in chunk[:-1])])
        for place in range(BANDS * ROWS):
            # Arithmetic modulo 2**64 is meant.
            mixed = (values * _FACTORS[place] + _OFFSETS[place]) >> np.uint64(32)
            signatures[start : start + len(chunk), place] = np.minimum.reduceat(mixed, starts)
    return signatures


def _keys(band: Signatures) -> Hashes:
    keys = np.zeros(len(band), np.uint64)
    for column in range(band.shape[1]):
        keys = (keys ^ band[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def _equal_neighbours(keys: Hashes) -> Iterator[Pairs]:
    """Pairs of places with equal keys, none of them more than `_NEIGHBOURS` apart in their order."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    for distance in range(1, min(_NEIGHBOURS, len(order) - 1) + 1):
        equal = ordered[distance:] == ordered[:-distance]
        if not equal.any():
            return
        yield np.stack([order[:-distance][equal], order[distance:][equal]], axis=1)
