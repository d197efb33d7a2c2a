"""Rankings by cosine alone, for every exit and vector length of an encoder; exact search."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fathom_indexer.embedding_space import Floats, shorten
from fathom_indexer.encoder import Encoder, TextKind, query_text
from fathom_indexer.evaluation.retrieval_set import RetrievalSet

Rankings = dict[str, list[str]]
"""Document ids, best first, by query id."""

DEPTH = 100


def exit_rankings(retrieval_set: RetrievalSet, encoder: Encoder) -> Iterator[tuple[int, int, Rankings]]:
    """Layer, vector length and rankings of the whole set, for every pair of them in the model's configuration.

    Each text passes through the layers once.
    """
    exits = encoder.config.exits
    layers = [exit_.layer for exit_ in exits]
    queries = encoder.encode_exits([query.text for query in retrieval_set.queries], TextKind.QUERY, layers)
    texts = [query_text(document.text) for document in retrieval_set.documents]
    documents = encoder.encode_exits(texts, TextKind.CODE, layers)
    for exit_ in exits:
        for dim in exit_.dims:
            asked, found = shorten(queries[exit_.layer], dim), shorten(documents[exit_.layer], dim)
            yield exit_.layer, dim, dense_rankings(retrieval_set, asked, found)


def dense_rankings(retrieval_set: RetrievalSet, queries: Floats, documents: Floats) -> Rankings:
    """Documents by cosine, for each query of the set; rows are unit vectors in the set's order."""
    names = np.array([document.id for document in retrieval_set.documents])
    rankings: Rankings = {}
    for query, vector in zip(retrieval_set.queries, queries, strict=True):
        best = np.argsort(-(documents @ vector), kind="stable")[: DEPTH + 1]
        rankings[query.id] = [str(name) for name in names[best] if name != query.self_id]
    return rankings
