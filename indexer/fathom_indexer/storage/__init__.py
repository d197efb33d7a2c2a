"""The index on disk: one SQLite file a workspace, the truth that everything else can be rebuilt from."""

from fathom_indexer.storage.store import (
    ColumnWeights,
    FileState,
    Outline,
    SketchedFunction,
    SketchRow,
    Store,
    StoredFunction,
)
from fathom_indexer.storage.words import WORDS_FORMAT, match_expression, query_words

__all__ = [
    "WORDS_FORMAT",
    "ColumnWeights",
    "FileState",
    "Outline",
    "SketchRow",
    "SketchedFunction",
    "Store",
    "StoredFunction",
    "match_expression",
    "query_words",
]
