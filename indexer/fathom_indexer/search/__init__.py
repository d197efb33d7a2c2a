"""A query to ranked functions: candidates by words and by meaning, fused, then ordered by the deep exit."""

from fathom_indexer.search.ranking import Pipeline, Ranked
from fathom_indexer.search.searcher import Searcher

__all__ = ["Pipeline", "Ranked", "Searcher"]
