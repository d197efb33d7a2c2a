"""The joint pass: the encoder reads the query together with each of the first functions, as far as time allows.

A cross-encoder (Nogueira and Cho 2019) over the best candidates of the vectors, which were made apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import pstdev

from fathom_indexer.encoder import Encoder, code_text
from fathom_indexer.search.time_budget import Clock, batches_within
from fathom_indexer.storage import IndexReader

READ = 20
"""Functions that are read together with the query, the best ones."""


def joint_scores(
    store: IndexReader,
    encoder: Encoder,
    query: str,
    ids: Sequence[int],
    seconds: float,
    clock: Clock = time.monotonic,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[int, float]:
    """The joint pass's scores of functions, the first ones first, until `seconds` are over."""
    stored = store.functions(ids)
    there = [function_id for function_id in ids if function_id in stored]
    scores: dict[int, float] = {}
    for batch in batches_within(seconds, there, clock, cancelled):
        texts = [code_text(stored[function_id].function, stored[function_id].path) for function_id in batch]
        # Rounded, so that copies of one function tie whatever they are read beside.
        scores.update(zip(batch, encoder.score(query, texts).round(4).tolist(), strict=True))
    return scores


def above_least(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores in standard deviations above the least one, so that what was not read, which counts as 0, stays behind.

    All 0 where scores do not differ.
    """
    if len(scores) < 2 or not (deviation := pstdev(scores.values())):
        return dict.fromkeys(scores, 0.0)
    least = min(scores.values())
    return {function_id: (score - least) / deviation for function_id, score in scores.items()}
