"""Trains the joint pass from where a run's exits have come to.

python -m fathom_research.training.joint RUN --prepared DIR --base FOLDER --out FILE --minutes 3
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_indexer.errors import FathomError, ModelError
from fathom_research.training.checkpoint import checkpoints, load_checkpoint
from fathom_research.training.corpus import open_corpus
from fathom_research.training.joint_trainer import JointConfig, JointTrainer
from fathom_research.training.joint_validation import validate
from fathom_research.training.run_config import RunConfig
from fathom_research.training.student import base_model, student_config

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.joint", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run, whose last checkpoint is taken")
    parser.add_argument("--prepared", type=Path, required=True, help="folder of prepared pairs")
    parser.add_argument("--base", type=Path, required=True, help="model folder that the run started from")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--minutes", type=float, required=True, help="length of the training")
    parser.add_argument("--begin", type=Path, help="safetensors file of an earlier training to go on from")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=0, help="cores to use, all by default")
    parser.add_argument("--among", type=int, default=0, help="functions that validation ranks, all by default")
    parser.add_argument("--micro-tokens", type=int, help="tokens encoded at a time, as the run had it by default")
    parser.add_argument("--settings", type=json.loads, default={}, help="JSON: what differs from `JointConfig`")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        trainer = prepare(options)
        logger.info("before: %s", validate(trainer, options.among))
        steps = trainer.run(options.minutes, options.out)
        logger.info("after %d steps: %s", steps, validate(trainer, options.among))
    except (FathomError, OSError) as error:
        logger.error("%s", error)
        return 1
    return 0


def prepare(options: argparse.Namespace) -> JointTrainer:
    """A joint pass over a run's last checkpoint, ready to be trained. Raises `ModelError` when something is missing."""
    found = checkpoints(options.run)
    if not found:
        raise ModelError(f"{options.run} holds no checkpoint")
    checkpoint = load_checkpoint(found[-1])
    run = RunConfig.from_json(checkpoint.run["config"])
    if options.micro_tokens:
        run = replace(run, micro_tokens=options.micro_tokens)
    base = EncoderConfig.load(options.base)
    shape = student_config(base, run)
    encoder = MultiExitEncoder(shape)
    encoder.load_state_dict(checkpoint.weights)
    positions = base_model(options.base, base).positions.weight.detach()
    torch.manual_seed(run.seed)
    corpus = open_corpus(options.prepared, run)
    config = JointConfig(**options.settings)
    trained = load_file(options.begin) if options.begin else {}
    return JointTrainer(config, run, encoder.to(torch.device(options.device)), shape, positions, corpus, trained)


if __name__ == "__main__":
    sys.exit(main())
