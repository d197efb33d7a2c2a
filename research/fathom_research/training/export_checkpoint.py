"""Makes a model folder of a training run's checkpoint.

python -m fathom_research.training.export_checkpoint RUN --out FOLDER --index-exit 2 --index-dim 128
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.errors import FathomError, ModelError
from fathom_research.training.checkpoint import TOKENIZER_NAME, checkpoints, load_checkpoint
from fathom_research.training.export import write_model
from fathom_research.training.run_config import RunConfig
from fathom_research.training.student import student_config


def export(
    folder: Path,
    out: Path,
    name: str | None = None,
    index_exit: int | None = None,
    index_dim: int | None = None,
    rerank_exit: int | None = None,
    joint: Path | None = None,
) -> EncoderConfig:
    """Write a checkpoint, or a run's last one, as a model folder; the default exits are the deepest one, uncut.

    `joint` is the file of a joint pass that was trained over it, if there is one.

    Raises `ModelError` when `folder` holds no checkpoint, or for an exit or a length that was not trained.
    """
    found = checkpoints(folder)
    folder = found[-1] if found else folder
    checkpoint = load_checkpoint(folder)
    run = checkpoint.run
    base = EncoderConfig.from_json(run["base"], folder / "state.json")
    config = student_config(base, RunConfig.from_json(run["config"]))
    config = replace(
        config,
        name=name or config.name,
        index_exit=config.index_exit if index_exit is None else config.exit(index_exit).layer,
        index_dim=index_dim or config.index_dim,
        rerank_exit=config.rerank_exit if rerank_exit is None else config.exit(rerank_exit).layer,
    )
    if config.index_dim not in config.exit(config.index_exit).dims:
        raise ModelError(f"exit {config.index_exit} was not trained for {config.index_dim} dimensions")
    tokenizer = folder.parent / TOKENIZER_NAME
    try:
        definition = tokenizer.read_bytes()
    except OSError as error:
        raise ModelError(f"{tokenizer} cannot be read: {error.strerror}") from error
    weights = {tensor: np.asarray(value.numpy(), np.float32) for tensor, value in checkpoint.weights.items()}
    source = {
        "base": run["base"].get("source", {}),
        "base_id": run["base_id"],
        "data_lock_sha256": run["data_lock_sha256"],
        "settings": run["config"],
        "trained": asdict(checkpoint.position),
    }
    scorer = {name: np.asarray(value, np.float32) for name, value in load_file(joint).items()} if joint else None
    return write_model(out, config, weights, definition, source, scorer)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when there is nothing to export."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.export_checkpoint", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a checkpoint, or a run's folder for its last one")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--name", help="name of the model; default: the base's")
    parser.add_argument("--index-exit", type=int, help="exit whose vectors are stored and searched")
    parser.add_argument("--index-dim", type=int, help="how many of their dimensions are kept")
    parser.add_argument("--rerank-exit", type=int, help="exit that orders the candidates")
    parser.add_argument("--joint", type=Path, help="safetensors file of `training.joint`")
    options = parser.parse_args(arguments)
    try:
        config = export(
            options.checkpoint,
            options.out,
            options.name,
            options.index_exit,
            options.index_dim,
            options.rerank_exit,
            options.joint,
        )
    except (FathomError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{config.model_id} written to {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
