"""Runs a search: candidates, fusion, deep order, and the lookup of what is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from fathom_indexer.encoder import Encoder, TextKind, code_text
from fathom_indexer.encoder.encoder import shorten
from fathom_indexer.search.filters import allowed_ids, check_filters
from fathom_indexer.search.ranking import Floats, Pipeline, Ranked, blend, fuse, rerank, without
from fathom_indexer.search.snippet import snippet
from fathom_indexer.storage import Store
from fathom_indexer.types import Filters, Hit
from fathom_indexer.vectors import VectorIndex

log = logging.getLogger(__name__)

CANDIDATES = 50
"""How many functions each leg proposes, at least."""

EMBED_AT_SEARCH = 16
"""Candidates whose deep vector is missing are embedded during the search, but no more than these."""

WORDS_IN_SEARCH = 0.1
WORDS_IN_SIMILAR = 0.1
"""Weight of the BM25 score beside the deep cosine in the final order, the best BM25 score counting as 1."""


class Searcher:
    """Searches one store. `encoder` and `vectors` are called when they are first needed."""

    def __init__(
        self,
        store: Store,
        encoder: Callable[[], Encoder],
        vectors: Callable[[], VectorIndex],
        index_exit: int,
        rerank_exit: int,
        dim: int | None,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._vectors = vectors
        self._index_exit = index_exit
        self._rerank_exit = rerank_exit
        self._dim = dim

    def search(
        self,
        query: str,
        limit: int,
        filters: Filters,
        languages: Sequence[str],
        pipeline: Pipeline = Pipeline.HYBRID,
    ) -> list[Hit]:
        """Functions that answer a question in words, best first. Raises `QueryError` for filters that mean nothing."""
        allowed = self._allowed(filters, languages)
        return self._hits(self.rank(query, limit, allowed, pipeline, WORDS_IN_SEARCH)[:limit])

    def similar(
        self,
        code: str,
        limit: int,
        filters: Filters,
        languages: Sequence[str],
        exclude: Sequence[int] = (),
        pipeline: Pipeline = Pipeline.HYBRID,
    ) -> list[Hit]:
        """Functions that resemble a piece of code, best first, without the ids in `exclude`."""
        allowed = self._allowed(filters, languages)
        ranked = self.rank(code, limit + len(exclude), allowed, pipeline, WORDS_IN_SIMILAR)
        return self._hits(without(ranked, exclude)[:limit])

    def rank(
        self, query: str, limit: int, allowed: frozenset[int] | None, pipeline: Pipeline, words_weight: float
    ) -> Ranked:
        """Ids and scores for a query of words or code; up to `limit` or as many as the legs propose."""
        wanted = max(CANDIDATES, limit)
        lexical: Ranked = []
        if pipeline is not Pipeline.DENSE:
            lexical = self._store.matching_words(query, wanted, allowed)
        if pipeline is Pipeline.LEXICAL or not query.strip():
            return lexical
        exits = sorted({self._index_exit, self._rerank_exit})
        encoded = self._encoder().encode_exits([query], TextKind.QUERY, exits)
        shallow = shorten(encoded[self._index_exit], self._dim)[0]
        dense = self._vectors().search(shallow, wanted, allowed)
        candidates = fuse(lexical, dense) if pipeline is Pipeline.HYBRID else dense
        deep = encoded[self._rerank_exit][0]
        ranked = rerank(candidates, deep, self._deep_vectors([function_id for function_id, _ in candidates]))
        return blend(ranked, lexical, words_weight)

    def _deep_vectors(self, ids: Sequence[int]) -> dict[int, Floats]:
        """Vectors at the rerank exit; the first ones that are missing are made now and kept."""
        encoder = self._encoder()
        model = encoder.config.model_id
        vectors = self._store.vectors_of(model, self._rerank_exit, ids)
        missing = [function_id for function_id in ids if function_id not in vectors][:EMBED_AT_SEARCH]
        if missing:
            stored = self._store.functions(missing)
            functions = [stored[function_id].function for function_id in missing if function_id in stored]
            made = encoder.encode([code_text(function) for function in functions], TextKind.CODE, self._rerank_exit)
            keys = self._store.text_keys([function_id for function_id in missing if function_id in stored])
            self._store.put_vectors(model, self._rerank_exit, keys, made)
            vectors.update(zip((function_id for function_id in missing if function_id in stored), made, strict=True))
        return vectors

    def _allowed(self, filters: Filters, languages: Sequence[str]) -> frozenset[int] | None:
        if not filters:
            return None
        check_filters(filters, languages)
        return allowed_ids(self._store.labels(), filters)

    def _hits(self, ranked: Ranked) -> list[Hit]:
        stored = self._store.functions([function_id for function_id, _ in ranked])
        return [
            Hit(stored[function_id].path, stored[function_id].function, score, snippet(stored[function_id].function))
            for function_id, score in ranked
            if function_id in stored
        ]
