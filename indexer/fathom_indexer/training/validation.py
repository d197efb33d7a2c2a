"""How well each exit finds functions of packages that are not trained on, while a run goes on."""

from __future__ import annotations

import numpy as np
import torch

from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_indexer.training.corpus import Corpus, Pairs
from fathom_indexer.training.losses import shortened
from fathom_indexer.training.passes import encode
from fathom_indexer.training.run_config import KINDS, RunConfig

PAIRS = 1000


def validation_pairs(corpus: Corpus, count: int) -> Pairs:
    """Up to `count` documentation pairs of the validation packages, always the same."""
    documented = np.flatnonzero(corpus.validation.kind == KINDS.index("doc"))
    chosen = np.random.default_rng(0).permutation(documented)[:count]
    return corpus.validation.take(np.sort(chosen))


class Validation:
    """Up to `PAIRS` documentation pairs of the validation packages, always the same; each must find its own code."""

    def __init__(self, corpus: Corpus, config: RunConfig) -> None:
        self._pairs = validation_pairs(corpus, PAIRS)
        self._corpus = corpus
        self._config = config

    def mrr(self, model: MultiExitEncoder) -> dict[str, float]:
        """Mean reciprocal rank at each exit and length, named `exit/length`; nothing if there is nothing to find."""
        if not len(self._pairs):
            return {}
        config = self._config
        model.eval()
        with torch.inference_mode():
            queries, codes = (
                encode(model, self._corpus, texts, config.exits, config.micro_tokens)
                for texts in (self._pairs.query, self._pairs.code)
            )
            return {
                f"{layer}/{dim}": mrr(shortened(queries[layer], dim) @ shortened(codes[layer], dim).T)
                for layer in config.exits
                for dim in config.dims
            }


def mrr(scores: torch.Tensor) -> float:
    """Mean reciprocal rank of each row's own column, among all columns."""
    own = scores.diagonal().unsqueeze(1)
    ranks = (scores > own).sum(1) + 1
    return float((1 / ranks).mean())
