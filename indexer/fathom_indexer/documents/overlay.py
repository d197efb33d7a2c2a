"""An index with documents laid over it: a search finds their functions instead of those of their files."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, replace
from functools import cached_property

from fathom_indexer.documents.document import Document, Unit
from fathom_indexer.embedding_space import Floats
from fathom_indexer.search.signals import RankedIds, in_order
from fathom_indexer.storage import (
    ColumnWeights,
    FunctionSummary,
    HistoryMatch,
    Store,
    StoredFunction,
    TermCounter,
    WordStatistics,
    expression_words,
)
from fathom_indexer.vectors import ExactIndex, VectorIndex

_K1, _B = 1.2, 0.75
_LEAST_IDF = 1e-6
"""The constants of FTS5's BM25, so that scores can be compared."""


class Overlay:
    """A `storage.IndexReader` of a store as if the documents were its files; `StoreReader` documents the methods.

    Valid for one state of the store and of the documents, which have been parsed.
    """

    def __init__(self, store: Store, term_counter: TermCounter, documents: Sequence[Document], version: int) -> None:
        """`version` grows whenever the documents change."""
        self._store = store
        self._term_counter = term_counter
        self._version = version
        self.paths = frozenset(document.path for document in documents)
        self.hidden = frozenset(store.ids_in(sorted(self.paths)))
        """Functions of the files under the documents."""
        self.units: dict[int, Unit] = {unit.id: unit for document in documents for unit in document.units or ()}

    # --- functions ---------------------------------------------------------------------------------------------

    def functions(self, ids: Sequence[int]) -> dict[int, StoredFunction]:
        found = self._store.functions(self._below(ids))
        return {**found, **{item: self.units[item].stored for item in ids if item in self.units}}

    def functions_of(self, path: str) -> list[StoredFunction]:
        if path not in self.paths:
            return self._store.functions_of(path)
        return [unit.stored for unit in self.units.values() if unit.path == path]

    def has_file(self, path: str) -> bool:
        return path in self.paths or self._store.has_file(path)

    def summaries(self, ids: Sequence[int]) -> dict[int, FunctionSummary]:
        found = self._store.summaries(self._below(ids))
        return {**found, **{item: self.units[item].summary for item in ids if item in self.units}}

    def ids_where(
        self,
        languages: Collection[str] = (),
        kinds: Collection[str] = (),
        in_file: Callable[[str], bool] | None = None,
    ) -> frozenset[int]:
        own = {
            unit.id
            for unit in self.units.values()
            if (not languages or unit.function.language in languages)
            and (not kinds or unit.function.kind.value in kinds)
            and (in_file is None or in_file(unit.path))
        }
        return (self._store.ids_where(languages, kinds, in_file) - self.hidden) | own

    def languages(self) -> set[str]:
        return self._store.languages() | {unit.function.language for unit in self.units.values()}

    def generation(self) -> int:
        # Neither number ever falls, so their sum changes with each.
        return self._store.generation() + self._version

    # --- words -------------------------------------------------------------------------------------------------

    def matching_words(
        self, expression: str, limit: int, weights: ColumnWeights, allowed: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        found = self._store.matching_words(expression, limit + len(self.hidden), weights, allowed)
        below = [item for item in found if item[0] not in self.hidden]
        return in_order(below + self._scores(expression_words(expression), weights, allowed))[:limit]

    def matching_history(self, expression: str, limit: int) -> list[HistoryMatch]:
        found = self._store.matching_history(expression, limit)
        below = self._store.summaries([match.function_id for match in found if match.function_id in self.hidden])
        if not below:
            return found
        own: dict[tuple[str, str], list[int]] = {}
        for unit in self.units.values():
            own.setdefault((unit.path, unit.function.qualified_name), []).append(unit.id)
        # A function in an open document has the history of the one of its name in the file.
        moved: dict[int, HistoryMatch] = {}
        for match in found:
            summary = below.get(match.function_id)
            ids = [match.function_id] if summary is None else own.get((summary.path, summary.qualified_name), [])
            for item in ids:
                moved.setdefault(item, replace(match, function_id=item))
        return list(moved.values())

    def word_statistics(self, words: Iterable[str]) -> WordStatistics:
        known = self._store.word_statistics(words)
        own = self.having_words(known.containing, list(self.units))
        gone = self._store.having_words(known.containing, list(self.hidden))
        # The lengths of hidden functions are not known: they count as average.
        left = known.words * (known.functions - len(self.hidden)) // max(known.functions, 1)
        return WordStatistics(
            known.functions - len(self.hidden) + len(self.units),
            left + sum(unit.content.length for unit in self.units.values()),
            {word: number - len(gone[word]) + len(own[word]) for word, number in known.containing.items()},
        )

    def terms(self, prefix: str, shortest: int, longest: int) -> dict[str, int]:
        found = self._store.terms(prefix, shortest, longest)
        for unit in self.units.values():
            for term in set().union(*unit.content.terms):
                if term.startswith(prefix) and shortest <= len(term) <= longest:
                    found[term] = found.get(term, 0) + 1
        return found

    def having_words(self, words: Iterable[str], ids: Sequence[int]) -> dict[str, set[int]]:
        distinct = list(dict.fromkeys(words))
        found = self._store.having_words(distinct, self._below(ids))
        mine = {item: set().union(*self.units[item].content.terms) for item in ids if item in self.units}
        for word, terms in self._terms_of(distinct).items():
            found[word] |= {item for item, own in mine.items() if own.issuperset(terms)}
        return found

    def _scores(self, words: Sequence[str], weights: ColumnWeights, allowed: Collection[int] | None) -> RankedIds:
        """BM25 (Robertson and Zaragoza 2009) as FTS5 computes it, of the documents' functions that have one of the
        words."""
        terms = {word: found for word, found in self._terms_of(words).items() if self._all_terms.issuperset(found)}
        if not terms:
            return []
        columns = astuple(weights)
        known = self.word_statistics(terms)
        functions, average = known.functions, known.words / known.functions
        norms = {item: _K1 * (1 - _B + _B * unit.content.length / average) for item, unit in self.units.items()}
        scores: dict[int, float] = {}
        for word in words:
            if word not in terms:
                continue
            # A word of several terms occurs where all of them do.
            times = {
                item: min(_weighed(unit, term, columns) for term in terms[word]) for item, unit in self.units.items()
            }
            having = known.containing[word]
            idf = max(_LEAST_IDF, math.log((functions - having + 0.5) / (having + 0.5)))
            for item, number in times.items():
                if number and (allowed is None or item in allowed):
                    scores[item] = scores.get(item, 0.0) + idf * number * (_K1 + 1) / (number + norms[item])
        return list(scores.items())

    def _terms_of(self, words: Sequence[str]) -> dict[str, list[str]]:
        """The terms of each word; words without any are left out."""
        distinct = list(dict.fromkeys(words))
        counts = self._term_counter.count(distinct)
        return {word: list(terms) for word, terms in zip(distinct, counts, strict=True) if terms}

    @cached_property
    def _all_terms(self) -> set[str]:
        return {term for unit in self.units.values() for column in unit.content.terms for term in column}

    # --- names -------------------------------------------------------------------------------------------------

    def named(self, names: Sequence[str], limit: int) -> list[int]:
        wanted = {name.lower() for name in names}
        own = [unit.id for unit in self.units.values() if unit.function.name.lower() in wanted]
        return [*own, *self._visible(self._store.named(names, limit + len(self.hidden)))][:limit]

    def names(self, prefix: str, shortest: int, longest: int) -> list[str]:
        names = (unit.function.name for unit in self.units.values())
        own = {name for name in names if name.lower().startswith(prefix.lower()) and shortest <= len(name) <= longest}
        return sorted({*own, *self._store.names(prefix, shortest, longest)}, key=lambda name: (name.lower(), name))

    def in_paths(self, endings: Sequence[str], limit: int) -> list[int]:
        ends = tuple("/" + ending.lower() for ending in endings)
        own = [unit.id for unit in self.units.values() if ("/" + unit.path.lower()).endswith(ends)]
        return [*own, *self._visible(self._store.in_paths(endings, limit + len(self.hidden)))][:limit]

    # --- vectors -----------------------------------------------------------------------------------------------

    def text_keys(self, ids: Sequence[int]) -> dict[int, str]:
        found = self._store.text_keys(self._below(ids))
        return {**found, **{item: self.units[item].content.key for item in ids if item in self.units}}

    def vectors_of(self, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]:
        found = self._store.vectors_of(model, layer, self._below(ids))
        keys = {item: self.units[item].content.key for item in ids if item in self.units}
        known = self._store.vectors_of_texts(model, layer, list(dict.fromkeys(keys.values())))
        return {**found, **{item: known[key] for item, key in keys.items() if key in known}}

    def window_vectors(self, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]:
        return self._store.window_vectors(model, layer, self._below(ids))

    def sample_vectors(self, model: str, layer: int, language: str, limit: int) -> Floats:
        return self._store.sample_vectors(model, layer, language, limit)

    def put_vectors(self, model: str, layer: int, text_keys: Sequence[str], vectors: Floats) -> None:
        self._store.put_vectors(model, layer, text_keys, vectors)

    # --- inside ------------------------------------------------------------------------------------------------

    def _below(self, ids: Iterable[int]) -> list[int]:
        return [item for item in self._visible(ids) if item not in self.units]

    def _visible(self, ids: Iterable[int]) -> list[int]:
        return [item for item in ids if item not in self.hidden]


class OverlaidVectors:
    """A `VectorIndex` of the store's functions without hidden ones, and of the documents' functions."""

    def __init__(self, below: VectorIndex, hidden: frozenset[int], own: ExactIndex) -> None:
        self._below = below
        self._hidden = hidden
        self._own = own

    def __len__(self) -> int:
        return len(self._below) + len(self._own)

    def add(self, keys: Sequence[int], vectors: Floats) -> None:
        """See `VectorIndex.add`: for the documents' functions."""
        self._own.add(keys, vectors)

    def remove(self, keys: Sequence[int]) -> None:
        """See `VectorIndex.remove`: for the documents' functions."""
        self._own.remove(keys)

    def search(self, query: Floats, limit: int, allowed: Collection[int] | None = None) -> RankedIds:
        """See `VectorIndex.search`."""
        below = self._below.search(query, limit + len(self._hidden), allowed)
        visible = [item for item in below if item[0] not in self._hidden]
        return in_order(visible + self._own.search(query, limit, allowed))[:limit]


def _weighed(unit: Unit, term: str, weights: Sequence[float]) -> float:
    """The number of times that a function has a term, weighted by column."""
    return sum(weight * column[term] for weight, column in zip(weights, unit.content.terms, strict=True))
