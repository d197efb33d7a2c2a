"""A model with a static exit, a shallow one and a deep one that costs nothing: its vectors add up its tokens' own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fathom_indexer import engine
from fathom_indexer.encoder import Encoder, encoder
from fathom_indexer.encoder.config import EncoderConfig

EXITS = (0, 2, 6)
HIDDEN, DIM = 16, 8


class TokenSums:
    """A runtime without layers: every exit has random vectors of its own for the tokens."""

    def __init__(self, config: EncoderConfig, folder: Path, threads: int) -> None:
        # Whole numbers, whose sums are exact: a text's vector is the same to the last bit, whatever it is batched with.
        self._tables = {
            layer: np.random.default_rng(layer).integers(-99, 99, (config.vocabulary, HIDDEN)).astype(np.float64)
            for layer in EXITS
        }

    def run(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], exits: Sequence[int]
    ) -> dict[int, NDArray[np.float32]]:
        return {layer: self._sums(self._tables[layer], ids, mask) for layer in exits}

    @staticmethod
    def _sums(table: NDArray[np.float64], ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        sums = (table[ids] * mask[:, :, None]).sum(axis=1)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


def write_model(folder: Path, index_exit: int = 2, rerank_exit: int = 6, exits: Sequence[int] = EXITS) -> Path:
    """The folder of such a model, with the tokenizer of the packaged one."""
    folder.mkdir(parents=True)
    config: dict[str, Any] = json.loads((encoder.PACKAGED_MODEL / "config.json").read_text())
    config |= {"name": "layered", "hidden": HIDDEN, "index_exit": index_exit, "rerank_exit": rerank_exit}
    config |= {"index_dim": DIM, "exits": [{"layer": layer, "dims": [HIDDEN, DIM]} for layer in exits], "segments": []}
    (folder / "config.json").write_text(json.dumps(config))
    name = config["tokenizer"]["name"]
    shutil.copyfile(encoder.PACKAGED_MODEL / name, folder / name)
    return folder


def take_the_place_of_layers(patch: Any = setattr) -> None:
    """Have every encoder of this process use `TokenSums`. `patch` sets an attribute."""
    patch(encoder, "_runtime_named", lambda name: TokenSums)


def load_once(patch: Any = setattr) -> Callable[..., Encoder]:
    """Have every engine of this process use one encoder a model. `patch` sets an attribute; returns what loads it."""

    @cache
    def load(folder: Path, *_: object) -> Encoder:
        return encoder.load_encoder(folder)

    patch(engine, "load_encoder", lambda folder, *_: load(folder))
    return load
