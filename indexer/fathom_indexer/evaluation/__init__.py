"""Measuring retrieval on sets of queries, documents and judgements, and on questions about whole repositories."""

from fathom_indexer.evaluation.bootstrap import Estimate, estimate
from fathom_indexer.evaluation.functions import FunctionRank, asked_function, function_rank
from fathom_indexer.evaluation.metrics import Metrics, score
from fathom_indexer.evaluation.repositories import Question, Repository, read_repositories
from fathom_indexer.evaluation.retrieval_set import Document, Query, RetrievalSet, read_set
from fathom_indexer.evaluation.run import Task, rank_all
from fathom_indexer.evaluation.targets import Place, answers_ndcg, ranks

__all__ = [
    "Document",
    "Estimate",
    "FunctionRank",
    "Metrics",
    "Place",
    "Query",
    "Question",
    "Repository",
    "RetrievalSet",
    "Task",
    "answers_ndcg",
    "asked_function",
    "estimate",
    "function_rank",
    "rank_all",
    "ranks",
    "read_repositories",
    "read_set",
    "score",
]
