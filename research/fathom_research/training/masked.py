"""Predicting masked tokens at every exit, as a phase before the exits are compared with each other (Starbucks)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_research.training.batches import micro_batches
from fathom_research.training.corpus import MASK, Corpus, Ints
from fathom_research.training.passes import Parts, ids_and_mask, precision
from fathom_research.training.reading import Reading, lengths

SHARE = 0.15
"""How many of a text's tokens are masked (Devlin et al. 2019)."""


def masked_backward(
    model: MultiExitEncoder, corpus: Corpus, texts: Ints, exits: tuple[int, ...], tokens: int, seed: int
) -> tuple[Tensor, Parts]:
    """Add the gradients of the masked-language loss on `texts`; returns the loss and each exit's part.

    A token is predicted from the state after the layer by its product with the token table, which adds no weights. The
    static exit sees no context and has nothing to predict from.
    """
    device = model.tokens.weight.device
    layers = [layer for layer in exits if layer > 0]
    generator = torch.Generator().manual_seed(seed)
    parts = {f"masked_{layer}": torch.zeros((), device=device) for layer in layers}
    total = int(lengths(corpus, texts, Reading.whole(len(texts))).sum())
    for _, ids, mask in micro_batches(corpus, texts, tokens):
        chosen = (torch.rand(ids.shape, generator=generator) < SHARE) & torch.from_numpy(mask > 0)
        chosen[:, 0] = False
        if not chosen.any():
            continue
        hidden_ids = np.where(chosen.numpy(), MASK, ids)
        labels = torch.from_numpy(ids)[chosen].to(device)
        share = float(mask.sum()) / max(total, 1)
        with precision(device):
            states = model.states(*ids_and_mask(hidden_ids, mask, device), layers)
            losses: list[Tensor] = []
            for layer, state in states.items():
                scores = state[chosen.to(device)] @ model.tokens.weight.T
                losses.append(functional.cross_entropy(scores.float(), labels))
                parts[f"masked_{layer}"] += share * losses[-1].detach()
        torch.autograd.backward([share * torch.stack(losses).sum()])
    return torch.stack(list(parts.values())).sum(), parts
