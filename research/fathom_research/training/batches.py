"""Which pairs go into which batch, and which texts go through the layers together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fathom_research.training.corpus import WORDS, Corpus, Ints, Pairs
from fathom_research.training.reading import Reading, lengths, padded
from fathom_research.training.run_config import KINDS, RunConfig


def plan(pairs: Pairs, config: RunConfig, epoch: int) -> Ints:
    """An epoch's batches as rows of `pairs`, `[batches, batch]`; rows that fill no batch are left out in this epoch.

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
    """A batch's distinct texts, how they are read, and where its pairs' two sides are among them."""

    texts: Ints
    reading: Reading
    query: Ints
    """`[batch]`, places in `texts`."""
    code: Ints
    kind: Ints
    group: Ints
    """Of each of the texts."""
    negative: Ints
    """Places in `texts` of mined hard negatives, `[negatives]`; of all pairs together, since each pair may use all."""

    @classmethod
    def of(
        cls, corpus: Corpus, pairs: Pairs, negatives: Ints | None = None, reading: Callable[..., Reading] | None = None
    ) -> Batch:
        """All of these pairs, with code texts as `negatives` besides.

        `reading(texts, codes_of, kinds)` says how texts are read (see `varied`); as a workspace does by default.
        """
        there = pairs.query, pairs.code, np.empty(0, np.int64) if negatives is None else negatives
        texts, places = np.unique(np.concatenate(there), return_inverse=True)
        query, code, negative = np.split(places, np.cumsum([len(part) for part in there])[:-1])
        if reading is None:
            how = Reading.whole(len(texts))
        else:
            codes_of, kinds = texts.copy(), np.full(len(texts), KINDS.index("code"))
            for places_of_side in (query, code):
                kinds[places_of_side] = pairs.kind
            codes_of[query] = np.where(corpus.languages[pairs.query] == WORDS, pairs.code, pairs.query)
            how = reading(texts, codes_of, kinds)
        return cls(texts, how, query, code, pairs.kind, corpus.groups[texts], np.unique(negative))

    def false_negatives(self, device: torch.device) -> Tensor:
        """`[batch, batch + negatives]`: where pair i's query and another code belong together."""
        query, code, asked, found, others = (
            torch.from_numpy(each).to(device)
            for each in (
                self.query,
                self.code,
                self.group[self.query],
                self.group[self.code],
                self.group[self.negative],
            )
        )
        itself = query[:, None] == code
        masked = (query[:, None] == query) | itself | itself.T
        for one, other in ((asked, asked), (asked, found), (found, found)):
            masked |= one[:, None] == other
        masked |= found[:, None] == asked
        masked.fill_diagonal_(False)
        return torch.cat([masked, (found[:, None] == others) | (asked[:, None] == others)], dim=1)


def micro_batches(
    corpus: Corpus, texts: Ints, tokens: int, reading: Reading | None = None
) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Texts of like length together, at most so many padded tokens: `(places in texts, ids, mask)`.

    They are read as a workspace reads them if nothing else is said.
    """
    reading = reading or Reading.whole(len(texts))
    sizes = lengths(corpus, texts, reading)
    order = np.argsort(-sizes, kind="stable")
    start = 0
    while start < len(order):
        places = order[start : start + max(1, tokens // int(sizes[order[start]]))]
        yield places, *padded(corpus, texts[places], reading.take(places))
        start += len(places)
