"""Hard negatives: functions that a model puts near a query although they do not answer it.

Drawn from the nearest ones with a share that follows their score, and left out where they come so near to the query's
own function that they may answer it as well (NV-Retriever, Moreira et al. 2024; CoRNStack, Suresh et al. 2024).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_research.training.corpus import Corpus, Ints, Pairs
from fathom_research.training.passes import encode

POOL = 120_000
"""Functions that each query is compared with, drawn anew for every part of the queries."""
NEAREST = 64
LARGEST_SHARE = 0.95
"""Relative to the score of the query's own function. Functions with a higher score may be right answers: left out."""
TEMPERATURE = 0.05

_ROWS = 2048
_ROWS_A_POOL = 65_536
_TEXTS = 65_536


def all_vectors(model: MultiExitEncoder, corpus: Corpus, layer: int, tokens: int, only: Ints | None = None) -> Tensor:
    """Unit vectors [texts, hidden] of every text at one exit, in 16-bit floats on the model's device.

    With `only`, the vectors of other texts than these are left as they come and must not be read.
    """
    device = model.tokens.weight.device
    vectors = torch.empty(len(corpus), model.tokens.embedding_dim, dtype=torch.float16, device=device)
    model.eval()
    with torch.no_grad():
        every = np.arange(len(corpus)) if only is None else only
        for start in range(0, len(every), _TEXTS):
            texts = every[start : start + _TEXTS]
            vectors[torch.from_numpy(texts)] = encode(model, corpus, texts, (layer,), tokens)[layer].half()
    return vectors


def mine(vectors: Tensor, corpus: Corpus, pairs: Pairs, count: int, seed: int, pool: int = POOL) -> Ints:
    """Texts of functions, [pairs, count], that are near each pair's query; -1 where there are no more.

    `vectors` [texts, hidden] are those of every text.
    """
    device = vectors.device
    codes = np.unique(pairs.code)
    random = np.random.default_rng(seed)
    generator = torch.Generator(device).manual_seed(seed)
    groups = torch.from_numpy(corpus.groups).to(device)
    result = np.full((len(pairs), count), -1)
    for start in range(0, len(pairs), _ROWS_A_POOL):
        drawn = codes if len(codes) <= pool else random.choice(codes, pool, replace=False)
        others = torch.from_numpy(drawn).to(device)
        for first in range(start, min(start + _ROWS_A_POOL, len(pairs)), _ROWS):
            rows = slice(first, min(first + _ROWS, start + _ROWS_A_POOL))
            query, own = (torch.from_numpy(side[rows]).to(device) for side in (pairs.query, pairs.code))
            chosen = _draw(vectors, groups, query, own, others, count, generator)
            result[rows] = chosen.cpu().numpy()
    return result


def _draw(
    vectors: Tensor, groups: Tensor, query: Tensor, own: Tensor, others: Tensor, count: int, generator: torch.Generator
) -> Tensor:
    asked = vectors[query]
    scores, places = (asked @ vectors[others].T).topk(min(NEAREST, len(others)), dim=1)
    found = others[places]
    own_scores = (asked.float() * vectors[own].float()).sum(-1, keepdim=True)
    is_answer = (groups[found] == groups[own][:, None]) | (groups[found] == groups[query][:, None])
    left_out = is_answer | (scores.float() > LARGEST_SHARE * own_scores)
    # Drawing without replacement in shares of a softmax: the largest after Gumbel noise.
    noise = -torch.log(-torch.log(torch.rand(scores.shape, generator=generator, device=scores.device).clamp(1e-9, 1)))
    keys = (scores.float() / TEMPERATURE + noise).masked_fill(left_out, float("-inf"))
    best, order = keys.topk(min(count, keys.shape[1]), dim=1)
    chosen = torch.where(best > float("-inf"), found.gather(1, order), -1)
    missing = count - chosen.shape[1]
    return functional.pad(chosen, (0, missing), value=-1)
