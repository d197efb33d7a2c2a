"""How well each exit finds functions of packages that are not trained on, while a run goes on."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_research.training.corpus import Corpus, Pairs
from fathom_research.training.losses import shortened
from fathom_research.training.passes import encode
from fathom_research.training.reading import FIRST_WORD
from fathom_research.training.run_config import KINDS, RunConfig

PAIRS = 1000


def validation_pairs(corpus: Corpus, count: int, kind: str = "doc") -> Pairs:
    """Up to `count` pairs of a kind of what is not trained on, always the same; documentation by default."""
    there = np.flatnonzero(corpus.validation.kind == KINDS.index(kind))
    chosen = np.random.default_rng(0).permutation(there)[:count]
    return corpus.validation.take(np.sort(chosen))


def avoids_names(corpus: Corpus, pairs: Pairs) -> NDArray[np.bool_]:
    """Whether no word of a pair's query stands in its function's name, by the encoder's tokens."""
    asked, found = (corpus.offsets[side] for side in (pairs.query, pairs.code))
    return np.array(
        [
            not set(corpus.tokens[query:end].tolist())
            & {token for token in corpus.tokens[code : code + name].tolist() if token >= FIRST_WORD}
            for query, end, code, name in zip(
                asked, corpus.offsets[pairs.query + 1], found, corpus.names[pairs.code], strict=True
            )
        ],
        np.bool_,
    )


class Validation:
    """Pairs that are not trained on, up to `PAIRS` of a sort; each query must find its own code among the others'.

    Sorts are documentation, documentation that avoids the words of the function's name, and ports.
    """

    def __init__(self, corpus: Corpus, config: RunConfig) -> None:
        documented = validation_pairs(corpus, len(corpus.validation))
        avoiding = documented.take(np.flatnonzero(avoids_names(corpus, documented))[:PAIRS])
        sorts = {"": validation_pairs(corpus, PAIRS), "avoiding ": avoiding}
        sorts["port "] = validation_pairs(corpus, PAIRS, "port")
        self._sorts = {name: pairs for name, pairs in sorts.items() if len(pairs)}
        self._corpus = corpus
        self._config = config

    def mrr(self, model: MultiExitEncoder) -> dict[str, float]:
        """Mean reciprocal rank at each exit and length, named `exit/length` after the sort; of sorts that there are."""
        config = self._config
        model.eval()
        figures: dict[str, float] = {}
        for name, pairs in self._sorts.items():
            groups = torch.from_numpy(self._corpus.groups[pairs.code]).to(model.tokens.weight.device)
            together = groups[:, None] == groups
            with torch.inference_mode():
                queries, codes = (
                    encode(model, self._corpus, texts, config.exits, config.micro_tokens)
                    for texts in (pairs.query, pairs.code)
                )
                for layer in config.exits:
                    for dim in config.dims:
                        scores = shortened(queries[layer], dim) @ shortened(codes[layer], dim).T
                        figures[f"{name}{layer}/{dim}"] = mrr(scores, together)
        return figures


def mrr(scores: torch.Tensor, together: torch.Tensor | None = None) -> float:
    """Mean reciprocal rank of each row's own column, among all columns but those `together` with the row's."""
    own = scores.diagonal().unsqueeze(1)
    better = scores > own
    ranks = (better if together is None else better & ~together).sum(1) + 1
    return float((1 / ranks).mean())
