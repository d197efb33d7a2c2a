"""The joint pass in training: query and function read together.

The layers begin as those of a run's encoder; its token table is shared and stays as it is. Each question is put beside
its function and hard negatives that the deepest exit finds near it, and the right one must get the highest score
(localized contrastive estimation, Gao, Dai and Callan 2021).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.modules import JointScorer, MultiExitEncoder
from fathom_indexer.errors import ModelError
from fathom_research.training.corpus import CLS, SEP, WORDS, Corpus, Ints, Pairs
from fathom_research.training.negatives import all_vectors, mine
from fathom_research.training.passes import ids_and_mask, precision
from fathom_research.training.reading import Reading, padded, varied
from fathom_research.training.run_config import RunConfig

logger = logging.getLogger(__name__)

JOINT_TOKENS = 160
"""What is read of a query and a function together, BERT's own tokens included."""


@dataclass(frozen=True, slots=True)
class JointConfig:
    """How the joint pass is trained."""

    negatives: int = 7
    pool: int = 0
    """Questions to draw from and to mine negatives for; 0 for all of them. A processor mines for 100 a second."""
    frozen_layers: int = 0
    """Layers that stay as they began, from the lowest; they are passed forward only."""
    questions: int = 256
    """Questions a step."""
    micro_questions: int = 64
    learning_rate: float = 1e-4
    warmup: float = 0.05
    weight_decay: float = 0.01
    clip: float = 1.0
    seed: int = 1


def joined(corpus: Corpus, queries: Ints, codes: Ints, how: tuple[Reading, Reading], limit: int) -> tuple[Ints, Ints]:
    """Token ids and mask [rows, tokens] of each query with its function after it, cut at `limit` tokens."""
    asked, asked_mask = padded(corpus, queries, how[0])
    found, found_mask = padded(corpus, codes, how[1])
    asked_sizes, found_sizes = asked_mask.sum(1), found_mask.sum(1)
    # The function's own first token is left out.
    sizes = np.minimum(asked_sizes + found_sizes - 1, limit)
    places = np.arange(int(sizes.max(initial=0)))[None, :]
    in_code = np.clip(places - asked_sizes[:, None] + 1, 0, found.shape[1] - 1)
    in_query = np.clip(places, 0, asked.shape[1] - 1) + np.zeros_like(in_code)
    is_query = places < asked_sizes[:, None]
    ids = np.where(is_query, np.take_along_axis(asked, in_query, 1), np.take_along_axis(found, in_code, 1))
    mask = (places < sizes[:, None]).astype(np.int64)
    ids = np.where(mask == 1, ids, 0)
    ids[np.arange(len(ids)), sizes - 1] = SEP
    ids[:, 0] = CLS
    return ids, mask


class JointTrainer:
    """The joint pass of one encoder, and its training."""

    def __init__(
        self,
        config: JointConfig,
        run: RunConfig,
        encoder: MultiExitEncoder,
        shape: EncoderConfig,
        positions: Tensor,
        corpus: Corpus,
        trained: Mapping[str, Tensor],
    ) -> None:
        """`positions` [tokens, hidden] are the base's, since the joint pass reads more tokens than the encoder.

        `trained` are tensors of an earlier training by their names, which take the place of the encoder's.
        """
        self.config = config
        self.run_config = run
        self.encoder = encoder.eval().requires_grad_(False)
        self.corpus = corpus
        self._device = encoder.tokens.weight.device
        limit = min(JOINT_TOKENS, len(positions))
        self.scorer = JointScorer(shape, limit)
        begun = {name: tensor for name, tensor in encoder.state_dict().items() if name in self.scorer.state_dict()}
        longer = positions[:limit].clone()
        longer[: len(begun["positions.weight"])] = begun["positions.weight"]
        torch.nn.init.eye_(self.scorer.transform.weight)
        torch.nn.init.zeros_(self.scorer.score.weight)
        begun = {**self.scorer.state_dict(), **begun, "positions.weight": longer}
        self.scorer.load_state_dict({**begun, **{name: tensor.float() for name, tensor in trained.items()}})
        if config.frozen_layers:
            for module in (self.scorer.positions, self.scorer.embedding_norm):
                module.requires_grad_(False)
            self.scorer.layers[: config.frozen_layers].requires_grad_(False)
        self.scorer.to(self._device)
        self._limit = limit
        self._optimizer = torch.optim.AdamW(
            [weights for weights in self.scorer.parameters() if weights.requires_grad],
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=True,
        )

    def scores(self, queries: Ints, codes: Ints, how: tuple[Reading, Reading]) -> Tensor:
        """Scores [rows] of queries and functions; gradients flow where the caller lets them."""
        ids, mask = ids_and_mask(*joined(self.corpus, queries, codes, how, self._limit), self._device)
        with precision(self._device):
            scores: Tensor = self.scorer(self.encoder.tokens(ids), mask)
        return scores

    def run(self, minutes: float, out: Path, log_steps: int = 50) -> int:
        """Train for so long and write the weights to `out`, now and then on the way too; returns the steps taken."""
        config, corpus = self.config, self.corpus
        pairs = _questions(corpus)
        if 0 < config.pool < len(pairs):
            chosen = np.random.default_rng(config.seed).choice(len(pairs), config.pool, replace=False)
            pairs = pairs.take(np.sort(chosen))
        logger.info("mining negatives for %d questions", len(pairs))
        only = np.union1d(pairs.query, pairs.code)
        vectors = all_vectors(self.encoder, corpus, self.run_config.exits[-1], self.run_config.micro_tokens, only)
        negatives = mine(vectors, corpus, pairs, 2 * config.negatives, config.seed)
        del vectors
        rows = np.flatnonzero((negatives >= 0).sum(1) >= config.negatives)
        started, steps, losses = time.monotonic(), 0, []
        for chosen in _endless(rows, config):
            progress = (time.monotonic() - started) / 60 / minutes
            if progress >= 1:
                break
            losses.append(self._step(pairs.take(chosen), negatives[chosen], progress, steps))
            steps += 1
            if steps % log_steps == 0:
                rate = steps * config.questions / (time.monotonic() - started)
                mean = float(torch.stack(losses).mean())
                losses = []
                logger.info("joint step %d: loss %.4f, %.0f questions/s", steps, mean, rate)
                self.save(out)
        self.save(out)
        return steps

    def save(self, out: Path) -> None:
        """Write the weights in 16-bit floats; a kill leaves the file as it was or whole."""
        partial = out.with_name(f"{out.name}.partial")
        save_file({name: tensor.detach().half().cpu() for name, tensor in self.scorer.state_dict().items()}, partial)
        partial.replace(out)

    def _step(self, pairs: Pairs, negatives: Ints, progress: float, step: int) -> Tensor:
        config, corpus = self.config, self.corpus
        random = np.random.default_rng([config.seed, step])
        # Those that there are come first; of them, so many at random.
        order = np.argsort(np.where(negatives >= 0, random.random(negatives.shape), 2.0), axis=1)
        others = np.take_along_axis(negatives, order, 1)[:, : config.negatives]
        candidates = np.concatenate([pairs.code[:, None], others], axis=1)
        self._optimizer.zero_grad(set_to_none=True)
        sizes = corpus.offsets[pairs.query + 1] - corpus.offsets[pairs.query]
        places = np.argsort(sizes, kind="stable")
        total = torch.zeros((), device=self._device)
        for start in range(0, len(places), config.micro_questions):
            part = places[start : start + config.micro_questions]
            width = candidates.shape[1]
            queries, codes = np.repeat(pairs.query[part], width), candidates[part].reshape(-1)
            kinds = np.repeat(pairs.kind[part], width)
            # A question's candidates are read alike: nothing but what they say tells them apart.
            asked = varied(corpus, self.run_config, pairs.query[part], pairs.code[part], pairs.kind[part], random)
            asked = asked.take(np.repeat(np.arange(len(part)), width))
            found = varied(corpus, self.run_config, codes, codes, kinds, random)
            named = np.repeat(found.named[::width], width)
            hidden = np.where(named, -1, np.where(np.repeat(found.hides[::width], width) >= 0, codes, -1))
            scores = self.scores(queries, codes, (asked, Reading(named, found.starts * 0, hidden)))
            own = torch.zeros(len(part), dtype=torch.long, device=self._device)
            loss = functional.cross_entropy(scores.view(len(part), width), own, reduction="sum") / len(places)
            torch.autograd.backward([loss])
            total += loss.detach()
        torch.nn.utils.clip_grad_norm_(self.scorer.parameters(), config.clip)
        rising = max(progress, 0.01) / config.warmup
        for group in self._optimizer.param_groups:
            group["lr"] = config.learning_rate * min(rising, (1 - progress) / (1 - config.warmup))
        self._optimizer.step()
        return total


def _questions(corpus: Corpus) -> Pairs:
    """The pairs whose query is words."""
    return corpus.train.take(np.flatnonzero(corpus.languages[corpus.train.query] == WORDS))


def _endless(rows: Ints, config: JointConfig) -> Iterator[Ints]:
    if len(rows) < config.questions:
        raise ModelError(f"only {len(rows)} questions have {config.negatives} hard negatives")
    epoch = 0
    while True:
        mixed = np.random.default_rng([config.seed, epoch]).permutation(rows)
        yield from (
            mixed[start : start + config.questions]
            for start in range(0, len(mixed) - config.questions + 1, config.questions)
        )
        epoch += 1
