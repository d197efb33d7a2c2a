"""Checkpoints, from which a run goes on after a kill: weights, the optimizer's moments, position. No pickle."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from fathom_indexer.errors import ModelError

KEPT = 2
"""How many checkpoints a run keeps."""

TOKENIZER_NAME = "tokenizer.json"
"""A run keeps its tokenizer beside its checkpoints, so that a model folder can be made of them alone."""

_PREFIX = "checkpoint-"


@dataclass(slots=True)
class Position:
    """The position of a run. Batches follow from seed and epoch, so no state of a random generator is kept."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Batches of the epoch that are done."""
    seconds: float = 0.0
    """Time the run has taken so far, over all sessions."""
    pairs: int = 0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of a run, as read back."""

    weights: dict[str, Tensor]
    moments: dict[str, Tensor]
    position: Position
    run: dict[str, Any]
    """Description of the run: settings, the student's shape, base and data."""


def save_checkpoint(
    out: Path, position: Position, weights: Mapping[str, Tensor], moments: Mapping[str, Tensor], run: dict[str, Any]
) -> Path:
    """Write a checkpoint under its final name only when it is whole, then drop the oldest ones."""
    folder = out / f"{_PREFIX}{position.step:07d}"
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, tensors in (("weights", weights), ("optimizer", moments)):
        save_file({key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}, partial / _file(name))
    state = {"position": asdict(position), "run": run}
    (partial / "state.json").write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    for file in partial.iterdir():
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    for old in checkpoints(out)[:-KEPT]:
        shutil.rmtree(old)
    return folder


def checkpoints(out: Path) -> list[Path]:
    """The whole checkpoints of a run, oldest first."""
    return sorted(path for path in out.glob(f"{_PREFIX}*") if path.suffix != ".partial")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint. Raises `ModelError` when the folder does not hold one."""
    try:
        state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        return Checkpoint(
            load_file(folder / _file("weights")),
            load_file(folder / _file("optimizer")),
            Position(**state["position"]),
            state["run"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} is no checkpoint: {error}") from error


def _file(name: str) -> str:
    return f"{name}.safetensors"


def pack_moments(optimizer: Optimizer, names: list[str]) -> dict[str, Tensor]:
    """The optimizer's moments by parameter. Every group holds one parameter, in the order of `names`."""
    state = optimizer.state_dict()["state"]
    return {f"{names[number]}/{key}": tensor for number, moments in state.items() for key, tensor in moments.items()}


def unpack_moments(moments: dict[str, Tensor], names: list[str], empty: dict[str, Any]) -> dict[str, Any]:
    """The optimizer's state out of moments by parameter; `empty` is the state that it has now."""
    state: dict[int, dict[str, Tensor]] = {}
    numbers = {name: number for number, name in enumerate(names)}
    for key, tensor in moments.items():
        name, _, moment = key.rpartition("/")
        state.setdefault(numbers[name], {})[moment] = tensor
    return {**empty, "state": state}
