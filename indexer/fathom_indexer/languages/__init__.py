"""Source text to functions: a registry of languages, one tree-sitter query each, one extractor for all."""

from fathom_indexer.languages.encodings import lines_with_one_end, to_utf8
from fathom_indexer.languages.extract import extract
from fathom_indexer.languages.parsing import is_broken
from fathom_indexer.languages.registry import (
    LANGUAGES,
    Language,
    dialect,
    fingerprint,
    language_named,
    language_of_path,
)

__all__ = [
    "LANGUAGES",
    "Language",
    "dialect",
    "extract",
    "fingerprint",
    "is_broken",
    "language_named",
    "language_of_path",
    "lines_with_one_end",
    "to_utf8",
]
