"""A query to ranked functions: candidates by words, names and meaning, ordered by the sum of what each step says."""

from fathom_indexer.search.query import Query, QueryKind, understand, understand_code
from fathom_indexer.search.ranking import Ranking
from fathom_indexer.search.searcher import Searcher
from fathom_indexer.search.signals import RankedIds, Signal
from fathom_indexer.search.steps import ALL_STEPS, Pipeline, Step, Steps
from fathom_indexer.search.weights import DEFAULT_WEIGHTS, Weights

__all__ = [
    "ALL_STEPS",
    "DEFAULT_WEIGHTS",
    "Pipeline",
    "Query",
    "QueryKind",
    "RankedIds",
    "Ranking",
    "Searcher",
    "Signal",
    "Step",
    "Steps",
    "Weights",
    "understand",
    "understand_code",
]
