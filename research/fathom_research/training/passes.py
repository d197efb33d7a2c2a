"""Texts through the layers, and gradients back, in pieces that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_research.training.batches import micro_batches
from fathom_research.training.corpus import Corpus, Ints
from fathom_research.training.reading import Reading

Vectors = dict[int, Tensor]
Parts = dict[str, Tensor]
LossOf = Callable[[Mapping[int, Tensor]], tuple[Tensor, Parts]]
"""The loss of all texts' vectors by exit, and its parts, without gradients."""


def precision(device: torch.device) -> torch.autocast:
    """16-bit products over 32-bit weights, where the device has them: without, a processor takes five times as long."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu" or _multiplies_bfloat16())


@cache
def _multiplies_bfloat16() -> bool:
    # Older releases cannot tell.
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))


def ids_and_mask(ids: Ints, mask: Ints, device: torch.device) -> tuple[Tensor, Tensor]:
    """Arrays as tensors on a device."""
    return (
        torch.from_numpy(ids).to(device, non_blocking=True),
        torch.from_numpy(mask).to(device, non_blocking=True),
    )


def encode(
    model: MultiExitEncoder,
    corpus: Corpus,
    texts: Ints,
    exits: Sequence[int],
    tokens: int,
    reading: Reading | None = None,
) -> Vectors:
    """Unit vectors [texts, hidden] at each exit, in the texts' order; `tokens` padded tokens at a time.

    Texts are read as a workspace reads them if nothing else is said. Gradients flow where the caller lets them.
    """
    device = model.tokens.weight.device
    return _encode(model, _pieces(corpus, texts, tokens, reading, device), exits)


Piece = tuple[Ints, Tensor, Tensor]
"""Places in a batch's texts, and their token ids and mask on the device."""


def _pieces(corpus: Corpus, texts: Ints, tokens: int, reading: Reading | None, device: torch.device) -> Iterator[Piece]:
    for places, ids, mask in micro_batches(corpus, texts, tokens, reading):
        yield places, *ids_and_mask(ids, mask, device)


def _encode(model: MultiExitEncoder, texts: Iterable[Piece], exits: Sequence[int]) -> Vectors:
    device = model.tokens.weight.device
    pieces: dict[int, list[Tensor]] = {layer: [] for layer in exits}
    order: list[Ints] = []
    with precision(device):
        for places, ids, mask in texts:
            order.append(places)
            for layer, vectors in model(ids, mask, exits).items():
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
    reading: Reading | None = None,
) -> tuple[Tensor, Parts]:
    """Add the loss's gradients to the model's; returns the loss and its parts.

    The loss compares all texts with each other, so it is one loss over all of them however they are cut up. `cached`
    is GradCache (Gao et al. 2021): vectors first without activations, then the loss's gradient by each vector, then
    the layers again, piece by piece, with that gradient sent back. Otherwise all activations are kept.
    """
    device = model.tokens.weight.device
    pieces = _pieces(corpus, texts, tokens, reading, device)
    if not cached:
        loss, parts = loss_of(_encode(model, pieces, exits))
        torch.autograd.backward([loss])
        return loss.detach(), parts
    with torch.no_grad():
        kept = list(pieces)
        vectors = _encode(model, kept, exits)
    leaves = {layer: rows.detach().requires_grad_() for layer, rows in vectors.items()}
    loss, parts = loss_of(leaves)
    torch.autograd.backward([loss])
    for places, ids, mask in kept:
        with precision(device):
            again = model(ids, mask, exits)
        rows = torch.from_numpy(places).to(device)
        gradients = {layer: leaf.grad[rows] for layer, leaf in leaves.items() if leaf.grad is not None}
        torch.autograd.backward([again[layer] for layer in gradients], list(gradients.values()))
    return loss.detach(), parts
