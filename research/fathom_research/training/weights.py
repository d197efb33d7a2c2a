"""The 16-bit weights of the packaged model, which are neither in the wheel nor in new commits.

    python -m fathom_research.training.weights                    # a model folder with weights: research/models/minilm
    python -m fathom_research.training.weights --from FILE        # the same, from a file that was got another way
    python -m fathom_research.training.weights --package MODEL --recipe RECIPE --where "..."

The package has the 8-bit graphs, which every search runs; PyTorch and training read the weights that the graphs were
made from. A lock file records the SHA-256 of the weights and where they can be had: those of today's model are a blob
of this repository's history. `--package` makes a newly trained model the packaged one: it copies all but the weights
into the package and writes the lock file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.errors import FathomError, ModelError

CHECKOUT = Path(__file__).parents[3]
MODELS = CHECKOUT / "research" / "models"
"""Lock files, and the model folders that this command and others write here, which git ignores."""
LOCK = MODELS / "minilm.lock.json"
_CONFIG_NAME = "config.json"


@dataclass(frozen=True, slots=True)
class WeightsLock:
    """The record of a model's weights: `name` is that of the file in a model folder, `size` is in bytes."""

    model: str
    """The id of the model they belong to."""
    name: str
    sha256: str
    size: int
    recipe: str
    """The recipe that they were trained by, relative to the checkout."""
    git_blob: str | None
    """The object that holds them in this repository, if one does."""
    where: str
    """Where they can be had, in words."""

    @classmethod
    def load(cls, path: Path = LOCK) -> WeightsLock:
        """Read a lock file. Raises `ModelError` when it is missing or incomplete."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path} is not a lock file of weights: {error}") from error

    def save(self, path: Path = LOCK) -> None:
        """Write the lock file."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def checked(self, content: bytes, source: object) -> bytes:
        """The content, if it is the recorded weights. Raises `ModelError` if it is not; `source` is named there."""
        if len(content) != self.size or hashlib.sha256(content).hexdigest() != self.sha256:
            raise ModelError(
                f"{source} does not hold the weights of {self.model}: size or SHA-256 is not the recorded one"
            )
        return content


def from_history(lock: WeightsLock, checkout: Path = CHECKOUT) -> bytes:
    """The weights out of the repository's history.

    Raises `ModelError` when the lock names no object, or the clone does not have it.
    """
    if lock.git_blob is None:
        raise ModelError(
            f"the weights of {lock.model} are not in this repository ({lock.where}): pass them with --from"
        )
    command = ["git", "-C", str(checkout), "cat-file", "blob", lock.git_blob]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise ModelError(f"git cannot be run: {error}; pass the weights with --from") from error
    if result.returncode:
        reason = result.stderr.decode("utf-8", "replace").strip()
        raise ModelError(
            f"this clone does not have the weights of {lock.model} ({reason}). A shallow clone lacks older commits: "
            "fetch them with `git fetch --unshallow`, or pass the file of the weights with --from"
        )
    return lock.checked(result.stdout, f"the object {lock.git_blob}")


def model_with_weights(out: Path, weights: bytes, lock: WeightsLock, packaged: Path = PACKAGED_MODEL) -> EncoderConfig:
    """Write a model folder that has the weights besides all files of the packaged one.

    Raises `ModelError` when the weights are not the recorded ones or belong to another model than the packaged one.
    """
    lock.checked(weights, "what was given")
    raw = _read_config(packaged)
    if raw.pop("id", None) != lock.model:
        raise ModelError(f"{packaged} is not {lock.model}, whose weights the lock file records")
    raw = _with_weights(raw, {"name": lock.name, "sha256": lock.sha256})
    config = EncoderConfig.from_json(raw, packaged / _CONFIG_NAME)
    if config.model_id != lock.model:
        raise ModelError(f"the weights of {lock.model} and the graphs in {packaged} are not of one model")
    out.mkdir(parents=True, exist_ok=True)
    for name in _file_names(config):
        shutil.copyfile(packaged / name, out / name)
    _write_whole(out / lock.name, weights)
    _write_config(out, raw)
    return config


def package(
    model: Path, recipe: str, where: str, packaged: Path = PACKAGED_MODEL, lock_path: Path = LOCK
) -> WeightsLock:
    """Make a trained model the packaged one: graphs, tokenizer and configuration without weights, and the lock.

    Raises `ModelError` when `model` is not a model folder with weights, or one of its files is damaged.
    """
    config = EncoderConfig.load(model)
    weights = config.read_weights(model)
    assert config.weights is not None  # `read_weights` has refused
    for file in (config.tokenizer, *(segment.file for segment in config.segments)):
        file.read(model)
    raw = _read_config(model)
    del raw["weights"]
    packaged.mkdir(parents=True, exist_ok=True)
    for old in (*packaged.glob("*.onnx"), *packaged.glob("*.safetensors")):
        old.unlink()
    for name in _file_names(config):
        shutil.copyfile(model / name, packaged / name)
    _write_config(packaged, {"format": raw.pop("format"), "name": raw.pop("name"), "id": config.model_id, **raw})
    lock = WeightsLock(
        config.model_id, config.weights.name, config.weights.sha256, len(weights), recipe, git_blob=None, where=where
    )
    lock.save(lock_path)
    return lock


def _file_names(config: EncoderConfig) -> list[str]:
    joint = [config.joint.file.name] if config.joint else []
    return [config.tokenizer.name, *(segment.file.name for segment in config.segments), *joint]


def _read_config(folder: Path) -> dict[str, Any]:
    EncoderConfig.load(folder)  # raises for what is not a model's
    raw: dict[str, Any] = json.loads((folder / _CONFIG_NAME).read_text(encoding="utf-8"))
    return raw


def _with_weights(raw: Mapping[str, Any], weights: Mapping[str, str]) -> dict[str, Any]:
    """The configuration with `weights` before `source`, where `write_model` has it."""
    return {
        **{name: value for name, value in raw.items() if name != "source"},
        "weights": weights,
        "source": raw["source"],
    }


def _write_config(folder: Path, raw: Mapping[str, Any]) -> None:
    _write_whole(folder / _CONFIG_NAME, (json.dumps(raw, indent=2) + "\n").encode())


def _write_whole(path: Path, content: bytes) -> None:
    """Written under another name first: an interruption leaves no file that looks complete."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when the weights cannot be had."""
    parser = argparse.ArgumentParser(
        prog="python -m fathom_research.training.weights",
        description="Make a model folder that has the 16-bit weights of the packaged model.",
    )
    parser.add_argument("--out", type=Path, default=MODELS / "minilm", help="model folder to write")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--from", dest="file", type=Path, metavar="FILE", help="take the weights from this file")
    action.add_argument(
        "--package", type=Path, metavar="MODEL", help="make this trained model the packaged one instead"
    )
    parser.add_argument("--recipe", default="", help="with --package: the recipe that it was trained by")
    parser.add_argument("--where", default="", help="with --package: where its weights are kept, in words")
    options = parser.parse_args(arguments)
    if options.package and not (options.recipe and options.where):
        parser.error("--package needs --recipe and --where: the lock file records them")
    try:
        if options.package:
            lock = package(options.package, options.recipe, options.where)
            sys.stdout.write(f"{lock.model} is packaged; its weights are recorded in {LOCK}\n")
            return 0
        lock = WeightsLock.load()
        weights = lock.checked(options.file.read_bytes(), options.file) if options.file else from_history(lock)
        config = model_with_weights(options.out, weights, lock)
    except (FathomError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{config.model_id} with its 16-bit weights is in {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
