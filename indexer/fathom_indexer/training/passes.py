"""Texts through the layers, and gradients back, in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_indexer.training.batches import micro_batches
from fathom_indexer.training.corpus import Corpus, Ints

Vectors = dict[int, Tensor]
LossOf = Callable[[Mapping[int, Tensor]], tuple[Tensor, dict[str, float]]]
"""The loss of all texts' vectors by exit, and its parts."""


def precision(device: torch.device) -> torch.autocast:
    """16-bit products over 32-bit weights."""
    return torch.autocast(device.type, torch.bfloat16)


def ids_and_mask(ids: Ints, mask: Ints, device: torch.device) -> tuple[Tensor, Tensor]:
    """Arrays as tensors on a device."""
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)


def encode(model: MultiExitEncoder, corpus: Corpus, texts: Ints, exits: Sequence[int], tokens: int) -> Vectors:
    """Unit vectors [texts, hidden] at each exit, in the texts' order; `tokens` padded tokens at a time.

    Gradients flow where the caller lets them.
    """
    device = model.tokens.weight.device
    pieces: dict[int, list[Tensor]] = {layer: [] for layer in exits}
    order: list[Ints] = []
    with precision(device):
        for places, ids, mask in micro_batches(corpus, texts, tokens):
            order.append(places)
            for layer, vectors in model(*ids_and_mask(ids, mask, device), exits).items():
                pieces[layer].append(vectors)
    back = torch.from_numpy(np.argsort(np.concatenate(order))).to(device)
    return {layer: torch.cat(vectors)[back] for layer, vectors in pieces.items()}


def backward(
    model: MultiExitEncoder,
    corpus: Corpus,
    texts: Ints,
    exits: Sequence[int],
    tokens: int,
    loss_of: LossOf,
    cached: bool,
) -> tuple[float, dict[str, float]]:
    """Add the loss's gradients to the model's; returns the loss and its parts.

    The loss compares all texts with each other, so it is one loss over all of them however they are cut up. `cached`
    is GradCache (Gao et al. 2021): vectors first without activations, then the loss's gradient by each vector, then
    the layers again, piece by piece, with that gradient sent back. Otherwise all activations are kept.
    """
    if not cached:
        loss, parts = loss_of(encode(model, corpus, texts, exits, tokens))
        torch.autograd.backward([loss])
        return float(loss.detach()), parts
    with torch.no_grad():
        vectors = encode(model, corpus, texts, exits, tokens)
    leaves = {layer: rows.detach().requires_grad_() for layer, rows in vectors.items()}
    loss, parts = loss_of(leaves)
    torch.autograd.backward([loss])
    device = model.tokens.weight.device
    for places, ids, mask in micro_batches(corpus, texts, tokens):
        with precision(device):
            again = model(*ids_and_mask(ids, mask, device), exits)
        rows = torch.from_numpy(places).to(device)
        gradients = {layer: leaf.grad[rows] for layer, leaf in leaves.items() if leaf.grad is not None}
        torch.autograd.backward([again[layer] for layer in gradients], list(gradients.values()))
    return float(loss.detach()), parts
