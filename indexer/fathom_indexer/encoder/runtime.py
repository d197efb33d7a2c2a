"""What runs the encoder's layers: the interface, and the batches that go through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.embedding_space import Floats

Ints = NDArray[np.int64]

TOKENS_IN_BATCH = 256
"""Padded tokens of one batch: small enough that a search waits milliseconds for it, large enough to be efficient.

Measured with the packaged model on one thread, processor time for 2,304 functions at exit 2, 32 at once, and for one
batch: 5.8 s and 13 ms with 512, 5.5 s and 7 ms with 256, 5.8 s and 3 ms with 128. (1024 took a tenth more.)
"""


class Runtime(Protocol):
    """Runs token ids through the layers once and reads the wanted exits on the way."""

    def run(self, ids: Ints, mask: Ints, exits: Sequence[int]) -> dict[int, Floats]:
        """Unit vectors `[batch, dim]` of each exit for `ids` and `mask` of `[batch, tokens]`; mask 1 marks tokens."""
        ...

    def score(self, ids: Ints, mask: Ints) -> Floats:
        """Scores `[batch]` of the joint pass for queries and functions read together, for a model that has one."""
        ...


def batches(token_ids: Iterable[tuple[int, Sequence[int]]]) -> Iterator[tuple[list[int], Ints, Ints]]:
    """Batches `(positions, ids, mask)` of texts that are given as position and token ids: as many in a row as fit.

    Only as much is taken as the next batch needs. For little padding, texts in a row should be of like length.
    """
    batch: list[tuple[int, Sequence[int]]] = []
    width = 0
    for position, tokens in token_ids:
        if batch and (len(batch) + 1) * max(width, len(tokens)) > TOKENS_IN_BATCH:
            yield _padded(batch, width)
            batch, width = [], 0
        batch.append((position, tokens))
        width = max(width, len(tokens))
    if batch:
        yield _padded(batch, width)


def _padded(batch: Sequence[tuple[int, Sequence[int]]], width: int) -> tuple[list[int], Ints, Ints]:
    ids = np.zeros((len(batch), width), np.int64)
    mask = np.zeros((len(batch), width), np.int64)
    for row, (_, tokens) in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return [position for position, _ in batch], ids, mask
