"""The losses: InfoNCE (van den Oord et al. 2018), distillation of similarities, alignment of vectors.

Vectors are unit vectors `[batch, hidden]`; row i of both sides is pair i.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from fathom_research.training.run_config import RunConfig

Vectors = Mapping[int, Tensor]


def contrast(
    queries: Tensor, codes: Tensor, temperature: float, masked: Tensor | None = None, weights: Tensor | None = None
) -> Tensor:
    """Symmetric InfoNCE (van den Oord et al. 2018): each side must find its own among the other's.

    `queries` [batch, hidden]; `codes` [batch + more, hidden], of which the first are the queries' own and the others
    are negatives for queries alone. `masked` [batch, batch + more] are no negatives. `weights` [batch] say how much
    each pair counts, 1 for all by default.
    """
    scores = queries @ codes.T / temperature
    if masked is not None:
        scores = scores.masked_fill(masked, float("-inf"))
    own = torch.arange(len(scores), device=scores.device)
    each = [functional.cross_entropy(way, own, reduction="none") for way in (scores, scores[:, : len(scores)].T)]
    loss = (each[0] + each[1]) / 2
    return (loss if weights is None else loss * weights).mean()


def divergence(student: Tensor, target: Tensor, temperature: float, rows: Tensor) -> Tensor:
    """KL from the target's in-batch distribution of similarities to the student's, both directions, over `rows`.

    `student` and `target` are cosines [batch, batch + more], the last of codes that are no pair's own; `rows` [batch]
    is true for the pairs that count.
    """
    count = len(student)
    one_way = [
        functional.kl_div(
            functional.log_softmax(ours / temperature, dim=-1),
            functional.log_softmax(theirs / temperature, dim=-1),
            reduction="none",
            log_target=True,
        ).sum(-1)
        for ours, theirs in ((student, target), (student[:, :count].T, target[:, :count].T))
    ]
    return _mean_over(rows, (one_way[0] + one_way[1]) / 2)


def misalignment(vectors: Tensor, target: Tensor, rows: Tensor) -> Tensor:
    """One minus the mean cosine with the target's vectors, over `rows`."""
    return _mean_over(rows, 1 - (vectors * target).sum(-1))


def _mean_over(rows: Tensor, values: Tensor) -> Tensor:
    """The mean of the `values` of these rows, 0 without any; the processor need not wait for the device to know."""
    return torch.where(rows, values, 0).sum() / rows.sum().clamp(min=1)


def shortened(vectors: Tensor, dim: int) -> Tensor:
    """The first `dim` features at unit length."""
    return vectors if dim == vectors.shape[-1] else functional.normalize(vectors[:, :dim], dim=-1)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a batch's pairs, at each exit. `codes` may be more than the pairs' own, which come first."""

    queries: Vectors
    codes: Vectors


class Objective:
    """The weighted sum of a run's losses. `last_layer` is the base's: its exit is anchored, the others are shallow."""

    def __init__(self, config: RunConfig, last_layer: int) -> None:
        self._config = config
        self._last_layer = last_layer

    def __call__(
        self, sides: Sides, teacher: tuple[Tensor, Tensor], masked: Tensor, followed: Tensor, deep_weights: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and each exit's parts for the log.

        `teacher` are the base's vectors of queries and codes, `masked` [batch, codes] the false negatives, `followed`
        [batch] the pairs on which the teacher is worth following, `deep_weights` [batch] what each pair counts in the
        deepest exit's contrast.
        """
        config = self._config
        negatives = masked if config.mask_duplicates else None
        parts: dict[str, Tensor] = {}
        total = teacher[0].new_zeros(())
        for layer in config.exits:
            queries, codes = sides.queries[layer], sides.codes[layer]
            is_deep = layer == self._last_layer
            weights = {
                "contrast": float(bool(config.deep_contrast)) if is_deep else config.contrast,
                "distillation": 0.0 if is_deep else config.distillation,
                "alignment": config.anchor if is_deep else config.alignment,
            }
            # The deepest exit is a good target for all kinds of pairs, the base for some.
            rows = followed if is_deep or config.target == "teacher" else torch.ones_like(followed)
            losses: dict[str, Tensor] = {}
            pairs = [(shortened(queries, dim), shortened(codes, dim)) for dim in config.dims]
            if weights["contrast"]:
                counts = deep_weights if is_deep else None
                each = [contrast(*pair, config.temperature, negatives, counts) for pair in pairs]
                losses["contrast"] = torch.stack(each).mean()
            target = teacher if is_deep else self._target(layer, sides, teacher)
            if weights["distillation"] and target is not None:
                cosines = target[0] @ target[1].T
                each = [divergence(q @ c.T, cosines, config.temperature, rows) for q, c in pairs]
                losses["distillation"] = torch.stack(each).mean()
            if weights["alignment"]:
                own, towards = len(queries), target or teacher
                each = [
                    misalignment(ours[:own], its[:own], rows)
                    for ours, its in zip((queries, codes), towards, strict=True)
                ]
                losses["alignment"] = torch.stack(each).mean()
            share = layer_weight(config, layer)
            for name, loss in losses.items():
                total = total + share * weights[name] * loss
                parts[f"{name}_{layer}"] = loss.detach()
        return total, parts

    def _target(self, layer: int, sides: Sides, teacher: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor] | None:
        """The vectors of both sides that this exit learns from; None for an exit that has none deeper."""
        if self._config.target == "teacher":
            return teacher
        deeper: Sequence[int] = [other for other in self._config.exits if other > layer]
        if not deeper:
            return None
        source = deeper[-1] if self._config.target == "deepest" else deeper[0]
        return sides.queries[source].detach(), sides.codes[source].detach()


def layer_weight(config: RunConfig, layer: int) -> float:
    """An exit's share in the loss. The static exit counts as half a layer where depth counts."""
    return 1.0 if config.exit_weights == "uniform" else max(layer, 0.5) / max(config.exits)
