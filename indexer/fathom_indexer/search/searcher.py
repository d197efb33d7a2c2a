"""Runs a search: query -> candidates -> first order -> order by the rerank exit -> results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from fathom_indexer.embedding_space import Floats, shorten
from fathom_indexer.encoder import Encoder, TextKind, code_text
from fathom_indexer.search.candidates import (
    WordCandidates,
    centred_cosines,
    named_candidates,
    nearest_candidates,
    shortened,
    structure_values,
)
from fathom_indexer.search.copies import same_build, same_text
from fathom_indexer.search.exact import exact_values
from fathom_indexer.search.filters import path_filter
from fathom_indexer.search.history import history_candidates, history_matches, history_values
from fathom_indexer.search.joint import READ, above_least, joint_scores
from fathom_indexer.search.language_means import LanguageMeans
from fathom_indexer.search.location_match import location_values
from fathom_indexer.search.query import Query, QueryKind, understand, understand_code
from fathom_indexer.search.ranking import Candidates, Ranking, order
from fathom_indexer.search.rerank import make_missing
from fathom_indexer.search.results import OVERLAPPING, response
from fathom_indexer.search.signals import RankedIds
from fathom_indexer.search.steps import ALL_STEPS, Step, Steps
from fathom_indexer.search.stubs import stub_values
from fathom_indexer.search.time_budget import Clock
from fathom_indexer.search.weights import DEFAULT_WEIGHTS, Weights
from fathom_indexer.search.windows import window_gains
from fathom_indexer.storage import IndexReader, StoredFunction
from fathom_indexer.types import NO_CONTEXT, Filters, RequestContext
from fathom_indexer.vectors import VectorIndex
from fathom_indexer.wire.messages import LocationQuery, SearchRequest, SearchResponse, SnippetQuery

CANDIDATES = 100
"""How many functions each source of candidates proposes, at least."""


class Searcher:
    """Searches one store. `encoder` and `vectors` are called when they are first needed.

    `rerank_seconds` is how long a search may compute missing vectors of the rerank exit and read functions together
    with the query. `gone` says of the path of a hit whether there is no such file any more: it is left out then.
    Requests have been checked (`wire.validation`). The answer to a request that is cancelled meanwhile has the results
    known by then.
    """

    def __init__(
        self,
        store: IndexReader,
        encoder: Callable[[], Encoder],
        vectors: Callable[[], VectorIndex],
        index_exit: int,
        rerank_exit: int,
        dim: int | None,
        rerank_seconds: float = 0.15,
        clock: Clock = time.monotonic,
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
        self._gone = gone
        self._languages = LanguageMeans(store, self._model_id)

    def search(
        self,
        request: SearchRequest,
        context: RequestContext = NO_CONTEXT,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> Iterator[SearchResponse]:
        """Functions for a query by words or by snippet, best first: the first order at once, then closer ones if they
        may differ.

        Raises `ValueError` for a query by location: the caller finds its function and calls `similar_function`.
        """
        query = request.query
        if isinstance(query, LocationQuery):
            raise ValueError("a query by location has no text")
        if isinstance(query, SnippetQuery):
            understood, fold = understand_code(query.code), same_build
        else:
            understood, fold = understand(query.text), same_text
        allowed = self._allowed(request.filters)
        for ranking in self.rank(understood, request.limit, allowed, steps, weights, context=context):
            yield response(self._store, ranking, request.limit, fold if Step.COPIES in steps else None, self._gone)

    def similar_function(
        self, stored: StoredFunction, request: SearchRequest, context: RequestContext = NO_CONTEXT
    ) -> Iterator[SearchResponse]:
        """Functions that resemble a function of the index, which is left out, as are those around it and inside it."""
        allowed, limit = self._allowed(request.filters), request.limit
        query, language = understand_code(code_text(stored.function, stored.path)), stored.function.language
        for ranking in self.rank(query, limit + OVERLAPPING, allowed, language=language, context=context):
            yield response(self._store, ranking, limit, same_build, self._gone, compared=stored)

    def rank(
        self,
        query: Query,
        limit: int,
        allowed: frozenset[int] | None = None,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
        language: str = "",
        context: RequestContext = NO_CONTEXT,
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
        if context.cancelled():
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
        located = location_values(self._store, query, allowed) if Step.LOCATION in steps else {}
        exact = exact_values(self._store, query, allowed) if Step.EXACT in steps and not located else {}
        remembered = history_candidates(matches, wanted, allowed)
        ids = list(
            dict.fromkeys(
                [
                    *located,
                    *exact,
                    *(item for item, _ in words[:wanted]),
                    *named,
                    *(item for item, _ in nearest),
                    *remembered,
                ]
            )
        )
        summaries = self._store.summaries(ids)
        ids = [function_id for function_id in ids if function_id in summaries]
        shallow: Mapping[int, float] = {}
        vectors: Mapping[int, Floats] = {}
        if encoded:
            vectors = self._store.vectors_of(self._model_id(), self._index_exit, ids)
            shallow = centred_cosines(summaries, shortened(vectors, self._dim), target, language, means)
        alike = structure_values(self._store, query, ids) if Step.STRUCTURE in steps else {}
        stubs = stub_values(self._store, summaries) if Step.STUB in steps else {}
        scores = by_words.values(dict(words), ids)
        history = history_values(query, matches, summaries)
        candidates = Candidates(
            by_words.query,
            summaries,
            words=scores,
            cosines=shallow,
            structure=alike,
            exact=exact,
            located=located,
            stubs=stubs,
            history=history,
        )
        if not ids or not {Step.DEEP, Step.VECTORS} <= steps:
            yield Ranking(*order(candidates, {}, steps, weights), reranked=0, complete=True)
            return
        known = vectors if self._rerank_exit == self._index_exit else None
        yield from self._reranked(candidates, known, encoded[self._rerank_exit], steps, weights, language, context)

    def _reranked(
        self,
        candidates: Candidates,
        known: Mapping[int, Floats] | None,
        query: Floats,
        steps: Steps,
        weights: Weights,
        language: str,
        context: RequestContext,
    ) -> Iterator[Ranking]:
        """The order by the rerank exit. Where vectors are made for it, what is known gives an order before."""
        ids = list(candidates.summaries)
        layer = self._rerank_exit
        began = self._clock()
        vectors = dict(self._store.vectors_of(self._model_id(), layer, ids) if known is None else known)
        seconds = 0.0 if context.skip_rerank else self._rerank_seconds
        if len(vectors) < len(ids) and seconds > 0:
            first = order(candidates, {}, steps, weights)
            yield Ranking(*first, reranked=0, complete=False, final=False)
            missing = [function_id for function_id, _ in first[0] if function_id not in vectors]
            vectors |= make_missing(
                self._store, self._encoder(), layer, missing, seconds, self._clock, context.cancelled
            )
        means = self._means(candidates.query, steps, layer, None)
        deep = centred_cosines(candidates.summaries, vectors, query, language, means)
        if Step.WINDOWS in steps and candidates.query.kind.describes:
            gains = window_gains(self._store, self._model_id(), layer, query, deep)
            candidates = replace(candidates, windows=gains)
        final = Ranking(*order(candidates, deep, steps, weights), reranked=len(deep), complete=len(deep) == len(ids))
        left = seconds - (self._clock() - began)
        if not self._reads_together(candidates.query, steps) or left <= 0:
            yield final
            return
        yield replace(final, final=False)
        best = [function_id for function_id, _ in final.ranked[:READ]]
        text = candidates.query.text
        scores = joint_scores(self._store, self._encoder(), text, best, left, self._clock, context.cancelled)
        ranked, signals = order(replace(candidates, joint=above_least(scores)), deep, steps, weights)
        yield replace(final, ranked=ranked, signals=signals)

    def _reads_together(self, query: Query, steps: Steps) -> bool:
        """Whether the joint pass has a say."""
        return query.kind.describes and Step.JOINT in steps and self._encoder().config.joint is not None

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

    def _allowed(self, filters: Filters) -> frozenset[int] | None:
        if not filters:
            return None
        return self._store.ids_where(filters.languages, filters.kinds, path_filter(filters))
