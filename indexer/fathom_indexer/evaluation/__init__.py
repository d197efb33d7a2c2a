"""Measuring retrieval on sets of queries, documents and judgements, for `fathom eval`."""

from fathom_indexer.evaluation.metrics import Metrics, score
from fathom_indexer.evaluation.retrieval_set import Document, Query, RetrievalSet, read_set, read_sets
from fathom_indexer.evaluation.run import QueryRanking, Task, rank_all, rank_each

__all__ = [
    "Document",
    "Metrics",
    "Query",
    "QueryRanking",
    "RetrievalSet",
    "Task",
    "rank_all",
    "rank_each",
    "read_set",
    "read_sets",
    "score",
]
