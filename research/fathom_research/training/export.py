"""Writes a model folder: ONNX graphs, 16-bit weights, tokenizer and the `config.json` that holds their hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from fathom_indexer.encoder.config import FORMAT, CheckedFile, EncoderConfig, JointPass, Segment
from fathom_research.training.onnx_graph import Weights, joint_graph, segment_graph

NO_FILE = CheckedFile("", "")
WEIGHTS_NAME = "weights.fp16.safetensors"


def write_model(
    folder: Path,
    config: EncoderConfig,
    weights: Weights,
    tokenizer: bytes,
    source: Mapping[str, object],
    joint: Weights | None = None,
) -> EncoderConfig:
    """Write all files of a model; returns the configuration with the files filled in.

    `weights` are named as in `MultiExitEncoder`, in 32-bit floats. Both runtimes get the same numbers: weights are
    rounded to 16 bits first and quantized from there. `source` says where the weights come from. `joint` are those of
    the joint pass, named as in `JointScorer`, if there is one; the static exit's graph hands it the tokens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: np.ascontiguousarray(weight, np.float16) for name, weight in weights.items()}
    rounded = {name: weight.astype(np.float32) for name, weight in halves.items()}
    bounds = [0, *(exit_.layer for exit_ in config.exits)]
    segments = tuple(
        Segment(first, last, _write(folder, f"layers-{first}-{last}.onnx", segment_graph(rounded, config, first, last)))
        for first, last in pairwise(bounds)
    )
    if joint:
        read = {name: weight.astype(np.float16).astype(np.float32) for name, weight in joint.items()}
        file = _write(folder, "joint.onnx", joint_graph(read, config))
        config = replace(config, joint=JointPass(len(read["positions.weight"]), file))
        halves |= {f"joint.{name}": weight.astype(np.float16) for name, weight in joint.items()}
    config = replace(
        config,
        tokenizer=_write(folder, "tokenizer.json", tokenizer),
        segments=segments,
        weights=_write(folder, WEIGHTS_NAME, save(halves)),
        recorded_id="",
    )
    (folder / "config.json").write_text(json.dumps(_to_json(config, source), indent=2) + "\n", encoding="utf-8")
    return config


def _write(folder: Path, name: str, content: bytes) -> CheckedFile:
    (folder / name).write_bytes(content)
    return CheckedFile(name, hashlib.sha256(content).hexdigest())


def _to_json(config: EncoderConfig, source: Mapping[str, object]) -> dict[str, object]:
    return {
        "format": FORMAT,
        "name": config.name,
        "layers": config.layers,
        "hidden": config.hidden,
        "heads": config.heads,
        "intermediate": config.intermediate,
        "vocabulary": config.vocabulary,
        "layer_norm_eps": config.layer_norm_eps,
        "max_tokens": config.max_tokens,
        "exits": [
            {"layer": exit_.layer, "dims": list(exit_.dims), "head": exit_.head, "pooling": exit_.pooling}
            for exit_ in config.exits
        ],
        "index_exit": config.index_exit,
        "index_dim": config.index_dim,
        "rerank_exit": config.rerank_exit,
        "tokenizer": {"name": config.tokenizer.name, "sha256": config.tokenizer.sha256},
        "segments": [
            {"first": segment.first, "last": segment.last, "name": segment.file.name, "sha256": segment.file.sha256}
            for segment in config.segments
        ],
        **({"weights": asdict(config.weights)} if config.weights else {"id": config.recorded_id}),
        **({"joint": _joint(config.joint)} if config.joint else {}),
        "source": dict(source),
    }


def _joint(joint: JointPass) -> dict[str, object]:
    return {"max_tokens": joint.max_tokens, "name": joint.file.name, "sha256": joint.file.sha256}
