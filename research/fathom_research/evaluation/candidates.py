"""Candidates of many queries in one table, so that the same searches can be ordered by thousands of weights.

A search is slow, and ordering its candidates is fast. The signals of every candidate are recorded once; the order that
other weights give is then arithmetic on arrays. This repeats the sums of `search.signals` and the two steps of
`search.files`; a test compares the results with theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.evaluation.metrics import DEPTH
from fathom_indexer.search.files import NEAR, SATURATION

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CandidateFeatures:
    """A candidate of one query: its features by the name of the weight that multiplies each, its file, and the numbers
    of the answers that it covers."""

    id: int
    features: Mapping[str, float]
    file: str
    answers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AnsweredQuery:
    """All candidates of a query, and how many answers it has, found or not; `by_file` says whether the two steps that
    look at files apply."""

    candidates: Sequence[CandidateFeatures]
    answers: int
    by_file: bool


class CandidateTable:
    """The candidates of queries as arrays."""

    def __init__(self, queries: Sequence[AnsweredQuery], names: Sequence[str]) -> None:
        """`names` are the weights that features go by; those of coherence and diversity are not among them."""
        self.names = tuple(names)
        self._ideal = np.array([_ideal(query.answers) for query in queries])
        features: list[list[float]] = []
        owners: list[int] = []
        files: list[int] = []
        by_file: list[bool] = []
        covered: list[tuple[int, int]] = []
        answer_owners: list[int] = []
        file_numbers: dict[tuple[int, str], int] = {}
        for number, query in enumerate(queries):
            for candidate in sorted(query.candidates, key=lambda one: one.id):
                covered += [(len(answer_owners) + answer, len(owners)) for answer in candidate.answers]
                features.append([candidate.features.get(name, 0.0) for name in self.names])
                owners.append(number)
                files.append(file_numbers.setdefault((number, candidate.file), len(file_numbers)))
                by_file.append(query.by_file)
            answer_owners += [number] * query.answers
        self._features = np.array(features, np.float64).reshape(len(owners), len(self.names))
        self._query, self._file = np.array(owners, np.int64), np.array(files, np.int64)
        self._by_file = np.array(by_file, np.float64)
        pairs = np.array(covered, np.int64).reshape(-1, 2)
        self._pair_answer, self._pair_row = pairs[:, 0], pairs[:, 1]
        self._answer_query = np.array(answer_owners, np.int64)
        self._file_query = np.array([number for number, _ in file_numbers], np.int64)

    def __len__(self) -> int:
        """How many queries there are."""
        return len(self._ideal)

    def ndcg(self, weights: Mapping[str, float]) -> Array:
        """NDCG@10 [queries] in the order that `weights` give; a weight that is not named is 0."""
        ranks = self._answer_ranks(self._scores(weights))
        gains = np.where(ranks <= DEPTH, 1 / np.log2(ranks + 1), 0.0)
        return np.asarray(np.minimum(np.bincount(self._answer_query, gains, len(self)) / self._ideal, 1.0), np.float64)

    def _scores(self, weights: Mapping[str, float]) -> Array:
        scores = self._features @ np.array([weights.get(name, 0.0) for name in self.names])
        if self._by_file.any():
            scores = scores + weights.get("coherence", 0.0) * self._by_file * self._coherence(scores)
            scores = scores - weights.get("diversity", 0.0) * self._by_file * self._diversity(scores)
        return np.asarray(scores, np.float64)

    def _answer_ranks(self, scores: Array) -> Array:
        """From 1; infinite for answers that no candidate covers."""
        ranks = np.full(len(self._answer_query), np.inf)
        np.minimum.at(ranks, self._pair_answer, self._place_in(self._query, scores)[self._pair_row] + 1.0)
        return ranks

    def _coherence(self, scores: Array) -> Array:
        top = np.full(len(self), -np.inf)
        np.maximum.at(top, self._query, scores)
        evidence = np.bincount(self._file, np.exp((scores - top[self._query]) / NEAR))
        most = np.zeros(len(self))
        np.maximum.at(most, self._file_query, evidence)
        share = evidence / most[self._file_query]
        return np.where(self._place_in(self._file, scores) == 0, share[self._file], 0.0)

    def _diversity(self, scores: Array) -> Array:
        return np.asarray(1.0 - SATURATION ** self._place_in(self._file, scores), np.float64)

    @staticmethod
    def _place_in(groups: Ints, scores: Array) -> Array:
        """The place of every row among those of its group, from 0, best first; ties in the order of rows."""
        order = np.lexsort((-scores, groups))
        ordered = groups[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else ordered
        lengths = np.diff(np.r_[starts, len(ordered)])
        places = np.empty(len(scores))
        places[order] = np.arange(len(scores)) - np.repeat(starts, lengths)
        return places


def _ideal(answers: int) -> float:
    return float(sum(1 / np.log2(rank + 1) for rank in range(1, min(answers, DEPTH) + 1)))
