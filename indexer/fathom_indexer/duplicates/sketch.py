"""Sketches: what functions are compared by.

Names are encoded as in parameterized matching (Baker 1995): each by its distance to its last occurrence, so that two
functions have the same code exactly if consistent renaming makes them equal. Within a gram the distance
counts only if it does not leave the gram: a statement put in elsewhere changes no gram but those it is in.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.duplicates.tokens import IDENTIFIER, OTHER, Tokens

SKETCH_FORMAT = 1
"""Raise it when the tokens or the sketches of a function change: stored ones are made anew."""

GRAM = 5
"""Tokens in a row that are compared as one."""

Hashes = NDArray[np.uint64]

Bag = NDArray[np.uint32]
"""Sorted hashes, in which what is there several times is there as several different values: a bag as a set."""

# Odd constants spread over 64 bits (from SplitMix64). Sums and products are meant to wrap around.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(31)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A function as it is compared. Equal `exact`: the same but for layout and comments; equal `renamed`: the same but
    for names and the values of literals, too. Both are signed 64-bit hashes."""

    tokens: int
    exact: int
    renamed: int
    grams: Bag
    """The grams of tokens, names and literals by what they are."""
    names: Bag
    """The names and the literals as they are in the source."""


def sketch_of(tokens: Tokens) -> Sketch:
    """The sketch of a function."""
    texts = np.fromiter((_text_hash(text) for text in tokens.texts), np.uint64, len(tokens))
    is_name = np.fromiter((token_class == IDENTIFIER for token_class in tokens.classes), np.bool_, len(tokens))
    is_other = np.fromiter((token_class == OTHER for token_class in tokens.classes), np.bool_, len(tokens))
    kinds = np.fromiter((ord(token_class) for token_class in tokens.classes), np.uint64, len(tokens))
    shapes = _mixed(np.where(is_other, texts, kinds))
    distances = np.where(is_name, _distances(tokens), 0).astype(np.uint64)
    return Sketch(
        len(tokens),
        _key(texts),
        _key(shapes + distances * _MIX),
        bag(_grams(shapes, distances)),
        bag(texts[~is_other]),
    )


def overlap(one: Bag, other: Bag) -> float:
    """The share of two bags that they have in common: Jaccard's index, 1 for two empty ones."""
    if not len(one) and not len(other):
        return 1.0
    both = np.concatenate([one, other])
    both.sort()
    shared = int((both[1:] == both[:-1]).sum())
    return shared / (len(both) - shared)


def bag(values: Hashes) -> Bag:
    """The bag of these hashes."""
    ordered = np.sort(values)
    index = np.arange(len(ordered))
    starts = np.concatenate([ordered[:1] == ordered[:1], ordered[1:] != ordered[:-1]])
    repeats = (index - np.maximum.accumulate(np.where(starts, index, 0))).astype(np.uint64)
    return np.sort((_mixed(ordered + repeats * _FACTOR) >> np.uint64(32)).astype(np.uint32))


def _key(values: Hashes) -> int:
    """A signed 64-bit hash of a sequence."""
    return int(_folded(values[None, :]).view(np.int64)[0])


def _distances(tokens: Tokens) -> list[int]:
    """The number of tokens since the last occurrence of each name; 0 for its first one."""
    last: dict[str, int] = {}
    distances = []
    for index, text in enumerate(tokens.texts):
        distances.append(index - last.get(text, index))
        last[text] = index
    return distances


def _grams(shapes: Hashes, distances: Hashes) -> Hashes:
    """The hash of every `GRAM` tokens in a row; of all of them where there are fewer."""
    width = min(GRAM, len(shapes))
    if not width:
        return shapes
    places = np.arange(width, dtype=np.uint64)
    inside = np.lib.stride_tricks.sliding_window_view(distances, width)
    inside = np.where(inside <= places, inside, np.uint64(0))
    return _folded(np.lib.stride_tricks.sliding_window_view(shapes, width) + inside * _MIX)


def _folded(rows: Hashes) -> Hashes:
    """One hash of each row of `[n, width]`, in which the order counts."""
    powers = np.cumprod(np.full(rows.shape[1], _FACTOR, np.uint64))
    return _mixed((_mixed(rows) * powers).sum(axis=1, dtype=np.uint64))


def _mixed(values: Hashes) -> Hashes:
    values = (values ^ (values >> _SHIFT)) * _MIX
    mixed: Hashes = values ^ (values >> _SHIFT)
    return mixed


@lru_cache(maxsize=100_000)
def _text_hash(text: str) -> int:
    # CRC-32 of a text and of its reverse: quick, the same everywhere, and 64 bits together.
    data = text.encode("utf-8", "surrogatepass")
    return zlib.crc32(data) << 32 | zlib.crc32(data[::-1])
