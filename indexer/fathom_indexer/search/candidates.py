"""Where candidates come from: words, names, paths and vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fathom_indexer.duplicates.structure import features, structure
from fathom_indexer.embedding_space import Floats, shorten
from fathom_indexer.search.coverage import coverage_values, covered, discriminative_terms
from fathom_indexer.search.language_means import LanguageMeans, centred
from fathom_indexer.search.misspelt import near_words
from fathom_indexer.search.query import Query, QueryKind
from fathom_indexer.search.rerank import cosines
from fathom_indexer.search.signals import RankedIds, Values
from fathom_indexer.search.steps import Step, Steps
from fathom_indexer.search.symbols import near_names, spellings
from fathom_indexer.search.weights import CODE_COLUMNS, QUESTION_COLUMNS
from fathom_indexer.storage import FunctionSummary, IndexReader, WordStatistics, match_expression, query_words
from fathom_indexer.vectors import VectorIndex

_WORDS_DEPTH = 500
"""How far down BM25 scores are known, for candidates that came from elsewhere."""

_FUNCTIONS_READ = 8_000
"""How many functions a search by words reads, about; a millisecond for a thousand."""


class WordCandidates:
    """Functions that have words of the query (BM25, Robertson and Zaragoza 2009)."""

    def __init__(self, store: IndexReader, query: Query, steps: Steps) -> None:
        words = query_words(query.text, repeats=query.kind is QueryKind.CODE) if Step.WORDS in steps else []
        self._store = store
        self._query = query
        self._covers = query.kind is not QueryKind.CODE and Step.COVERAGE in steps
        self._statistics: WordStatistics = store.word_statistics(words)
        self._meant: dict[str, str] = {}
        if query.kind in (QueryKind.QUESTION, QueryKind.MIXED):
            containing = self._statistics.containing
            self._meant = near_words((word for word, number in containing.items() if not number), store.terms)
        if self._meant:
            words = list(dict.fromkeys(self._meant.get(word, word) for word in words))
            self._statistics = store.word_statistics(words)
        self._terms = discriminative_terms(words, self._statistics, _FUNCTIONS_READ)

    @property
    def query(self) -> Query:
        """The query with words that the index has in place of misspelt ones."""
        if not self._meant:
            return self._query
        words = dict.fromkeys(self._meant.get(word, word) for word in self._query.words)
        return replace(self._query, words=tuple(words))

    def best(self, wanted: int, allowed: frozenset[int] | None) -> RankedIds:
        """Functions by BM25, best first: `wanted` of them and more."""
        columns = CODE_COLUMNS if self._query.kind is QueryKind.CODE else QUESTION_COLUMNS
        expression = match_expression(self._terms)
        return self._store.matching_words(expression, max(wanted, _WORDS_DEPTH), columns, allowed)

    def values(self, scores: Values, ids: Sequence[int]) -> Values:
        """BM25 scores of the candidates, by how much of a question each one has."""
        if not self._covers:
            return scores
        having = self._store.having_words(self._terms, ids)
        return covered(scores, coverage_values(self._terms, self._statistics, having))


def named_candidates(store: IndexReader, query: Query, wanted: int, allowed: frozenset[int] | None) -> list[int]:
    """Functions that the query names, and those of files that it names."""
    ids: list[int] = []
    if names := spellings(query.symbols):
        ids = store.named(names, wanted)
    if not ids and query.kind is QueryKind.SYMBOL:
        near = near_names(names[0], store.names)
        ids = store.named(near, wanted) if near else []
    if query.paths:
        ids += store.in_paths(query.paths, wanted)
    return [function_id for function_id in ids if allowed is None or function_id in allowed]


def nearest_candidates(
    vectors: Callable[[], VectorIndex],
    query: Floats,
    wanted: int,
    allowed: frozenset[int] | None,
    language: str,
    means: Mapping[str, Floats],
    languages: LanguageMeans,
) -> RankedIds:
    """Nearest neighbours of `query` `[1, dim]` at the index exit, best first."""
    if not means:
        return vectors().search(query[0], wanted, allowed)
    # What a language's mean adds to a cosine is the same for all its functions, so they are searched language by
    # language and compared with the mean taken off.
    target = centred(query, [language], means)[0]
    found: RankedIds = []
    for name, ids in languages.ids_by_language().items():
        inside = ids if allowed is None else ids & allowed
        offset = float(means.get(name, means[""]) @ target)
        near = vectors().search(target, wanted, inside) if inside else []
        found += [(function_id, score - offset) for function_id, score in near]
    return sorted(found, key=lambda item: (-item[1], item[0]))[:wanted]


def structure_values(store: IndexReader, query: Query, ids: Sequence[int]) -> dict[int, float]:
    """How alike functions are built to a query of code; nothing for one of words."""
    if query.kind is not QueryKind.CODE:
        return {}
    stored = store.functions(ids)
    built = structure(features(query.text), [features(found.function.text) for found in stored.values()])
    return dict(zip(stored, built, strict=True))


def shortened(vectors: Mapping[int, Floats], dim: int | None) -> dict[int, Floats]:
    """Unit vectors of functions cut to `dim`, unit vectors again."""
    if not vectors:
        return {}
    return dict(zip(vectors, shorten(np.stack(list(vectors.values())), dim), strict=True))


def centred_cosines(
    summaries: Mapping[int, FunctionSummary],
    vectors: Mapping[int, Floats],
    query: Floats,
    language: str,
    means: Mapping[str, Floats],
) -> dict[int, float]:
    """Cosines with `query` `[1, dim]`, both sides without their languages' means if there are any."""
    known = [function_id for function_id in summaries if function_id in vectors]
    if not known:
        return {}
    rows = centred(np.stack([vectors[item] for item in known]), [summaries[item].language for item in known], means)
    return cosines(known, dict(zip(known, rows, strict=True)), centred(query, [language], means)[0])
