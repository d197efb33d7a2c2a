"""Measuring retrieval on sets of queries, documents and judgements."""

from fathom_indexer.evaluation.metrics import Metrics, score
from fathom_indexer.evaluation.retrieval_set import Document, Query, RetrievalSet, read_set
from fathom_indexer.evaluation.run import Task, rank_all

__all__ = ["Document", "Metrics", "Query", "RetrievalSet", "Task", "rank_all", "read_set", "score"]
