"""The index on disk: one SQLite file a workspace, the truth that everything else can be rebuilt from."""

from fathom_indexer.storage.history import CommitRecord, HistoryMatch, HistoryState
from fathom_indexer.storage.readable import Readable
from fathom_indexer.storage.stems import Stems
from fathom_indexer.storage.store import (
    ColumnWeights,
    FileState,
    FunctionSummary,
    SketchedFunction,
    SketchRow,
    Store,
    StoredFunction,
    WordStatistics,
)
from fathom_indexer.storage.words import WORDS_FORMAT, code_words, expression_words, match_expression, query_words

__all__ = [
    "WORDS_FORMAT",
    "ColumnWeights",
    "CommitRecord",
    "FileState",
    "FunctionSummary",
    "HistoryMatch",
    "HistoryState",
    "Readable",
    "SketchRow",
    "SketchedFunction",
    "Stems",
    "Store",
    "StoredFunction",
    "WordStatistics",
    "code_words",
    "expression_words",
    "match_expression",
    "query_words",
]
