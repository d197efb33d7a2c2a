"""The training loop. A run that is stopped or killed goes on from its last checkpoint."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_indexer.errors import ModelError
from fathom_research.training.batches import Batch, plan
from fathom_research.training.checkpoint import (
    Checkpoint,
    Position,
    pack_moments,
    save_checkpoint,
    unpack_moments,
)
from fathom_research.training.corpus import Corpus, Ints
from fathom_research.training.losses import Objective, Sides
from fathom_research.training.masked import masked_backward
from fathom_research.training.negatives import all_vectors, mine
from fathom_research.training.passes import Parts, backward
from fathom_research.training.reading import varied
from fathom_research.training.run_config import KINDS, RunConfig
from fathom_research.training.run_log import RunLog
from fathom_research.training.schedule import Limits, learning_rate
from fathom_research.training.space import TargetSpace
from fathom_research.training.student import Teacher, rate_groups
from fathom_research.training.validation import Validation

logger = logging.getLogger(__name__)


class Trainer:
    """One run. `run` describes it in its checkpoints."""

    def __init__(
        self,
        config: RunConfig,
        student: MultiExitEncoder,
        teacher: Teacher,
        space: TargetSpace | None,
        corpus: Corpus,
        last_layer: int,
        out: Path,
        run: dict[str, Any],
    ) -> None:
        self._config = config
        self._student = student
        self._teacher = teacher
        self._space = space
        self._corpus = corpus
        self._objective = Objective(config, last_layer)
        self._out = out
        self._log = RunLog(out)
        self._run = run
        self._names: list[str] = []
        groups: list[dict[str, Any]] = []
        for rate, parameters in rate_groups(student, config):
            for name, parameter in parameters.items():
                # Vectors (biases, normalization, token weights) are not pulled towards zero.
                decay = config.weight_decay if parameter.dim() > 1 else 0.0
                groups.append({"params": [parameter], "rate": rate, "weight_decay": decay})
                self._names.append(name)
        self._optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
        self._validation = Validation(corpus, config)
        self._negatives: Ints = np.empty((0, 0), np.int64)
        self._negatives_number = -1
        self.position = Position()

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of this run. Raises `ModelError` for one of another run."""
        if checkpoint.run != self._run:
            raise ModelError("the checkpoint is of a run with other settings, another base or other data")
        self._student.load_state_dict(checkpoint.weights)
        self._optimizer.load_state_dict(unpack_moments(checkpoint.moments, self._names, self._optimizer.state_dict()))
        self.position = checkpoint.position
        self._log.forget_after(self.position.step)

    def run(self, limits: Limits, stop: Callable[[], bool] = lambda: False) -> None:
        """Train until the limit or until `stop` says so, and leave a checkpoint either way."""
        position = self.position
        before, started = position.seconds, time.monotonic()
        saved = validated = position.seconds
        since: list[tuple[Tensor, Parts, int]] = []
        logged_at = position.seconds
        if position.step == 0:
            self._log.forget_after(-1)
            self._validate()
        for batch in self._batches(limits):
            if limits.progress(position) >= 1 or stop():
                break
            rate = learning_rate(self._config, limits.progress(position))
            is_masked = limits.progress(position) < self._config.masked_share
            since.append((*self._step(batch, rate, is_masked), len(batch.query)))
            position.step += 1
            position.batch += 1
            position.pairs += len(batch.query)
            position.seconds = before + time.monotonic() - started
            if position.step % limits.log_steps == 0:
                self._log.losses(position, since, rate, position.seconds - logged_at)
                since, logged_at = [], position.seconds
            if position.seconds - validated >= limits.validation_minutes * 60:
                validated = position.seconds
                self._validate()
            if position.seconds - saved >= limits.checkpoint_minutes * 60:
                saved = position.seconds
                self.save()
        # First what must not be lost: a run that was told to stop may be killed while it validates.
        self.save()
        if position.seconds > validated:
            self._validate()

    def save(self) -> Path:
        """Write a checkpoint of the present state."""
        folder = save_checkpoint(
            self._out, self.position, self._student.state_dict(), pack_moments(self._optimizer, self._names), self._run
        )
        logger.info("step %d: saved %s", self.position.step, folder.name)
        return folder

    def _batches(self, limits: Limits) -> Iterator[Batch]:
        while True:
            batches = plan(self._corpus.train, self._config, self.position.epoch)
            if not len(batches):
                raise ModelError(f"the data has fewer pairs than one batch of {self._config.batch}")
            for rows in batches[self.position.batch :]:
                yield self._batch(rows, limits.progress(self.position))
            self.position.epoch += 1
            self.position.batch = 0

    def _batch(self, rows: Ints, progress: float) -> Batch:
        """The pairs in these rows, each with a hard negative if there are any, read in ways that the step decides."""
        corpus, config, position = self._corpus, self._config, self.position
        random = np.random.default_rng([config.seed, position.epoch, position.batch])
        negatives = None
        if config.negatives:
            drawn = self._hard_negatives(progress)[rows, random.integers(config.negatives, size=len(rows))]
            negatives = drawn[drawn >= 0]
        reading = partial(varied, corpus, config, random=random)
        return Batch.of(corpus, corpus.train.take(rows), negatives, reading)

    def _hard_negatives(self, progress: float) -> Ints:
        """Those of this part of the run, mined when it begins; a run that goes on finds them in its folder."""
        config = self._config
        number = min(int(progress * config.negative_refreshes), config.negative_refreshes - 1)
        if number != self._negatives_number:
            path = self._out / f"negatives-{number}.npy"
            if not path.exists():
                logger.info("step %d: mining hard negatives", self.position.step)
                vectors = (
                    all_vectors(self._student, self._corpus, config.exits[-1], config.micro_tokens)
                    if number
                    else self._teacher.all_vectors()
                )
                mined = mine(vectors, self._corpus, self._corpus.train, config.negatives, config.seed + number)
                with path.with_suffix(".partial").open("wb") as stream:
                    np.save(stream, mined.astype(np.int32))
                path.with_suffix(".partial").replace(path)
            self._negatives, self._negatives_number = np.load(path), number
        return self._negatives

    def _step(self, batch: Batch, rate: float, is_masked: bool) -> tuple[Tensor, Parts]:
        self._student.train()
        self._optimizer.zero_grad(set_to_none=True)
        config = self._config
        if is_masked:
            loss, parts = masked_backward(
                self._student, self._corpus, batch.texts, config.exits, config.micro_tokens, self.position.step
            )
        else:
            loss, parts = self._compare(batch)
        torch.nn.utils.clip_grad_norm_(self._student.parameters(), config.clip)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["rate"]
        self._optimizer.step()
        return loss, parts

    def _compare(self, batch: Batch) -> tuple[Tensor, Parts]:
        """Add the gradients of a batch's pairs compared with each other."""
        device = self._student.tokens.weight.device
        query, code = _on(device, batch.query), _on(device, np.concatenate([batch.code, batch.negative]))
        masked = batch.false_negatives(device)
        kinds = [KINDS.index(kind) for kind in self._config.teacher_kinds]
        followed = torch.from_numpy(np.isin(batch.kind, kinds)).to(device)
        by_kind = torch.tensor([self._config.deep_contrast.get(kind, 0.0) for kind in KINDS], device=device)
        deep_weights = by_kind[_on(device, batch.kind)]
        base = self._teacher.vectors(batch.texts).to(device)
        if self._space is not None:
            base = self._space.of(base, self._corpus.languages[batch.texts])

        def loss_of(vectors: Mapping[int, Tensor]) -> tuple[Tensor, Parts]:
            queries = {layer: rows[query] for layer, rows in vectors.items()}
            codes = {layer: rows[code] for layer, rows in vectors.items()}
            return self._objective(Sides(queries, codes), (base[query], base[code]), masked, followed, deep_weights)

        config = self._config
        return backward(
            self._student,
            self._corpus,
            batch.texts,
            config.exits,
            config.micro_tokens,
            loss_of,
            config.grad_cache,
            batch.reading,
        )

    def _validate(self) -> None:
        figures = self._validation.mrr(self._student)
        if figures:
            self._log.validation(self.position, figures)


def _on(device: torch.device, array: Ints) -> Tensor:
    return torch.from_numpy(array).to(device)
