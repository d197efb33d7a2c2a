"""Runs a search: candidates, fusion, deep order, and the lookup of what is shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from fathom_indexer.encoder import Encoder, TextKind, code_text
from fathom_indexer.encoder.encoder import shorten
from fathom_indexer.search.filters import allowed_ids, check_filters
from fathom_indexer.search.ranking import Floats, Pipeline, Ranked, add_scores, fuse, rerank
from fathom_indexer.search.snippet import snippet
from fathom_indexer.storage import Store, StoredFunction
from fathom_indexer.types import Filters, Function, Hit
from fathom_indexer.vectors import VectorIndex

log = logging.getLogger(__name__)

CANDIDATES = 50
"""How many functions each leg proposes, at least."""

EMBED_AT_SEARCH = 16
"""Candidates whose deep vector is missing are embedded during the search, but no more than these."""

WORDS_WEIGHT = 0.006
"""What one point of BM25 adds to the deep cosine in the final order.

Measured on the nine natural-language sets of the development data, mean MRR@10: cosine alone .610, 0.003 .631, 0.006
.638, 0.01 .641, 0.015 .635; from 0.01 on, the web questions and the anonymized tasks lose. Scores are added as they
are: dividing by the best one (.635) gives weight to matches that are all weak, and fusing ranks loses.
"""

WORDS_WEIGHT_FOR_CODE = 0.02
"""The same where the query is code. On code to code across languages (NDCG@10): cosine alone .122, 0.006 .208, 0.01
.220, 0.02 .229, 0.03 .232, 0.1 .231: the packaged encoder, not trained on code, is the weaker judge there. Within a
language it is the better one, so the smaller of the good weights.
"""

_OVERLAPPING = 20
"""More hits than wanted are ranked, so that enough are left when those around a function are taken out."""


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
        return self._hits(self.rank(query, limit, allowed, pipeline)[:limit])

    def similar(self, code: str, limit: int, filters: Filters, languages: Sequence[str]) -> list[Hit]:
        """Functions that resemble a piece of code, best first. Raises `QueryError` for filters that mean nothing."""
        allowed = self._allowed(filters, languages)
        return self._hits(self.rank(code, limit, allowed, code=True)[:limit])

    def similar_function(
        self, stored: StoredFunction, limit: int, filters: Filters, languages: Sequence[str]
    ) -> list[Hit]:
        """As `similar`, for a function of the index, which itself and what encloses or is inside it are left out."""
        allowed = self._allowed(filters, languages)
        ranked = self.rank(code_text(stored.function, stored.path), limit + _OVERLAPPING, allowed, code=True)
        hits = self._hits(ranked[: limit + _OVERLAPPING])
        return [hit for hit in hits if hit.path != stored.path or not _overlap(hit.function, stored.function)][:limit]

    def rank(
        self,
        query: str,
        limit: int,
        allowed: frozenset[int] | None = None,
        pipeline: Pipeline = Pipeline.HYBRID,
        code: bool = False,
    ) -> Ranked:
        """Ids and scores for a query of words, or of code; at least `limit` of them if there are as many."""
        wanted = max(CANDIDATES, limit)
        lexical: Ranked = []
        if pipeline is not Pipeline.DENSE:
            lexical = self._store.matching_words(query, wanted, allowed, code)
        if pipeline is Pipeline.LEXICAL or not query.strip():
            return lexical
        exits = sorted({self._index_exit, self._rerank_exit})
        encoded = self._encoder().encode_exits([query], TextKind.QUERY, exits)
        shallow = shorten(encoded[self._index_exit], self._dim)[0]
        dense = self._vectors().search(shallow, wanted, allowed)
        if pipeline is Pipeline.DENSE:
            return dense
        candidates = fuse(lexical, dense)
        deep = encoded[self._rerank_exit][0]
        ranked = rerank(candidates, deep, self._deep_vectors([function_id for function_id, _ in candidates]))
        return add_scores(ranked, lexical, WORDS_WEIGHT_FOR_CODE if code else WORDS_WEIGHT)

    def _deep_vectors(self, ids: Sequence[int]) -> dict[int, Floats]:
        """Vectors at the rerank exit; the first ones that are missing are made now and kept."""
        encoder = self._encoder()
        model = encoder.config.model_id
        vectors = self._store.vectors_of(model, self._rerank_exit, ids)
        missing = [function_id for function_id in ids if function_id not in vectors][:EMBED_AT_SEARCH]
        stored = self._store.functions(missing)
        if stored:
            texts = [code_text(found.function, found.path) for found in stored.values()]
            made = encoder.encode(texts, TextKind.CODE, self._rerank_exit)
            keys = self._store.text_keys(list(stored))
            self._store.put_vectors(model, self._rerank_exit, [keys[function_id] for function_id in stored], made)
            vectors.update(zip(stored, made, strict=True))
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


def _overlap(one: Function, other: Function) -> bool:
    return one.start_byte < other.end_byte and other.start_byte < one.end_byte
