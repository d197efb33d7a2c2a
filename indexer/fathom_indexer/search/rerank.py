"""Vectors at the rerank exit: those that are there, and as many more as time allows."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.encoder import Encoder, TextKind, code_text
from fathom_indexer.errors import IndexStoreError
from fathom_indexer.search.time_budget import Clock, batches_within
from fathom_indexer.storage import IndexReader

logger = logging.getLogger(__name__)


def make_missing(
    store: IndexReader,
    encoder: Encoder,
    layer: int,
    missing: Sequence[int],
    seconds: float,
    clock: Clock = time.monotonic,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[int, Floats]:
    """Embed functions at an exit, the first ones first, until `seconds` are over; keep and return what was made."""
    made: dict[int, Floats] = {}
    for batch in batches_within(seconds, missing, clock, cancelled):
        made.update(_embed(store, encoder, layer, batch))
    if made:
        _keep(store, encoder.config.model_id, layer, made)
    return made


def cosines(ids: Sequence[int], vectors: Mapping[int, Floats], query: Floats) -> dict[int, float]:
    """The cosine of each function's unit vector with `query` `[dim]`; functions without one are left out."""
    known = [function_id for function_id in ids if function_id in vectors]
    if not known:
        return {}
    # Rounded, so that copies of one function tie wherever their vectors lie in memory.
    values = np.round(np.stack([vectors[function_id] for function_id in known]) @ query, 6)
    return dict(zip(known, values.tolist(), strict=True))


def estimate_missing(ids: Sequence[int], known: Mapping[int, float], hints: Mapping[int, float]) -> dict[int, float]:
    """Values for all `ids`: the known ones, and guesses for the others.

    A guess is the function's hint, moved by how much known values lie above their hints on average; without a hint, the
    median of all others: nothing speaks for the function or against it.
    """
    both = [known[function_id] - hints[function_id] for function_id in known if function_id in hints]
    shift = sum(both) / len(both) if both else 0.0
    hinted = {function_id: hints[function_id] + shift for function_id in ids if function_id in hints}
    others = {**hinted, **known}
    middle = median(others.values()) if others else 0.0
    return {
        function_id: known[function_id] if function_id in known else hinted.get(function_id, middle)
        for function_id in ids
    }


def _embed(store: IndexReader, encoder: Encoder, layer: int, ids: Sequence[int]) -> Iterator[tuple[int, Floats]]:
    stored = store.functions(ids)
    there = [function_id for function_id in ids if function_id in stored]
    texts = [code_text(stored[function_id].function, stored[function_id].path) for function_id in there]
    # As exact as the store keeps them, so that the next search gives the same scores.
    vectors = encoder.encode(texts, TextKind.CODE, layer).astype(np.float16).astype(np.float32)
    return zip(there, vectors, strict=True)


def _keep(store: IndexReader, model: str, layer: int, made: Mapping[int, Floats]) -> None:
    keys = store.text_keys(list(made))
    kept = [function_id for function_id in made if function_id in keys]
    try:
        vectors = np.stack([made[function_id] for function_id in kept])
        store.put_vectors(model, layer, [keys[function_id] for function_id in kept], vectors)
    except IndexStoreError as error:
        # The answer does not need them kept.
        logger.warning("vectors made for a search were not kept: %s", error)
