"""Asks the frozen base what needs no training of its layers: which sub-blocks it can do without, and how to pool.

    python -m fathom_research.training.probe --data DATA --base FOLDER [--json FILE]

Everything is measured on the documentation pairs of packages that are not trained on (`Validation`'s).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_indexer.errors import FathomError
from fathom_research.training.batches import micro_batches
from fathom_research.training.corpus import Corpus, Ints, Pairs
from fathom_research.training.losses import contrast
from fathom_research.training.passes import encode, ids_and_mask, precision
from fathom_research.training.prepare import load_corpus
from fathom_research.training.run_config import KINDS, RunConfig
from fathom_research.training.student import base_model
from fathom_research.training.validation import mrr, validation_pairs

logger = logging.getLogger(__name__)

_CPU = torch.device("cpu")
_TOKENS = 8192
_BATCH = 128
_EPOCHS = 3
_TEMPERATURE = 0.05


def without_sub_blocks(model: MultiExitEncoder, corpus: Corpus, pairs: Pairs) -> dict[str, float]:
    """MRR at the last layer with nothing left out, and with each layer's attention or MLP left out."""
    depth = len(model.layers)
    found = {"all": _found(model, corpus, pairs)}
    for number in range(depth):
        for name, linear in (("attention", "attention_output"), ("mlp", "down")):
            with _silenced(getattr(model.layers[number], linear)):
                found[f"layer {number + 1} without {name}"] = _found(model, corpus, pairs)
            logger.info("%s", list(found.items())[-1])
    return found


@contextmanager
def _silenced(linear: nn.Linear) -> Iterator[None]:
    """A sub-block whose last map gives zeros adds nothing to what it stands on; only the normalization remains."""
    kept = {name: parameter.detach().clone() for name, parameter in linear.named_parameters()}
    with torch.no_grad():
        for parameter in linear.parameters():
            parameter.zero_()
    try:
        yield
    finally:
        linear.load_state_dict(kept)


def _found(model: MultiExitEncoder, corpus: Corpus, pairs: Pairs) -> float:
    depth = len(model.layers)
    with torch.inference_mode():
        queries, codes = (encode(model, corpus, texts, (depth,), _TOKENS)[depth] for texts in (pairs.query, pairs.code))
    return mrr(queries @ codes.T)


class MeanPooling(nn.Module):
    """The mean over tokens of the last layer; nothing to learn but the head."""

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """`states` [batch, layers, tokens, hidden], `mask` [batch, tokens] -> [batch, hidden]."""
        shares = mask / mask.sum(-1, keepdim=True)
        return (states[:, -1] * shares.unsqueeze(-1)).sum(1)


class MultiLayerPooling(nn.Module):
    """The means of all layers, each with a learned weight; it starts as the last one's."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(functional.one_hot(torch.tensor(layers - 1), layers).float())

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """As `MeanPooling`."""
        shares = mask / mask.sum(-1, keepdim=True)
        means = (states * shares[:, None, :, None]).sum(2)
        return (means * self.weights[None, :, None]).sum(1)


class LatentAttention(nn.Module):
    """Tokens look up a learned dictionary before they are averaged (NV-Embed, Lee et al. 2024), added to the mean."""

    def __init__(self, hidden: int, latents: int = 64) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(latents, hidden) * hidden**-0.5)
        self.out = nn.Linear(hidden, hidden)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """As `MeanPooling`."""
        last = states[:, -1]
        looked_up = (last @ self.latents.T * last.shape[-1] ** -0.5).softmax(-1) @ self.latents
        shares = mask / mask.sum(-1, keepdim=True)
        mean: Tensor = ((last + self.out(looked_up)) * shares.unsqueeze(-1)).sum(1)
        return mean


def poolings(model: MultiExitEncoder, corpus: Corpus, train: Pairs, pairs: Pairs) -> dict[str, float]:
    """MRR of poolings and a head trained by contrast on the frozen layers' states, the same pairs for each."""
    hidden = model.tokens.embedding_dim
    makers: dict[str, Callable[[], nn.Module]] = {
        "mean": MeanPooling,
        "multi-layer": lambda: MultiLayerPooling(len(model.layers)),
        "latent attention": lambda: LatentAttention(hidden),
    }
    found = {"mean, nothing learnt": _found(model, corpus, pairs)}
    pooled: dict[str, tuple[nn.Module, nn.Linear, torch.optim.AdamW]] = {}
    for name, maker in makers.items():
        torch.manual_seed(0)
        pooling, head = maker(), nn.Linear(hidden, hidden)
        nn.init.eye_(head.weight)
        nn.init.zeros_(head.bias)
        optimizer = torch.optim.AdamW([*pooling.parameters(), *head.parameters()], lr=1e-3)
        pooled[name] = (pooling, head, optimizer)
    order = np.random.default_rng(0)
    for _ in range(_EPOCHS):
        rows = order.permutation(len(train))
        for start in range(0, len(rows) - _BATCH + 1, _BATCH):
            batch = train.take(rows[start : start + _BATCH])
            sides = [list(_states(model, corpus, texts)) for texts in (batch.query, batch.code)]
            for pooling, head, optimizer in pooled.values():
                optimizer.zero_grad()
                queries, codes = (_pool(pieces, pooling, head) for pieces in sides)
                torch.autograd.backward([contrast(queries, codes, _TEMPERATURE)])
                optimizer.step()
    with torch.inference_mode():
        sides = [list(_states(model, corpus, texts)) for texts in (pairs.query, pairs.code)]
        for name, (pooling, head, _) in pooled.items():
            queries, codes = (_pool(pieces, pooling, head) for pieces in sides)
            found[name] = mrr(queries @ codes.T)
    return found


def _states(model: MultiExitEncoder, corpus: Corpus, texts: Ints) -> Iterator[tuple[Ints, Tensor, Tensor]]:
    """Places of texts, their tokens' states after every layer, and which tokens there are."""
    layers = range(1, len(model.layers) + 1)
    for places, ids, mask in micro_batches(corpus, texts, _TOKENS):
        tensors = ids_and_mask(ids, mask, _CPU)
        with torch.no_grad(), precision(_CPU):
            states = model.states(*tensors, tuple(layers))
        yield places, torch.stack([states[layer].bfloat16() for layer in layers], 1), tensors[1].float()


def _pool(pieces: list[tuple[Ints, Tensor, Tensor]], pooling: nn.Module, head: nn.Linear) -> Tensor:
    vectors = torch.cat([pooling(states.float(), mask) for _, states, mask in pieces])
    back = torch.from_numpy(np.argsort(np.concatenate([places for places, *_ in pieces])))
    return functional.normalize(head(vectors), dim=-1)[back]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.probe", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of pairs")
    parser.add_argument("--base", type=Path, required=True, help="model folder of the base")
    parser.add_argument("--pairs", type=int, default=1000, help="pairs to search among")
    parser.add_argument("--train-pairs", type=int, default=2560, help="pairs that poolings are trained on")
    parser.add_argument("--threads", type=int, default=1, help="cores to use")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    os.environ["RAYON_NUM_THREADS"] = str(options.threads)
    config = RunConfig()
    try:
        base = EncoderConfig.load(options.base)
        corpus = load_corpus(options.data, config, base, base.tokenizer.read(options.base))
        model = base_model(options.base, base).eval()
    except FathomError as error:
        logger.error("%s", error)
        return 1
    pairs = validation_pairs(corpus, options.pairs)
    documented = np.flatnonzero(corpus.train.kind == KINDS.index("doc"))
    train = corpus.train.take(np.random.default_rng(1).permutation(documented)[: options.train_pairs])
    found = {
        "sub-blocks": without_sub_blocks(model, corpus, pairs),
        "pooling": poolings(model, corpus, train, pairs),
    }
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for title, figures in found.items():
        sys.stdout.write(f"{title}, MRR among {len(pairs)}\n")
        for name, figure in figures.items():
            sys.stdout.write(f"  {figure:.4f}  {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
