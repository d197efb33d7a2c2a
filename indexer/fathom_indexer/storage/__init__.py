"""The index on disk: one SQLite file for each workspace, the truth that everything else can be rebuilt from."""

from fathom_indexer.storage.analyzer import (
    STOP_WORDS,
    WORDS_FORMAT,
    code_words,
    expression_words,
    match_expression,
    phrase_expression,
    query_words,
)
from fathom_indexer.storage.codec import content_hash
from fathom_indexer.storage.history import CommitRecord, HistoryMatch, HistoryState
from fathom_indexer.storage.reader import IndexReader
from fathom_indexer.storage.records import (
    ColumnWeights,
    FileState,
    FunctionSummary,
    SketchedFunction,
    SketchRow,
    StoredFunction,
    WordStatistics,
)
from fathom_indexer.storage.store import Store
from fathom_indexer.storage.term_counts import TermCounter

__all__ = [
    "STOP_WORDS",
    "WORDS_FORMAT",
    "ColumnWeights",
    "CommitRecord",
    "FileState",
    "FunctionSummary",
    "HistoryMatch",
    "HistoryState",
    "IndexReader",
    "SketchRow",
    "SketchedFunction",
    "Store",
    "StoredFunction",
    "TermCounter",
    "WordStatistics",
    "code_words",
    "content_hash",
    "expression_words",
    "match_expression",
    "phrase_expression",
    "query_words",
]
