"""Runs a search: query -> candidates -> first order -> order by the rerank exit -> results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from fathom_indexer.encoder import Encoder, TextKind, code_text
from fathom_indexer.encoder.encoder import shorten
from fathom_indexer.search.candidates import (
    WordCandidates,
    centred_cosines,
    named_candidates,
    nearest_candidates,
    shortened,
    structure_values,
)
from fathom_indexer.search.copies import same_build, same_text
from fathom_indexer.search.filters import check_filters, path_filter
from fathom_indexer.search.history import history_candidates, history_matches, history_values
from fathom_indexer.search.language_means import Floats, LanguageMeans
from fathom_indexer.search.query import Query, QueryKind, understand, understand_code
from fathom_indexer.search.ranking import Candidates, Ranking, order
from fathom_indexer.search.rerank import Clock, make_missing
from fathom_indexer.search.results import OVERLAPPING, results
from fathom_indexer.search.signals import RankedIds
from fathom_indexer.search.steps import ALL_STEPS, Step, Steps
from fathom_indexer.search.weights import DEFAULT_WEIGHTS, Weights
from fathom_indexer.storage import Readable, StoredFunction
from fathom_indexer.types import Filters, SearchResult
from fathom_indexer.vectors import VectorIndex

CANDIDATES = 100
"""How many functions each source of candidates proposes, at least."""


class Searcher:
    """Searches one store. `encoder` and `vectors` are called when they are first needed.

    `rerank_seconds` says how long a search may make vectors of the rerank exit that are missing. `cancelled` is asked
    before every costly step, and between batches of them: when it is true, what is known by then is the answer. `gone`
    says of the path of a hit whether there is no such file any more: it is left out then.
    """

    def __init__(
        self,
        store: Readable,
        encoder: Callable[[], Encoder],
        vectors: Callable[[], VectorIndex],
        index_exit: int,
        rerank_exit: int,
        dim: int | None,
        rerank_seconds: Callable[[], float] = lambda: 0.15,
        clock: Clock = time.monotonic,
        cancelled: Callable[[], bool] = lambda: False,
        gone: Callable[[str], bool] = lambda path: False,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._vectors = vectors
        self._index_exit = index_exit
        self._rerank_exit = rerank_exit
        self._dim = dim
        self._rerank_seconds = rerank_seconds
        self._clock = clock
        self._cancelled = cancelled
        self._gone = gone
        self._languages = LanguageMeans(store, self._model_id)

    def search(
        self,
        query: str,
        limit: int,
        filters: Filters,
        languages: Sequence[str],
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> Iterator[SearchResult]:
        """Functions that answer a query, best first: the first order at once, then the final one if it may differ.

        Raises `QueryError` for filters that mean nothing.
        """
        allowed = self._allowed(filters, languages)
        fold = same_text if Step.COPIES in steps else None
        for ranking in self.rank(understand(query), limit, allowed, steps, weights):
            yield results(self._store, ranking, limit, fold, self._gone)

    def similar(self, code: str, limit: int, filters: Filters, languages: Sequence[str]) -> Iterator[SearchResult]:
        """Functions that resemble a piece of code, in the orders of `search`.

        Raises `QueryError` for filters that mean nothing.
        """
        allowed = self._allowed(filters, languages)
        for ranking in self.rank(understand_code(code), limit, allowed):
            yield results(self._store, ranking, limit, same_build, self._gone)

    def similar_function(
        self, stored: StoredFunction, limit: int, filters: Filters, languages: Sequence[str]
    ) -> Iterator[SearchResult]:
        """As `similar`, for a function of the index, which itself and what encloses or is inside it are left out."""
        allowed = self._allowed(filters, languages)
        query = understand_code(code_text(stored.function, stored.path))
        for ranking in self.rank(query, limit + OVERLAPPING, allowed, language=stored.function.language):
            yield results(self._store, ranking, limit, same_build, self._gone, compared=stored)

    def rank(
        self,
        query: Query,
        limit: int,
        allowed: frozenset[int] | None = None,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
        language: str = "",
    ) -> Iterator[Ranking]:
        """The candidates for a query in their first order, then in the final one if the rerank exit has a say.

        At least `limit` of them if there are as many. `language` is that of a query of code, empty if not known.
        """
        if query.kind is QueryKind.EMPTY:
            yield Ranking([], (), 0, True)
            return
        wanted = max(CANDIDATES, limit)
        by_words = WordCandidates(self._store, query, steps)
        words = by_words.best(wanted, allowed)
        if self._cancelled():
            yield Ranking([], (), 0, False)
            return
        named = named_candidates(self._store, query, wanted, allowed) if Step.SYMBOLS in steps else []
        matches = history_matches(self._store, query, steps)
        encoded = self._encode(query, steps)
        means: Mapping[str, Floats] = {}
        nearest: RankedIds = []
        if encoded:
            means = self._means(query, steps, self._index_exit, self._dim)
            target = shorten(encoded[self._index_exit], self._dim)
            nearest = nearest_candidates(self._vectors, target, wanted, allowed, language, means, self._languages)
        remembered = history_candidates(matches, wanted, allowed)
        ids = list(
            dict.fromkeys([*(item for item, _ in words[:wanted]), *named, *(item for item, _ in nearest), *remembered])
        )
        summaries = self._store.outlines(ids)
        ids = [function_id for function_id in ids if function_id in summaries]
        shallow: Mapping[int, float] = {}
        vectors: Mapping[int, Floats] = {}
        if encoded:
            vectors = self._store.vectors_of(self._model_id(), self._index_exit, ids)
            shallow = centred_cosines(summaries, shortened(vectors, self._dim), target, language, means)
        alike = structure_values(self._store, query, ids) if Step.STRUCTURE in steps else {}
        history = history_values(query, matches, summaries)
        candidates = Candidates(query, summaries, by_words.values(dict(words), ids), shallow, alike, history)
        if not ids or not {Step.DEEP, Step.VECTORS} <= steps:
            yield Ranking(*order(candidates, {}, steps, weights), reranked=0, complete=True)
            return
        known = vectors if self._rerank_exit == self._index_exit else None
        yield from self._reranked(candidates, known, encoded[self._rerank_exit], steps, weights, language)

    def _reranked(
        self,
        candidates: Candidates,
        known: Mapping[int, Floats] | None,
        query: Floats,
        steps: Steps,
        weights: Weights,
        language: str,
    ) -> Iterator[Ranking]:
        """The order by the rerank exit. Where vectors are made for it, what is known gives an order before."""
        ids = list(candidates.summaries)
        layer = self._rerank_exit
        vectors = dict(self._store.vectors_of(self._model_id(), layer, ids) if known is None else known)
        seconds = self._rerank_seconds()
        if len(vectors) < len(ids) and seconds > 0:
            first = order(candidates, {}, steps, weights)
            yield Ranking(*first, reranked=0, complete=False, final=False)
            missing = [function_id for function_id, _ in first[0] if function_id not in vectors]
            vectors |= make_missing(self._store, self._encoder(), layer, missing, seconds, self._clock, self._cancelled)
        means = self._means(candidates.query, steps, layer, None)
        deep = centred_cosines(candidates.summaries, vectors, query, language, means)
        final = order(candidates, deep, steps, weights)
        yield Ranking(*final, reranked=len(deep), complete=len(deep) == len(ids))

    def _encode(self, query: Query, steps: Steps) -> Mapping[int, Floats]:
        """The query's unit vector `[1, dim]` at each exit that takes part."""
        if Step.VECTORS not in steps:
            return {}
        exits = {self._index_exit, self._rerank_exit} if Step.DEEP in steps else {self._index_exit}
        return self._encoder().encode_exits([query.text], TextKind.QUERY, sorted(exits))

    def _means(self, query: Query, steps: Steps, layer: int, dim: int | None) -> Mapping[str, Floats]:
        """The languages' means that vectors are compared without: for code against code only."""
        centred = query.kind is QueryKind.CODE and Step.CENTRING in steps
        return self._languages.at(layer, dim) if centred else {}

    def _model_id(self) -> str:
        return self._encoder().config.model_id

    def _allowed(self, filters: Filters, languages: Sequence[str]) -> frozenset[int] | None:
        if not filters:
            return None
        check_filters(filters, languages)
        return self._store.ids_where(filters.languages, filters.kinds, path_filter(filters))
