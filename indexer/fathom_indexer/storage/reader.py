"""What a search reads of an index: the interface, and the index file's implementation of it.

Open documents laid over an index (`documents/overlay.py`) implement the same interface.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from fathom_indexer.embedding_space import Floats
from fathom_indexer.storage import embeddings, files, fulltext, functions, metadata, windows
from fathom_indexer.storage.connection import IndexConnection
from fathom_indexer.storage.history import HistoryMatch, HistoryTable
from fathom_indexer.storage.records import ColumnWeights, FunctionSummary, StoredFunction, WordStatistics

Given = ParamSpec("Given")
Result = TypeVar("Result")


class IndexReader(Protocol):
    """What searches need of an index. `StoreReader` documents the methods."""

    def functions(self, ids: Sequence[int]) -> dict[int, StoredFunction]: ...
    def functions_of(self, path: str) -> list[StoredFunction]: ...
    def has_file(self, path: str) -> bool: ...
    def summaries(self, ids: Sequence[int]) -> dict[int, FunctionSummary]: ...
    def languages(self) -> set[str]: ...
    def ids_where(
        self,
        languages: Collection[str] = (),
        kinds: Collection[str] = (),
        in_file: Callable[[str], bool] | None = None,
    ) -> frozenset[int]: ...
    def generation(self) -> int: ...

    def matching_words(
        self, expression: str, limit: int, weights: ColumnWeights, allowed: Collection[int] | None = None
    ) -> list[tuple[int, float]]: ...

    def word_statistics(self, words: Iterable[str]) -> WordStatistics: ...
    def matching_history(self, expression: str, limit: int) -> list[HistoryMatch]: ...
    def terms(self, prefix: str, shortest: int, longest: int) -> dict[str, int]: ...
    def having_words(self, words: Iterable[str], ids: Sequence[int]) -> dict[str, set[int]]: ...

    def named(self, names: Sequence[str], limit: int) -> list[int]: ...
    def names(self, prefix: str, shortest: int, longest: int) -> list[str]: ...
    def in_paths(self, endings: Sequence[str], limit: int) -> list[int]: ...

    def text_keys(self, ids: Sequence[int]) -> dict[int, str]: ...
    def vectors_of(self, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]: ...
    def window_vectors(self, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]: ...
    def sample_vectors(self, model: str, layer: int, language: str, limit: int) -> Floats: ...
    def put_vectors(self, model: str, layer: int, text_keys: Sequence[str], vectors: Floats) -> None: ...


class StoreReader:
    """The part of `Store` that searches use. Its methods raise `IndexStoreError` if the file cannot be used."""

    def __init__(self, path: Path | None) -> None:
        """Open the index at `path`, as `IndexConnection` does."""
        self._connection = IndexConnection(path)
        self.history = HistoryTable(self._connection.reading, self._connection.writing)
        """The commits of the repository that changed functions."""

    def _read(
        self,
        query: Callable[Concatenate[sqlite3.Connection, Given], Result],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Result:
        with self._connection.reading() as db:
            return query(db, *args, **kwargs)

    def _write(
        self,
        change: Callable[Concatenate[sqlite3.Connection, Given], Result],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Result:
        """Run one transaction."""
        with self._connection.writing() as db:
            return change(db, *args, **kwargs)

    def functions(self, ids: Sequence[int]) -> dict[int, StoredFunction]:
        """The functions with these ids; ids that are gone are left out."""
        return self._read(functions.by_id, ids)

    def functions_of(self, path: str) -> list[StoredFunction]:
        """The functions of a file in the order of their place."""
        return self._read(functions.of_file, path)

    def has_file(self, path: str) -> bool:
        """Whether the path is in the index, not counting skipped files."""
        return self._read(files.exists, path)

    def summaries(self, ids: Sequence[int]) -> dict[int, FunctionSummary]:
        """What ranking reads of these functions; ids that are gone are left out."""
        return self._read(functions.summaries, ids)

    def languages(self) -> set[str]:
        """The languages of all functions."""
        return set(self._read(functions.count_by_language))

    def ids_where(
        self,
        languages: Collection[str] = (),
        kinds: Collection[str] = (),
        in_file: Callable[[str], bool] | None = None,
    ) -> frozenset[int]:
        """The ids of all functions in one of the languages, of one of the kinds, in a file whose path is accepted.

        What is left out restricts nothing.
        """
        found: list[set[int]] = []
        # One query each, because each can be answered from an index of SQLite's and the conjunction could not.
        for column, values in (("language", tuple(languages)), ("kind", tuple(kinds))):
            if values:
                found.append(self._read(functions.ids_with, column, values))
        if in_file is not None:
            # An error of `in_file` is no error of the index, so it runs outside `_read`.
            accepted = [file_id for file_id, path in self._read(files.ids_and_paths) if in_file(path)]
            found.append(self._read(functions.ids_in_files, accepted))
        return frozenset(set.intersection(*found) if found else self._read(functions.all_ids))

    def generation(self) -> int:
        """A number that grows with every change to functions or vectors, by any process."""
        return self._read(metadata.generation)

    # --- words and names -----------------------------------------------------------------------------------------

    def matching_words(
        self, expression: str, limit: int, weights: ColumnWeights, allowed: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """Functions that match an expression of `match_expression`: ids and BM25 scores, best (largest) first.

        An empty expression matches nothing.
        """
        return self._read(fulltext.matching, expression, limit, weights, allowed)

    def word_statistics(self, words: Iterable[str]) -> WordStatistics:
        """What BM25 scores are computed from, besides the function itself."""
        return self._read(fulltext.statistics, words)

    def matching_history(self, expression: str, limit: int) -> list[HistoryMatch]:
        """Functions whose commits match an expression of `match_expression`: at least `limit` if there are as many."""
        return self.history.matching(expression, limit)

    def terms(self, prefix: str, shortest: int, longest: int) -> dict[str, int]:
        """Stems of full-text search that start with a prefix in lower case, and how many functions have each.

        `shortest` and `longest` are bounds of their length.
        """
        return self._read(fulltext.terms, prefix, shortest, longest)

    def having_words(self, words: Iterable[str], ids: Sequence[int]) -> dict[str, set[int]]:
        """For each word, which of the functions have it."""
        return self._read(fulltext.having, words, ids)

    def named(self, names: Sequence[str], limit: int) -> list[int]:
        """Functions with one of these names, in any case of ASCII letters: the oldest `limit` of them."""
        return self._read(functions.named, names, limit)

    def names(self, prefix: str, shortest: int, longest: int) -> list[str]:
        """Names of `shortest` to `longest` characters that start with `prefix`, in any case of ASCII letters.

        In alphabetical order, and no more than some thousands.
        """
        return self._read(functions.names, prefix, shortest, longest)

    def in_paths(self, endings: Sequence[str], limit: int) -> list[int]:
        """Functions of files whose path is one of these, or ends with one after a slash: the oldest `limit` of them."""
        return self._read(functions.at_paths, endings, limit)

    # --- vectors -------------------------------------------------------------------------------------------------

    def text_keys(self, ids: Sequence[int]) -> dict[int, str]:
        """The key of each function's text; ids that are gone are left out."""
        return self._read(functions.text_keys, ids)

    def vectors_of(self, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]:
        """The vector `[dim]` of each of these functions that has one at this exit."""
        return self._read(embeddings.of_functions, model, layer, ids)

    def window_vectors(self, model: str, layer: int, ids: Sequence[int]) -> dict[int, Floats]:
        """The vectors `[windows, dim]` of the windows of each of these functions that has any at this exit."""
        return self._read(windows.vectors, model, layer, ids)

    def sample_vectors(self, model: str, layer: int, language: str, limit: int) -> Floats:
        """Up to `limit` vectors `[n, dim]` of a language's functions at this exit, the same ones every time.

        The choice does not depend on where the functions are.
        """
        return self._read(embeddings.sample, model, layer, language, limit)

    def put_vectors(self, model: str, layer: int, text_keys: Sequence[str], vectors: Floats) -> None:
        """Store unit vectors `[len(text_keys), hidden]` of texts at an exit, cut to the length that is kept of them.

        Raises `ValueError` if they are shorter.
        """
        self._write(embeddings.put, model, layer, text_keys, vectors)
