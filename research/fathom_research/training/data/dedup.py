"""Near-duplicate functions by MinHash: signatures of token shingles, and locality-sensitive hashing over them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from fathom_indexer.duplicates import minhash
from fathom_indexer.duplicates.minhash import Signatures, band_keys

PERMUTATIONS = 125
BANDS = 25
"""Two functions are compared if their signatures agree on one band of `PERMUTATIONS / BANDS` rows: almost surely
(0.99) at a Jaccard similarity of 0.7."""
SHINGLE = 3
"""Tokens in a row."""
THRESHOLD = 0.7

Shingles = npt.NDArray[np.uint64]

_PAIRS_AT_ONCE = 200_000


def shingles(tokens: Sequence[str]) -> Shingles:
    """Hashes of a function's distinct runs of three tokens, ascending; of fewer tokens, one run filled up.

    The hash of a run depends on nothing but its tokens.
    """
    hashes = np.fromiter((_token_hash(token) for token in tokens), np.uint64, len(tokens))
    if len(hashes) < SHINGLE:
        hashes = np.concatenate([hashes, np.zeros(SHINGLE - len(hashes), np.uint64)])
    # The products are meant to wrap around: arithmetic modulo 2**64.
    runs = np.zeros(len(hashes) - SHINGLE + 1, np.uint64)
    for place in range(SHINGLE):
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + hashes[place : place + len(runs)]
    return np.unique(runs)


def signature(tokens: Sequence[str]) -> Signatures:
    """The MinHash `[PERMUTATIONS]` of a function's shingles of three tokens; comments should not be among them."""
    return minhash.signature(shingles(tokens), PERMUTATIONS)


def duplicates(signatures: Signatures) -> npt.NDArray[np.bool_]:
    """Which rows of `signatures` `[n, PERMUTATIONS]` are near-duplicates of an earlier row.

    Of functions that resemble each other the first is kept, so what should survive comes first. Deterministic.
    """
    count = len(signatures)
    dropped = np.zeros(count, np.bool_)
    rows = PERMUTATIONS // BANDS
    for band in range(BANDS):
        keys = band_keys(signatures[:, band * rows : (band + 1) * rows])
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if count else np.zeros(0, np.bool_)
        first = order[np.maximum.accumulate(np.where(starts, np.arange(count), 0))]
        candidates = ~starts & ~dropped[order]
        earlier, later = first[candidates], order[candidates]
        for begin in range(0, len(later), _PAIRS_AT_ONCE):
            left, right = earlier[begin : begin + _PAIRS_AT_ONCE], later[begin : begin + _PAIRS_AT_ONCE]
            similarity = (signatures[left] == signatures[right]).mean(axis=1)
            dropped[right[similarity >= THRESHOLD]] = True
    return dropped


@cache
def _token_hash(token: str) -> int:
    # Spread over 64 bits, so that sums of several do not collide.
    return (zlib.crc32(token.encode("utf-8", "replace")) * 0xD6E8FEB86659FD93) & 0xFFFFFFFFFFFFFFFF
