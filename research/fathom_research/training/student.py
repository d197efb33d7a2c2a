"""The model that is trained, made from a base, and the frozen base beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor

from fathom_indexer.encoder.config import EncoderConfig, Exit
from fathom_indexer.encoder.modules import MultiExitEncoder
from fathom_indexer.errors import ModelError
from fathom_research.training.batches import micro_batches
from fathom_research.training.corpus import Corpus, Ints
from fathom_research.training.negatives import all_vectors
from fathom_research.training.passes import ids_and_mask, precision
from fathom_research.training.run_config import RunConfig
from fathom_research.training.space import ridge

_TOKENS_AT_ONCE = 8192
_TEXTS_FOR_SCORES = 700

SMOOTHING = 1e-3
"""The constant of smooth inverse frequency (Arora, Liang and Ma 2017): a token's weight is `a / (a + frequency)`."""


def student_config(base: EncoderConfig, config: RunConfig) -> EncoderConfig:
    """The base with the run's exits, and without what lies above the last of them. Raises `ModelError` for others."""
    if config.exits[-1] > base.layers:
        raise ModelError(f"{base.name} has {base.layers} layers, the run wants an exit after {config.exits[-1]}")
    if config.dims[0] != base.hidden:
        raise ModelError(f"{base.name} has vectors of {base.hidden}, the run's longest are of {config.dims[0]}")
    longest = max(config.code_tokens, config.query_tokens)
    if longest > (max_tokens := min(base.max_tokens, config.max_tokens)):
        raise ModelError(f"the model reads {max_tokens} tokens, the run wants {longest}")
    exits = tuple(_exit(layer, layer == base.layers, config) for layer in config.exits)
    deepest = config.exits[-1]
    return replace(
        base,
        layers=deepest,
        exits=exits,
        index_exit=deepest,
        rerank_exit=deepest,
        index_dim=config.dims[0],
        max_tokens=max_tokens,
    )


def is_trained(base: EncoderConfig) -> bool:
    """Whether a model has exits of its own, so that a run from it is a warm start."""
    return any(exit_.head for exit_ in base.exits)


def require_same_exits(base: EncoderConfig, student: EncoderConfig) -> None:
    """Raise `ModelError` unless a trained base has all exits of the student, with the same parts and lengths."""
    for exit_ in student.exits:
        if not any(
            (exit_.layer, exit_.head, exit_.pooling) == (own.layer, own.head, own.pooling)
            and set(exit_.dims) <= set(own.dims)
            for own in base.exits
        ):
            raise ModelError(
                f"{base.name} is trained already, and a run that starts from it keeps its exits: it has none at layer "
                f"{exit_.layer} with head {exit_.head}, pooling {exit_.pooling} and dimensions {exit_.dims}"
            )


def _exit(layer: int, is_last: bool, config: RunConfig) -> Exit:
    head = config.heads and (config.space == "turned" or not is_last)
    return Exit(layer, config.dims, head, "mean" if is_last or layer == 0 else config.pooling)


def base_model(folder: Path, base: EncoderConfig) -> MultiExitEncoder:
    """The base with its own weights, in 32-bit floats. Raises `ModelError` when there are none or they do not fit."""
    model = MultiExitEncoder(base)
    weights = {
        name: tensor for name, tensor in load(base.read_weights(folder)).items() if name.partition(".")[0] != "joint"
    }
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        raise ModelError(f"the weights in {folder} do not fit its config.json: {error}") from error
    return model


def new_student(base: MultiExitEncoder, config: EncoderConfig, counts: Ints) -> MultiExitEncoder:
    """The base's layers, heads and scores that change nothing yet, token weights from how often each token occurs.

    Heads, scores and token weights that the base has are kept. `counts` [vocabulary] are occurrences in the texts to be
    trained on.
    """
    student = MultiExitEncoder(config)
    wanted = student.state_dict()
    given = {name: tensor for name, tensor in base.state_dict().items() if name in wanted}
    given["positions.weight"] = given["positions.weight"][: config.max_tokens]
    for layer in student.heads:
        given.setdefault(f"heads.{layer}.weight", torch.eye(config.hidden))
        given.setdefault(f"heads.{layer}.bias", torch.zeros(config.hidden))
    for layer in student.scores:
        given.setdefault(f"scores.{layer}.weight", torch.zeros(1, config.hidden))
    if "token_logits" in wanted:
        given.setdefault("token_logits", inverse_frequency(counts))
    student.load_state_dict(given)
    return student


def inverse_frequency(counts: Ints) -> Tensor:
    """The logarithm of each token's smooth inverse frequency, [vocabulary], from how often it occurs."""
    frequencies = torch.from_numpy(counts / max(counts.sum(), 1)).float()
    return torch.log(SMOOTHING / (SMOOTHING + frequencies))


def fit_exits(
    student: MultiExitEncoder, layers: Sequence[int], corpus: Corpus, texts: Ints, targets: Tensor, weights: Tensor
) -> None:
    """Start the exits at `layers` where a linear map can take them: heads that come nearest to `targets`.

    `targets` are [texts, hidden]. Scores start from what the state after the layer says of the token's weight, which
    `weights` [vocabulary] are the logarithms of. Without any training this makes exits of layers whose bare means are
    of little use.
    """
    student.eval()
    device = student.tokens.weight.device
    targets, weights = targets.to(device), weights.to(device)
    with torch.no_grad():
        _fit_scores(student, corpus, texts[:: max(1, len(texts) // _TEXTS_FOR_SCORES)], weights)
        pieces: dict[int, list[Tensor]] = {layer: [] for layer in layers}
        order: list[Ints] = []
        for places, ids, mask in micro_batches(corpus, texts, _TOKENS_AT_ONCE):
            order.append(places)
            for layer, pooled in student.pooled(*ids_and_mask(ids, mask, device), layers).items():
                pieces[layer].append(pooled)
        wanted = targets[torch.from_numpy(np.concatenate(order)).to(device)]
        for layer, pooled_texts in pieces.items():
            _set(student.heads[str(layer)], *ridge(torch.cat(pooled_texts), wanted))


def _fit_scores(student: MultiExitEncoder, corpus: Corpus, texts: Ints, weights: Tensor) -> None:
    layers = [int(layer) for layer in student.scores]
    if not layers:
        return
    states: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    said: list[Tensor] = []
    for _, ids, mask in micro_batches(corpus, texts, _TOKENS_AT_ONCE):
        batch = ids_and_mask(ids, mask, weights.device)
        there = batch[1] > 0
        said.append(weights[batch[0][there]])
        for layer, state in student.states(*batch, layers).items():
            states[layer].append(state[there])
    for layer, tokens in states.items():
        weight, _ = ridge(torch.cat(tokens), torch.cat(said).unsqueeze(-1))
        _set(student.scores[str(layer)], weight)


def _set(linear: torch.nn.Module, weight: Tensor, bias: Tensor | None = None) -> None:
    linear.load_state_dict({"weight": weight} if bias is None else {"weight": weight, "bias": bias})


def rate_groups(student: MultiExitEncoder, config: RunConfig) -> list[tuple[float, dict[str, Tensor]]]:
    """Parameters by name, grouped by their step size relative to the learning rate."""
    groups: dict[float, dict[str, Tensor]] = {}
    for name, parameter in student.named_parameters():
        groups.setdefault(_rate(name, config), {})[name] = parameter
    return sorted(groups.items())


def _rate(name: str, config: RunConfig) -> float:
    room, _, rest = name.partition(".")
    if room == "layers":
        number = int(rest.partition(".")[0])
        return config.layer_rates[min(number, len(config.layer_rates) - 1)]
    rates = {"heads": config.head_rate, "scores": config.head_rate, "token_logits": config.token_weight_rate}
    return rates.get(room, config.embedding_rate)


class Teacher:
    """The frozen base's vectors at its last layer. Computed vectors are kept on disk in 16-bit floats."""

    def __init__(self, model: MultiExitEncoder, layer: int, corpus: Corpus, name: str, tokens: int) -> None:
        self.model = model.eval().requires_grad_(False)
        self.layer = layer
        self._corpus = corpus
        self._tokens = tokens
        path = corpus.folder / f"teacher-{name}.npy"
        shape = (len(corpus), model.tokens.embedding_dim)
        # A new file is all zeros and, on most systems, takes no room for rows not written yet.
        self._kept: NDArray[np.float16] = (
            np.load(path, mmap_mode="r+")
            if path.exists()
            else np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
        )

    def all_vectors(self) -> Tensor:
        """Those of every text, [texts, hidden] in 16-bit floats on the model's device, and kept from now on."""
        vectors = all_vectors(self.model, self._corpus, self.layer, self._tokens)
        self._kept[:] = vectors.cpu().numpy()
        return vectors

    def vectors(self, texts: Ints) -> Tensor:
        """Unit vectors [texts, hidden] in 32-bit floats."""
        rows = np.asarray(self._kept[texts], np.float32)
        # A row that was never written, or only half when the process was killed, has not the length of a vector.
        missing = np.flatnonzero(np.abs(np.linalg.norm(rows, axis=1) - 1) > 1e-2)
        if len(missing):
            # Rounded now as well, so that a run that goes on sees what it would have seen.
            self._kept[texts[missing]] = self._computed(texts[missing])
            rows[missing] = self._kept[texts[missing]]
        return torch.nn.functional.normalize(torch.from_numpy(rows), dim=-1)

    def _computed(self, texts: Ints) -> NDArray[np.float32]:
        device = self.model.tokens.weight.device
        vectors = np.empty((len(texts), self.model.tokens.embedding_dim), np.float32)
        with torch.inference_mode(), precision(device):
            for places, ids, mask in micro_batches(self._corpus, texts, self._tokens):
                batch = self.model(*ids_and_mask(ids, mask, device), (self.layer,))[self.layer]
                vectors[places] = batch.float().cpu().numpy()
        return vectors
