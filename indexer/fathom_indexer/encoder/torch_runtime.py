"""The encoder on PyTorch, from the 16-bit weights of a model folder; needs the `torch` extra.

The packaged folder has none: `fathom_research.training.weights` makes a folder that has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.runtime import Ints
from fathom_indexer.errors import ModelError

try:
    import torch
    from safetensors.torch import load as load_safetensors

    from fathom_indexer.encoder.modules import JointScorer, MultiExitEncoder
except ImportError as error:
    raise ModelError(f"the torch runtime needs PyTorch: pip install 'fathom-lsp[torch]' ({error})") from error


_JOINT = "joint."
"""Prefix of the joint pass's weights in a model's file."""


class TorchRuntime:
    """Runs `MultiExitEncoder` on the CPU in 32-bit floats."""

    def __init__(self, config: EncoderConfig, folder: Path, threads: int) -> None:
        if threads:
            torch.set_num_threads(threads)
        self._model = MultiExitEncoder(config)
        weights = load_safetensors(config.read_weights(folder))
        exits = {name: tensor.float() for name, tensor in weights.items() if not name.startswith(_JOINT)}
        try:
            self._model.load_state_dict(exits)
            if config.joint:
                self._scorer = JointScorer(config, config.joint.max_tokens)
                self._scorer.load_state_dict(
                    {name.removeprefix(_JOINT): tensor.float() for name, tensor in weights.items() if name not in exits}
                )
                self._scorer.eval()
        except RuntimeError as error:
            raise ModelError(f"the weights in {folder} do not fit its config.json: {error}") from error
        self._model.eval()

    def run(self, ids: Ints, mask: Ints, exits: Sequence[int]) -> dict[int, Floats]:
        """See `Runtime.run`."""
        with torch.inference_mode():
            vectors = self._model(torch.from_numpy(ids), torch.from_numpy(mask), exits)
        return {layer: np.asarray(tensor.numpy(), np.float32) for layer, tensor in vectors.items()}

    def score(self, ids: Ints, mask: Ints) -> Floats:
        """See `Runtime.score`."""
        with torch.inference_mode():
            scores = self._scorer(self._model.tokens(torch.from_numpy(ids)), torch.from_numpy(mask))
        return np.asarray(scores.numpy(), np.float32)
