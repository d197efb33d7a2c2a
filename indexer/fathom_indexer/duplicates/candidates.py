"""Which pairs of functions are worth comparing, by locality-sensitive hashing of MinHash signatures (`minhash.py`).

Two functions whose bags of grams overlap by J are proposed with probability 1 - (1 - J^ROWS)^BANDS: .99 at J = .6, .93
at .5, .25 at .25.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.duplicates import minhash
from fathom_indexer.duplicates.minhash import Hashes
from fathom_indexer.duplicates.sketch import Bag

BANDS = 20
ROWS = 3

_PAIRS_AT_ONCE = 200_000

_NEIGHBOURS = 64
"""With how many others in a band a function is paired. Bands that hold more are of functions much alike, which find
each other in other bands, and time must not grow with the square of their number."""

Pairs = NDArray[np.int64]


def candidate_pairs(bags: Sequence[Bag], least: float) -> Pairs:
    """Pairs `[n, 2]` of indexes into `bags` that may overlap by `least` or more: the smaller first, sorted, each once.

    What overlaps by exactly `least` is left out with a probability of .02, by its signatures being less alike than two
    standard deviations below that. Empty bags are in no pair.
    """
    known = np.array([index for index, bag in enumerate(bags) if len(bag)], np.int64)
    signatures = minhash.signatures([bags[index] for index in known], BANDS * ROWS)
    found = [np.zeros((0, 2), np.int64)]
    for band in range(BANDS):
        found.extend(_equal_neighbours(minhash.band_keys(signatures[:, band * ROWS : (band + 1) * ROWS])))
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    equal_places = BANDS * ROWS * least - 2 * math.sqrt(BANDS * ROWS * least * (1 - least))
    kept = [
        chunk[(signatures[chunk[:, 0]] == signatures[chunk[:, 1]]).sum(axis=1) >= equal_places]
        for chunk in np.array_split(pairs, len(pairs) // _PAIRS_AT_ONCE + 1)
    ]
    found_pairs: Pairs = known[np.concatenate(kept)]
    return found_pairs


def _equal_neighbours(keys: Hashes) -> Iterator[Pairs]:
    """Pairs of places with equal keys, none of them more than `_NEIGHBOURS` apart in their order."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    for distance in range(1, min(_NEIGHBOURS, len(order) - 1) + 1):
        equal = ordered[distance:] == ordered[:-distance]
        if not equal.any():
            return
        yield np.stack([order[:-distance][equal], order[distance:][equal]], axis=1)
