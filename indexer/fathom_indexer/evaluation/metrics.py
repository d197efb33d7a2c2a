"""Retrieval metrics over a set's judged queries."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Metrics:
    """Means over the queries that have a relevant document."""

    mrr: float
    """Reciprocal rank of the first relevant document among the first ten."""
    ndcg: float
    """Discounted gain of the first ten over the best possible one, grades as gains."""
    recall: float
    """Share of the relevant documents that are among the first ten."""
    map_at_r: float
    """Mean average precision within the first R results, R being the query's number of relevant documents."""
    queries: int

    def to_json(self) -> dict[str, float | int]:
        """The metrics under their usual names, rounded to four places."""
        return {
            "MRR@10": round(self.mrr, 4),
            "NDCG@10": round(self.ndcg, 4),
            "Recall@10": round(self.recall, 4),
            "MAP@R": round(self.map_at_r, 4),
            "queries": self.queries,
        }


def score(
    judgements: Mapping[str, Mapping[str, float]],
    rankings: Mapping[str, Sequence[str]],
    relevant_from: float = 1.0,
) -> Metrics:
    """Score rankings (document ids, best first) by query id. A query without a ranking counts as nothing found."""
    rows = [
        _query_metrics(grades, relevant, rankings.get(query, ()))
        for query, grades in judgements.items()
        if (relevant := {document for document, grade in grades.items() if grade >= relevant_from})
    ]
    if not rows:
        return Metrics(0.0, 0.0, 0.0, 0.0, 0)
    mrr, ndcg, recall, map_at_r = (sum(column) / len(rows) for column in zip(*rows, strict=True))
    return Metrics(mrr, ndcg, recall, map_at_r, len(rows))


def _query_metrics(
    grades: Mapping[str, float], relevant: set[str], ranked: Sequence[str]
) -> tuple[float, float, float, float]:
    top = ranked[:DEPTH]
    mrr = next((1 / rank for rank, document in enumerate(top, start=1) if document in relevant), 0.0)
    gain = sum(max(grades.get(document, 0.0), 0.0) / math.log2(rank + 1) for rank, document in enumerate(top, start=1))
    best = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:DEPTH]
    ideal = sum(grade / math.log2(rank + 1) for rank, grade in enumerate(best, start=1))
    found, precision = 0, 0.0
    for rank, document in enumerate(ranked[: len(relevant)], start=1):
        if document in relevant:
            found += 1
            precision += found / rank
    return mrr, gain / ideal, len(relevant & set(top)) / len(relevant), precision / len(relevant)
