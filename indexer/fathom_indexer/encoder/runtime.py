"""What runs the encoder's layers: the interface, and the batches that go through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

TOKENS_IN_BATCH = 256
"""Padded tokens of one batch: small enough that a search waits milliseconds for it, large enough to be efficient.

Measured with the packaged model on one thread, processor time for 2,304 functions at exit 2 in windows of 32, and for
one batch: 5.8 s and 13 ms with 512, 5.5 s and 7 ms with 256, 5.8 s and 3 ms with 128. (1024 took a tenth more.)
"""


class Runtime(Protocol):
    """Runs token ids through the layers once and reads the wanted exits on the way."""

    def run(self, ids: Ints, mask: Ints, exits: Sequence[int]) -> dict[int, Floats]:
        """Unit vectors `[batch, dim]` of each exit for `ids` and `mask` of `[batch, tokens]`; mask 1 marks tokens."""
        ...


def batches(token_ids: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Ints, Ints]]:
    """Batches of texts of like length: `(positions in the input, ids, mask)`, shortest texts first."""
    order = sorted(range(len(token_ids)), key=lambda position: len(token_ids[position]))
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * len(token_ids[order[end]]) <= TOKENS_IN_BATCH:
            end += 1
        chosen = order[start:end]
        width = max(len(token_ids[position]) for position in chosen)
        ids = np.zeros((len(chosen), width), np.int64)
        mask = np.zeros((len(chosen), width), np.int64)
        for row, position in enumerate(chosen):
            tokens = token_ids[position]
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        yield chosen, ids, mask
        start = end
