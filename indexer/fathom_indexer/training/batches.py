"""Which pairs go into which batch, and which texts go through the layers together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.training.corpus import Corpus, Ints, Pairs
from fathom_indexer.training.run_config import KINDS, RunConfig


def plan(pairs: Pairs, config: RunConfig, epoch: int) -> Ints:
    """An epoch's batches as rows of `pairs`, `[batches, batch]`; what fills no batch is left out this time.

    Depends on the settings' seed and the epoch alone, so a resumed run goes on with the very same batches.
    """
    random = np.random.default_rng([config.seed, epoch])
    shares = np.array([config.kinds.get(kind, 0.0) for kind in KINDS])
    drawn = random.random(int(pairs.code.max(initial=-1)) + 1)
    rows = random.permutation(np.flatnonzero(drawn[pairs.code] < shares[pairs.kind]))
    # All pairs of a function side by side, so that the layers read it once; and by them those of other functions of its
    # file, which are each other's hard negatives.
    shuffled = random.random(int(pairs.code.max(initial=-1)) + 1)
    ordered = rows[np.lexsort((shuffled[pairs.code[rows]], pairs.file[rows]))]
    function = np.cumsum(_is_first(pairs.code[ordered]) | _is_first(pairs.file[ordered])) - 1
    first = np.maximum.accumulate(np.where(_is_first(pairs.file[ordered]), function, 0))
    group = (function - first) // config.siblings
    groups = np.split(ordered, np.flatnonzero(_is_first(group) | _is_first(pairs.file[ordered]))[1:])
    mixed = [groups[number] for number in random.permutation(len(groups))]
    flat = np.concatenate(mixed) if mixed else np.empty(0, np.int64)
    whole = len(flat) // config.batch
    return flat[: whole * config.batch].reshape(whole, config.batch)


def _is_first(values: Ints) -> NDArray[np.bool_]:
    """Where a run of equal values starts."""
    return np.concatenate([[True], values[1:] != values[:-1]]) if len(values) else np.empty(0, bool)


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch's distinct texts, and where its pairs' two sides are among them."""

    texts: Ints
    query: Ints
    """`[batch]`, places in `texts`."""
    code: Ints
    kind: Ints

    @classmethod
    def of(cls, pairs: Pairs) -> Batch:
        """All of these pairs."""
        texts, places = np.unique(np.concatenate([pairs.query, pairs.code]), return_inverse=True)
        return cls(texts, places[: len(pairs)], places[len(pairs) :], pairs.kind)

    def false_negatives(self) -> NDArray[np.bool_]:
        """`[batch, batch]`: where pair i's query and pair j's code belong together although i is not j."""
        same_code = self.code[:, None] == self.code
        same_query = self.query[:, None] == self.query
        itself = self.query[:, None] == self.code
        masked: NDArray[np.bool_] = same_code | same_query | itself | itself.T
        np.fill_diagonal(masked, False)
        return masked


def micro_batches(corpus: Corpus, texts: Ints, tokens: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Texts of like length together, at most so many padded tokens: `(places in texts, ids, mask)`."""
    lengths = corpus.offsets[texts + 1] - corpus.offsets[texts]
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        width = int(lengths[order[start]])
        places = order[start : start + max(1, tokens // width)]
        yield places, *_padded([corpus.text(int(texts[place])) for place in places], width)
        start += len(places)


def _padded(rows: Sequence[NDArray[np.int32]], width: int) -> tuple[Ints, Ints]:
    ids = np.zeros((len(rows), width), np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask
