"""Validation of the joint pass: MRR of the deepest exit's order with and without its score."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from fathom_research.training.joint_trainer import JointTrainer
from fathom_research.training.passes import encode
from fathom_research.training.reading import Reading
from fathom_research.training.validation import validation_pairs

_RERANKED = 20
_VALIDATED = 300
_MIX = (0.0, 0.25, 0.5, 1.0, 2.0)
"""Weights of the joint score beside the cosine, both standardized over the candidates, that validation tries."""


def validate(trainer: JointTrainer, among: int = 0) -> dict[str, float]:
    """MRR of documentation among functions of packages that are not trained on, by weight of the joint score.

    `among` bounds how many functions there are beside the answers; 0 takes all.
    """
    pairs = validation_pairs(trainer.corpus, _VALIDATED)
    layer, tokens = trainer.run_config.exits[-1], trainer.run_config.micro_tokens
    every = np.unique(trainer.corpus.validation.code)
    if 0 < among < len(every):
        drawn = np.random.default_rng(trainer.config.seed).choice(every, among, replace=False)
        every = np.union1d(drawn, pairs.code)
    with torch.no_grad():
        asked, found = (
            encode(trainer.encoder, trainer.corpus, texts, (layer,), tokens)[layer] for texts in (pairs.query, every)
        )
        cosines, places = (asked @ found.T).topk(min(_RERANKED, len(every)), dim=1)
        codes = every[places.cpu().numpy()]
        width = codes.shape[1]
        joint = torch.cat(
            [
                trainer.scores(
                    np.repeat(pairs.query[row : row + 1], width),
                    codes[row],
                    (Reading.whole(width), Reading.whole(width)),
                )
                for row in range(len(pairs))
            ]
        ).view_as(cosines)
    is_own = torch.from_numpy(codes == pairs.code[:, None]).to(cosines.device)
    figures = {}
    for weight in _MIX:
        mixed = _standardized(cosines) + weight * _standardized(joint)
        own = torch.where(is_own, mixed, float("-inf")).max(1).values
        ranks = (mixed > own[:, None]).sum(1) + 1
        figures[f"cosine + {weight} joint"] = float(torch.where(is_own.any(1), 1 / ranks, 0).mean())
    return figures


def _standardized(scores: Tensor) -> Tensor:
    return (scores - scores.mean(1, keepdim=True)) / scores.std(1, keepdim=True).clamp(min=1e-6)
