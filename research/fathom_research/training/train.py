"""Trains the exits of an encoder on mined pairs.

    python -m fathom_research.training.train --config RECIPE --data DIR --out DIR --minutes 45

Stops at the limit, at Ctrl+C and at SIGTERM with a checkpoint; `--resume` goes on from the last one, also after a kill.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_indexer.errors import FathomError, ModelError
from fathom_research.training.base import build
from fathom_research.training.checkpoint import TOKENIZER_NAME, checkpoints, load_checkpoint
from fathom_research.training.corpus import LOCK_NAME, Corpus, Ints, open_corpus
from fathom_research.training.prepare import load_corpus
from fathom_research.training.run_config import RunConfig
from fathom_research.training.schedule import Limits
from fathom_research.training.space import SPACE_NAME, TargetSpace, sample
from fathom_research.training.student import (
    Teacher,
    base_model,
    fit_exits,
    inverse_frequency,
    is_trained,
    new_student,
    require_same_exits,
    student_config,
)
from fathom_research.training.trainer import Trainer

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when it cannot run."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopped.append(received))
    try:
        trainer = prepare(options)
        trainer.run(_limits(options), lambda: bool(stopped))
    except (FathomError, OSError) as error:
        logger.error("%s", error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.train", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="recipe: JSON, what differs from the defaults")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder of pairs and of what is prepared from them")
    source.add_argument("--prepared", type=Path, help="folder of prepared pairs alone, as `training.compact` unpacks")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument(
        "--base", type=Path, help="model folder to start from, trained or not; built in the data folder when not given"
    )
    limit = parser.add_mutually_exclusive_group(required=True)
    limit.add_argument("--minutes", type=float, help="length of the whole run")
    limit.add_argument("--steps", type=int, help="length of the whole run")
    parser.add_argument("--threads", type=int, default=0, help="cores to use, all by default")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--checkpoint-minutes", type=float, default=3.0, help="time between checkpoints")
    parser.add_argument("--validation-minutes", type=float, default=10.0, help="time between validations")
    parser.add_argument("--log-steps", type=int, default=10, help="steps that one line of the log is about")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --out")
    return parser


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(
        options.steps, options.minutes, options.checkpoint_minutes, options.log_steps, options.validation_minutes
    )


def prepare(options: argparse.Namespace) -> Trainer:
    """A run that is ready to start or to go on. Raises `ModelError` when something it needs is missing."""
    config = RunConfig.load(options.config)
    found = checkpoints(options.out)
    if found and not options.resume:
        raise ModelError(f"{options.out} holds a run already; --resume goes on with it")
    if options.threads:
        os.environ["RAYON_NUM_THREADS"] = str(options.threads)
        torch.set_num_threads(options.threads)
    torch.manual_seed(config.seed)
    device = torch.device(options.device)
    data = options.data or options.prepared
    base_folder = options.base or data / "base"
    if not options.base and not base_folder.exists():
        logger.info("building the base in %s", base_folder)
        build(base_folder)
    base = EncoderConfig.load(base_folder)
    shape = student_config(base, config)
    is_warm = is_trained(base)
    if is_warm:
        require_same_exits(base, shape)
    corpus = (
        open_corpus(options.prepared, config)
        if options.prepared
        else load_corpus(options.data, config, base, base.tokenizer.read(base_folder))
    )
    logger.info("%d texts, %d pairs, %d to validate", len(corpus), len(corpus.train), len(corpus.validation))
    frozen = base_model(base_folder, base)
    counts = np.bincount(corpus.tokens, minlength=base.vocabulary)
    student = new_student(frozen, shape, counts).to(device)
    teacher = Teacher(frozen.to(device), base.layers, corpus, base.model_id, config.micro_tokens)
    options.out.mkdir(parents=True, exist_ok=True)
    # The exits of a trained base are in its space already, and so are the vectors that it teaches.
    is_turned = config.space == "turned" and not is_warm
    space = _space(config, student, teacher, corpus, options.out, counts, bool(found)) if is_turned else None
    (options.out / TOKENIZER_NAME).write_bytes(base.tokenizer.read(base_folder))
    run = _description(config, base, base_folder, data)
    trainer = Trainer(config, student, teacher, space, corpus, base.layers, options.out, run)
    if found:
        trainer.resume(load_checkpoint(found[-1]))
        logger.info("going on from step %d", trainer.position.step)
    return trainer


def _space(
    config: RunConfig, student: MultiExitEncoder, teacher: Teacher, corpus: Corpus, out: Path, counts: Ints, begun: bool
) -> TargetSpace:
    """The space to learn, and the student's heads begun in it; a run that was `begun` reads what it began with."""
    path = out / SPACE_NAME
    if begun:
        return TargetSpace.load(path)
    texts = sample(corpus)
    logger.info("fitting the space on %d texts", len(texts))
    languages = corpus.languages[texts]
    vectors = teacher.vectors(texts)
    space = TargetSpace.fit(vectors, languages, config.narrowing, config.centring)
    if config.heads and config.start == "fitted":
        shallow = [int(layer) for layer in student.heads if int(layer) != teacher.layer]
        fit_exits(student, shallow, corpus, texts, space.of(vectors, languages), inverse_frequency(counts))
        if str(teacher.layer) in student.heads:
            bias = torch.zeros(len(space.axes))
            student.heads[str(teacher.layer)].load_state_dict({"weight": space.axes, "bias": bias})
    space.save(path)
    return space


def _description(config: RunConfig, base: EncoderConfig, base_folder: Path, data: Path) -> dict[str, Any]:
    """What makes two runs the same run, and what a model folder made of a checkpoint must tell."""
    return {
        "config": config.to_json(),
        "base": json.loads((base_folder / "config.json").read_text(encoding="utf-8")),
        "base_id": base.model_id,
        "data_lock_sha256": hashlib.sha256((data / LOCK_NAME).read_bytes()).hexdigest(),
    }


if __name__ == "__main__":
    sys.exit(main())
