"""The encoder on ONNX Runtime: a chain of graphs, one from each exit to the next.

A shallow exit runs the first graphs only, so a part of the model is a model; a deep exit that is asked for together
with a shallow one costs no second pass. (One graph with several outputs would not do: ONNX Runtime 1.32 computes all
of a graph whichever outputs are fetched, also with `only_execute_path_to_fetches`.)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.encoder.config import CheckedFile, EncoderConfig
from fathom_indexer.encoder.onnx_library import onnxruntime
from fathom_indexer.encoder.runtime import Ints
from fathom_indexer.errors import ModelError


class OnnxRuntime:
    """Opens each graph when it is first needed, after its hash was checked."""

    def __init__(self, config: EncoderConfig, folder: Path, threads: int) -> None:
        self._config = config
        self._folder = folder
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads or available_cores()
        self._options.inter_op_num_threads = 1
        self._options.log_severity_level = 3
        # Idle threads that spin would keep a laptop's cores busy between two batches.
        self._options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        _share_memory()
        self._options.add_session_config_entry("session.use_env_allocators", "1")
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}

    def run(self, ids: Ints, mask: Ints, exits: Sequence[int]) -> dict[int, Floats]:
        """See `Runtime.run`."""
        vectors: dict[int, Floats] = {}
        deepest = max(exits)
        state: Floats | None = None
        for segment in self._config.segments:
            if segment.last > deepest:
                break
            inputs = {"mask": mask, **({"ids": ids} if state is None else {"state": state})}
            names = [f"exit_{segment.last}"] * (segment.last in exits) + ["next_state"] * (segment.last < deepest)
            outputs = dict(zip(names, self._session(segment.file).run(names, inputs), strict=True))
            if segment.last in exits:
                vectors[segment.last] = np.asarray(outputs[f"exit_{segment.last}"], np.float32)
            state = outputs.get("next_state")
        return vectors

    def score(self, ids: Ints, mask: Ints) -> Floats:
        """See `Runtime.score`."""
        joint, static = self._config.joint, self._config.segments[0]
        if joint is None or static.last != 0:
            raise ModelError(f"{self._config.name} has no joint pass")
        tokens = self._session(static.file).run(["next_state"], {"ids": ids, "mask": mask})[0]
        return np.asarray(self._session(joint.file).run(["score"], {"state": tokens, "mask": mask})[0], np.float32)

    def _session(self, file: CheckedFile) -> onnxruntime.InferenceSession:
        session = self._sessions.get(file.name)
        if session is None:
            graph = file.read(self._folder)
            try:
                session = onnxruntime.InferenceSession(graph, self._options, providers=["CPUExecutionProvider"])
            except Exception as error:  # the library's own errors share no base class
                raise ModelError(f"ONNX Runtime cannot open {file.name}: {error}") from error
            self._sessions[file.name] = session
        return session


@cache
def _share_memory() -> None:
    """Have all graphs of this process compute in the same memory.

    Each graph keeps what its largest batch ever needed. Measured with the packaged model at both exits: 65 MB where
    they share it, 185 MB where each has its own, in the same time (none kept at all: 50 % more time).
    """
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(place, onnxruntime.OrtArenaCfg({"arena_extend_strategy": 0}))


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
