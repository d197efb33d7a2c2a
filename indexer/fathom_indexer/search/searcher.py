"""Runs a search: query -> candidates -> first order -> deep order -> hits. Every step lives in a module of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fathom_indexer.duplicates.structure import features, structure
from fathom_indexer.encoder import Encoder, TextKind, code_text
from fathom_indexer.encoder.encoder import shorten
from fathom_indexer.search.centring import SAMPLE, centred, language_means
from fathom_indexer.search.copies import CopyKey, fold_copies, same_build, same_text
from fathom_indexer.search.coverage import coverage_values, covered, discriminative_terms
from fathom_indexer.search.definition_penalties import form_values
from fathom_indexer.search.files import coherence_values, diversity_values
from fathom_indexer.search.filters import path_filter
from fathom_indexer.search.name_match import name_values
from fathom_indexer.search.path_match import place_values
from fathom_indexer.search.path_roles import role_values
from fathom_indexer.search.query import Query, QueryKind, understand, understand_code
from fathom_indexer.search.rerank import Clock, Floats, cosines, estimate_missing, make_missing
from fathom_indexer.search.signals import Ranked, Signal, Values, explain, plus, spread, total
from fathom_indexer.search.snippet import snippet
from fathom_indexer.search.steps import ALL_STEPS, Step, Steps
from fathom_indexer.search.symbols import closeness, in_files, near_names, spellings
from fathom_indexer.search.weights import CODE_COLUMNS, DEFAULT_WEIGHTS, QUESTION_COLUMNS, Weights
from fathom_indexer.storage import (
    FunctionSummary,
    Readable,
    StoredFunction,
    WordStatistics,
    match_expression,
    query_words,
)
from fathom_indexer.types import NO_CONTEXT, Contribution, Filters, FunctionRef, Hit, RequestContext
from fathom_indexer.vectors import VectorIndex
from fathom_indexer.wire.messages import LocationQuery, SearchRequest, SearchResponse, SnippetQuery

logger = logging.getLogger(__name__)

CANDIDATES = 100
"""How many functions each source of candidates proposes, at least."""

_WORDS_DEPTH = 500
"""How far down BM25 scores are known, for candidates that came from elsewhere."""

_FUNCTIONS_READ = 8_000
"""How many functions a search by words reads, about; a millisecond for a thousand."""

_OVERLAPPING = 20
"""More hits than wanted are looked up, so that enough are left without copies and what surrounds a function."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in order, and why: the signals whose sum their scores are."""

    ranked: Ranked
    signals: tuple[Signal, ...]
    reranked: int
    complete: bool
    final: bool = True


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What all steps after the first look at."""

    query: Query
    outlines: Mapping[int, FunctionSummary]
    words: Values = field(default_factory=dict)
    """BM25 scores, by how much of a question a function has."""
    cosines: Values = field(default_factory=dict)
    """At the index exit, of those candidates that have a vector there."""
    structure: Values = field(default_factory=dict)
    """How alike candidates are built to a query of code."""


class Searcher:
    """Searches one store. `encoder` and `vectors` are called when they are first needed.

    `rerank_seconds` is how long a search may compute missing vectors of the rerank exit. `gone` says of the path of a
    hit whether there is no such file any more: it is left out then. Requests have been checked (`wire.validation`). The
    answer to a request that is cancelled meanwhile has the results known by then.
    """

    def __init__(
        self,
        store: Readable,
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
        self._generation = -1
        self._known_means: dict[tuple[int, int | None], dict[str, Floats]] = {}
        self._known_ids: dict[str, frozenset[int]] = {}

    def search(
        self,
        request: SearchRequest,
        context: RequestContext = NO_CONTEXT,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> Iterator[SearchResponse]:
        """Functions for a query by words or by snippet, best first: the first order at once, then the final one if it
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
            yield self._response(ranking, request.limit, fold if Step.COPIES in steps else None)

    def similar_function(
        self, stored: StoredFunction, request: SearchRequest, context: RequestContext = NO_CONTEXT
    ) -> Iterator[SearchResponse]:
        """Functions that resemble a function of the index, which is left out, as are those around it and inside it."""
        allowed, limit = self._allowed(request.filters), request.limit
        query, language = understand_code(code_text(stored.function, stored.path)), stored.function.language
        for ranking in self.rank(query, limit + _OVERLAPPING, allowed, language=language, context=context):
            yield self._response(ranking, limit, same_build, compared=stored)

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
        """The candidates for a query in their first order, then in the final one if the deep exit has a say.

        At least `limit` of them if there are as many. `language` is that of a query of code, empty if not known.
        """
        if query.kind is QueryKind.EMPTY:
            yield Ranking([], (), 0, True)
            return
        wanted = max(CANDIDATES, limit)
        telling, statistics = self._discriminative(query, steps)
        words = self._matching(telling, query, wanted, allowed)
        if context.cancelled():
            yield Ranking([], (), 0, False)
            return
        named = self._named(query, wanted, allowed, steps)
        encoded: Mapping[int, Floats] = {}
        found: Ranked = []
        means: Mapping[str, Floats] = {}
        if Step.VECTORS in steps:
            exits = {self._index_exit, self._rerank_exit} if Step.DEEP in steps else {self._index_exit}
            encoded = self._encoder().encode_exits([query.text], TextKind.QUERY, sorted(exits))
            if query.kind is QueryKind.CODE and Step.CENTRING in steps:
                means = self._means(self._index_exit, self._dim)
            found = self._near(shorten(encoded[self._index_exit], self._dim), wanted, allowed, language, means)
        ids = list(dict.fromkeys([*(item for item, _ in words[:wanted]), *named, *(item for item, _ in found)]))
        outlines = self._store.outlines(ids)
        ids = [function_id for function_id in ids if function_id in outlines]
        shallow: Mapping[int, float] = {}
        vectors: Mapping[int, Floats] = {}
        if Step.VECTORS in steps:
            vectors = self._store.vectors_of(self._encoder().config.model_id, self._index_exit, ids)
            query_vector = shorten(encoded[self._index_exit], self._dim)
            shallow = _centred_cosines(outlines, _shortened(vectors, self._dim), query_vector, language, means)
        alike = self._structure(query, ids) if Step.STRUCTURE in steps else {}
        scores = self._covered(telling, statistics, query, dict(words), ids, steps)
        candidates = _Candidates(query, outlines, scores, shallow, alike)
        if not ids or not {Step.DEEP, Step.VECTORS} <= steps:
            yield Ranking(*_ordered(candidates, {}, steps, weights), reranked=0, complete=True)
            return
        known = vectors if self._rerank_exit == self._index_exit else None
        yield from self._deepened(candidates, known, encoded[self._rerank_exit], steps, weights, language, context)

    def _deepened(
        self,
        candidates: _Candidates,
        known: Mapping[int, Floats] | None,
        query: Floats,
        steps: Steps,
        weights: Weights,
        language: str,
        context: RequestContext,
    ) -> Iterator[Ranking]:
        """The order by the rerank exit. Where vectors are made for it, what is known gives an order before."""
        ids = list(candidates.outlines)
        model, layer = self._encoder().config.model_id, self._rerank_exit
        vectors = dict(self._store.vectors_of(model, layer, ids) if known is None else known)
        seconds = 0.0 if context.skip_rerank else self._rerank_seconds
        if len(vectors) < len(ids) and seconds > 0:
            first = _ordered(candidates, {}, steps, weights)
            yield Ranking(*first, reranked=0, complete=False, final=False)
            missing = [function_id for function_id, _ in first[0] if function_id not in vectors]
            vectors |= make_missing(
                self._store, self._encoder(), layer, missing, seconds, self._clock, context.cancelled
            )
        means: Mapping[str, Floats] = {}
        if candidates.query.kind is QueryKind.CODE and Step.CENTRING in steps:
            means = self._means(layer, None)
        deep = _centred_cosines(candidates.outlines, vectors, query, language, means)
        final = _ordered(candidates, deep, steps, weights)
        yield Ranking(*final, reranked=len(deep), complete=len(deep) == len(ids))

    def _discriminative(self, query: Query, steps: Steps) -> tuple[list[str], WordStatistics]:
        """The query's words that are looked up, and what the index knows of all its words."""
        words = query_words(query.text, repeats=query.kind is QueryKind.CODE) if Step.WORDS in steps else []
        known = self._store.word_statistics(words)
        return discriminative_terms(words, known, _FUNCTIONS_READ), known

    def _matching(self, words: Sequence[str], query: Query, wanted: int, allowed: frozenset[int] | None) -> Ranked:
        columns = CODE_COLUMNS if query.kind is QueryKind.CODE else QUESTION_COLUMNS
        return self._store.matching_words(match_expression(words), max(wanted, _WORDS_DEPTH), columns, allowed)

    def _covered(
        self,
        words: Sequence[str],
        known: WordStatistics,
        query: Query,
        scores: Values,
        ids: Sequence[int],
        steps: Steps,
    ) -> Values:
        if query.kind is QueryKind.CODE or Step.COVERAGE not in steps:
            return scores
        return covered(scores, coverage_values(words, known, self._store.having_words(words, ids)))

    def _structure(self, query: Query, ids: Sequence[int]) -> dict[int, float]:
        """How alike functions are built to the query, if that is code."""
        if query.kind is not QueryKind.CODE:
            return {}
        stored = self._store.functions(ids)
        built = structure(features(query.text), [features(found.function.text) for found in stored.values()])
        return dict(zip(stored, built, strict=True))

    def _named(self, query: Query, wanted: int, allowed: frozenset[int] | None, steps: Steps) -> list[int]:
        """Functions that the query names, and those of files that it names."""
        if Step.SYMBOLS not in steps:
            return []
        ids: list[int] = []
        if names := spellings(query.symbols):
            ids = self._store.named(names, wanted)
        if not ids and query.kind is QueryKind.SYMBOL:
            near = near_names(names[0], self._store.names)
            ids = self._store.named(near, wanted) if near else []
        if query.paths:
            ids += self._store.in_paths(query.paths, wanted)
        return [function_id for function_id in ids if allowed is None or function_id in allowed]

    def _near(
        self, query: Floats, wanted: int, allowed: frozenset[int] | None, language: str, means: Mapping[str, Floats]
    ) -> Ranked:
        """Nearest neighbours of `query` `[1, dim]` at the index exit."""
        if not means:
            return self._vectors().search(query[0], wanted, allowed)
        # What a language's mean adds to a cosine is the same for all its functions, so they are searched language by
        # language and compared with the mean taken off.
        target = centred(query, [language], means)[0]
        found: Ranked = []
        for name, ids in self._ids_by_language().items():
            inside = ids if allowed is None else ids & allowed
            offset = float(means.get(name, means[""]) @ target)
            near = self._vectors().search(target, wanted, inside) if inside else []
            found += [(function_id, score - offset) for function_id, score in near]
        return sorted(found, key=lambda item: (-item[1], item[0]))[:wanted]

    def _means(self, layer: int, dim: int | None) -> dict[str, Floats]:
        """Means of the languages' vectors; taken anew when the index has changed."""
        self._forget_if_changed()
        if (layer, dim) not in self._known_means:
            self._known_means[layer, dim] = self._take_means(layer, dim)
        return self._known_means[layer, dim]

    def _take_means(self, layer: int, dim: int | None) -> dict[str, Floats]:
        model = self._encoder().config.model_id
        samples = {
            language: self._store.sample_vectors(model, layer, language, SAMPLE)
            for language in sorted(self._store.languages())
        }
        return language_means({name: shorten(rows, dim) for name, rows in samples.items() if len(rows)})

    def _ids_by_language(self) -> dict[str, frozenset[int]]:
        self._forget_if_changed()
        if not self._known_ids:
            self._known_ids = {language: self._store.ids_where([language]) for language in self._store.languages()}
        return self._known_ids

    def _forget_if_changed(self) -> None:
        generation = self._store.generation()
        if generation != self._generation:
            self._generation = generation
            self._known_means.clear()
            self._known_ids = {}

    def _allowed(self, filters: Filters) -> frozenset[int] | None:
        if not filters:
            return None
        return self._store.ids_where(filters.languages, filters.kinds, path_filter(filters))

    def _response(
        self, ranking: Ranking, limit: int, fold: CopyKey | None, compared: StoredFunction | None = None
    ) -> SearchResponse:
        shown = ranking.ranked[: limit + _OVERLAPPING]
        stored = self._store.functions([function_id for function_id, _ in shown])
        gone = {path for path in {found.path for found in stored.values()} if self._gone(path)}
        hits = [
            _hit(stored[function_id], score, explain(function_id, ranking.signals))
            for function_id, score in shown
            if function_id in stored
            and stored[function_id].path not in gone
            and (compared is None or not _overlap(stored[function_id], compared))
        ]
        hits = hits[:limit] if fold is None else fold_copies(hits, limit, fold)
        return SearchResponse(
            # Snippets are made last, since they need the whole text of a function.
            hits=tuple(replace(hit, snippet=snippet(hit.source)) for hit in hits if hit.source is not None),
            candidates=len(ranking.ranked),
            reranked=ranking.reranked,
            complete=ranking.complete,
            compared=None if compared is None else FunctionRef.of(compared.path, compared.function),
            final=ranking.final,
        )


def _hit(stored: StoredFunction, score: float, explanation: tuple[Contribution, ...]) -> Hit:
    return Hit(FunctionRef.of(stored.path, stored.function), score, "", explanation, source=stored.function)


def _ordered(
    candidates: _Candidates, deep: Mapping[int, float], steps: Steps, weights: Weights
) -> tuple[Ranked, tuple[Signal, ...]]:
    """The candidates in order of the sum of all signals, given their cosines at the rerank exit as far as known."""
    query, outlines = candidates.query, candidates.outlines
    ids = list(outlines)
    shallow = estimate_missing(ids, {}, candidates.cosines)
    better = estimate_missing(ids, deep, candidates.cosines) if deep else shallow
    paths = {function_id: outline.path for function_id, outline in outlines.items()}
    code = query.kind is QueryKind.CODE
    # Cosines lie closer together for one query than for another: where they differ little, a little tells much.
    cosine = weights.cosine if code else weights.spread / spread(better.values())
    signals = [
        Signal(Step.VECTORS, cosine, shallow),
        Signal(Step.DEEP, cosine, {item: better[item] - shallow[item] for item in ids}),
        Signal(Step.WORDS, weights.words_for_code if code else weights.words, candidates.words),
        Signal(Step.STRUCTURE, weights.structure, candidates.structure),
    ]
    if not code:
        pure = query.kind in (QueryKind.SYMBOL, QueryKind.PATH)
        named = {**in_files(query.paths, outlines), **closeness(query.symbols, outlines)}
        if not pure:
            # Among other words, what merely resembles a name says little.
            named = {item: value**2 for item, value in named.items()}
        signals += [
            Signal(Step.SYMBOLS, weights.symbol if pure else weights.mention, named),
            Signal(Step.NAME, weights.name, name_values(query.words, outlines)),
            Signal(Step.PLACE, weights.place, place_values(query.words, outlines)),
            Signal(Step.ROLE, -weights.role, role_values(query.words, outlines)),
            Signal(Step.FORM, -weights.form, form_values(outlines)),
        ]
    signals = [signal for signal in signals if signal.step in steps]
    ranked = total(ids, signals)
    if Step.COHERENCE in steps and not code:
        signals.append(Signal(Step.COHERENCE, weights.coherence, coherence_values(ranked, paths)))
        ranked = plus(ranked, signals[-1])
    if Step.DIVERSITY in steps and not code:
        signals.append(Signal(Step.DIVERSITY, -weights.diversity, diversity_values(ranked, paths)))
        ranked = plus(ranked, signals[-1])
    return ranked, tuple(signals)


def _shortened(vectors: Mapping[int, Floats], dim: int | None) -> dict[int, Floats]:
    if not vectors:
        return {}
    return dict(zip(vectors, shorten(np.stack(list(vectors.values())), dim), strict=True))


def _centred_cosines(
    outlines: Mapping[int, FunctionSummary],
    vectors: Mapping[int, Floats],
    query: Floats,
    language: str,
    means: Mapping[str, Floats],
) -> dict[int, float]:
    """Cosines with `query` `[1, dim]`, both sides without their languages' means if there are any."""
    known = [function_id for function_id in outlines if function_id in vectors]
    if not known:
        return {}
    rows = centred(np.stack([vectors[item] for item in known]), [outlines[item].language for item in known], means)
    return cosines(known, dict(zip(known, rows, strict=True)), centred(query, [language], means)[0])


def _overlap(one: StoredFunction, other: StoredFunction) -> bool:
    first, second = one.function, other.function
    return one.path == other.path and first.start_byte < second.end_byte and second.start_byte < first.end_byte
