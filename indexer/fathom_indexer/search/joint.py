"""The joint pass: the query read together with the functions that came first, as far as time allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, pstdev

from fathom_indexer.encoder import Encoder, code_text
from fathom_indexer.search.deep import Clock
from fathom_indexer.storage import Readable

READ = 20
"""Functions that are read together with the query, the best ones."""

_BATCH = 4
"""Functions read between two looks at the clock."""


def joint_scores(
    store: Readable,
    encoder: Encoder,
    query: str,
    ids: Sequence[int],
    seconds: float,
    clock: Clock = time.monotonic,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[int, float]:
    """The joint pass's scores of functions, the first ones first, until `seconds` are over.

    A batch that would probably not be done in time is not begun, nor is one once the search is cancelled.
    """
    stored = store.functions(ids)
    there = [function_id for function_id in ids if function_id in stored]
    scores: dict[int, float] = {}
    start, longest = clock(), 0.0
    for batch in (there[first : first + _BATCH] for first in range(0, len(there), _BATCH)):
        begun = clock()
        if begun - start + longest >= seconds or cancelled():
            break
        texts = [code_text(stored[function_id].function, stored[function_id].path) for function_id in batch]
        # Rounded, so that copies of one function tie whatever they are read beside.
        scores.update(zip(batch, encoder.score(query, texts).round(4).tolist(), strict=True))
        longest = max(longest, clock() - begun)
    return scores


def standardized(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores with mean 0 and standard deviation 1; all 0 where they do not differ. What was not read counts as 0."""
    if len(scores) < 2 or not (deviation := pstdev(scores.values())):
        return dict.fromkeys(scores, 0.0)
    mean = fmean(scores.values())
    return {function_id: (score - mean) / deviation for function_id, score in scores.items()}
