"""Measuring retrieval on sets of queries, documents and judgements, and on questions about whole repositories."""

from fathom_indexer.evaluation.bootstrap import Estimate, estimate
from fathom_indexer.evaluation.documented import DocumentedFunction, ask_documentation
from fathom_indexer.evaluation.exits import dense_rankings, exit_rankings
from fathom_indexer.evaluation.functions import FunctionRank, asked_function, function_rank
from fathom_indexer.evaluation.metrics import Metrics, score
from fathom_indexer.evaluation.repositories import Question, Repository, read_questions, read_repositories
from fathom_indexer.evaluation.retrieval_set import Document, Query, RetrievalSet, read_set, read_sets
from fathom_indexer.evaluation.run import Ranked, Task, rank_all, rank_each
from fathom_indexer.evaluation.targets import Place, answers_ndcg, ranks

__all__ = [
    "Document",
    "DocumentedFunction",
    "Estimate",
    "FunctionRank",
    "Metrics",
    "Place",
    "Query",
    "Question",
    "Ranked",
    "Repository",
    "RetrievalSet",
    "Task",
    "answers_ndcg",
    "ask_documentation",
    "asked_function",
    "dense_rankings",
    "estimate",
    "exit_rankings",
    "function_rank",
    "rank_all",
    "rank_each",
    "ranks",
    "read_questions",
    "read_repositories",
    "read_set",
    "read_sets",
    "score",
]
