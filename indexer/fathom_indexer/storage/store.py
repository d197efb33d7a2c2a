"""The index file as one object: every public method is one transaction, the work is done by a module for each table."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.storage import coverage, embeddings, files, functions, metadata, sketches, windows
from fathom_indexer.storage.codec import vectors_from
from fathom_indexer.storage.damage import DamageError
from fathom_indexer.storage.reader import StoreReader
from fathom_indexer.storage.records import FileState, Replaced, SketchedFunction, SketchRow, StoredFunction
from fathom_indexer.types import FileRecord, Function, SkippedFile

logger = logging.getLogger(__name__)


class Store(StoreReader):
    """The index file. After a kill, each method has happened completely or not at all.

    Belongs to the thread that opened it. `IndexConnection` says how the file is opened and when it is replaced. Methods
    raise `IndexStoreError` if the file cannot be used.
    """

    @property
    def path(self) -> Path | None:
        """The file; None for an index in memory."""
        return self._connection.path

    def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        self._connection.close()

    # --- files ---------------------------------------------------------------------------------------------------

    def file_states(self, under: Sequence[str] | None = None) -> dict[str, FileState]:
        """All paths that were read or skipped; with `under`, those that are one of these paths or in one of them."""
        return self._read(files.states, under)

    def put_file(self, file: FileRecord, given: Sequence[tuple[Function, str]]) -> Replaced:
        """Store a file with its functions and their text keys, in place of what the path held.

        A function that differs in its place only keeps its id, and so its sketch. Ids are never used twice.
        """
        return self._write(files.put, file, given)

    def put_skipped(self, skipped: Sequence[tuple[SkippedFile, FileState]]) -> list[int]:
        """Record that paths were left out, in place of what they held. Returns the ids that are gone."""
        return self._write(files.put_skipped, skipped)

    def touch_file(self, path: str, size: int, changed_ns: int) -> None:
        """Record the new time of a file whose content is the same."""
        self._write(files.touch, path, size, changed_ns)

    def remove_files(self, paths: Iterable[str]) -> list[int]:
        """Forget paths. Returns the ids of the functions that are gone."""
        with self._connection.writing() as db:
            return [function_id for path in paths for function_id in files.remove(db, path)]

    def made_by(self, fingerprint: str) -> None:
        """Forget all files if another version of Fathom made them: unchanged files would never be read again.

        `fingerprint` identifies everything that decides which units a file gives.
        """
        known = self._read(metadata.fingerprint)
        if known == fingerprint:
            return
        if known:
            logger.warning("the index %s was made by another version of Fathom: files will be read anew", self.path)
        self.clear()
        self._write(metadata.set_fingerprint, fingerprint)

    def clear(self) -> None:
        """Forget everything but the vectors, which the same code would need again."""
        self._write(files.clear)

    def content_hash(self, path: str) -> str:
        """The content hash of one path; empty if it is not in the index."""
        return self._read(files.content_hash, path)

    def counts(self) -> tuple[int, int]:
        """The number of files and of functions."""
        return self._read(files.counts)

    def skipped_by_reason(self) -> dict[str, int]:
        """The number of skipped files by reason, most first."""
        return self._read(files.skipped_by_reason)

    def skipped_files(self, limit: int) -> list[SkippedFile]:
        """The first skipped files by path; those that are too large come first, since a setting would include them."""
        return self._read(files.skipped, limit)

    def size_bytes(self) -> int:
        """Bytes of the index on disk, the write-ahead log included."""
        return self._connection.size_bytes()

    # --- functions and sketches ----------------------------------------------------------------------------------

    def ids_in(self, paths: Sequence[str]) -> list[int]:
        """The ids of all functions of some files."""
        return self._read(functions.ids_in_paths, paths)

    def functions_with_text(self, text_keys: Sequence[str]) -> dict[str, list[StoredFunction]]:
        """The functions that have each text: several where code was copied. Texts of no function are left out."""
        return self._read(functions.by_text, text_keys)

    def ids_with_text(self, text_keys: Sequence[str]) -> dict[str, list[int]]:
        """As `functions_with_text`, ids only: nothing of the functions is read."""
        return self._read(functions.ids_by_text, text_keys)

    def functions_by_language(self) -> dict[str, int]:
        """The number of functions in each language, most first."""
        return self._read(functions.count_by_language)

    def unsketched(self, kinds: Sequence[str]) -> list[int]:
        """Functions of these kinds that have no sketch yet."""
        return self._read(sketches.missing, kinds)

    def put_sketches(self, made: Mapping[int, SketchRow]) -> None:
        """Store sketches by function id. Functions that are gone meanwhile are left out."""
        self._write(sketches.put, made)

    def sketched(self, min_tokens: int) -> list[SketchedFunction]:
        """The functions whose sketch has at least so many tokens, by id."""
        return self._read(sketches.read, min_tokens)

    # --- vectors -------------------------------------------------------------------------------------------------

    def keep_length(self, model: str, layer: int, dim: int) -> None:
        """Keep the first `dim` features of vectors at this exit from now on, at unit length.

        Stored vectors that are shorter are forgotten, longer ones stay as they are. Without this, vectors are kept as
        they come.
        """
        # Vectors of length 0 are useless.
        if self._read(embeddings.kept_length, model, layer) < max(dim, 1):
            self._write(embeddings.keep_length, model, layer, dim)

    def vectors(self, model: str, layer: int) -> tuple[list[int], Floats]:
        """Ids of the functions that have a vector at this exit, and the vectors `[n, dim]`, in the same order."""
        parts = list(self.vectors_in_parts(model, layer))
        ids = [function_id for some, _ in parts for function_id in some]
        return ids, np.concatenate([vectors for _, vectors in parts]) if parts else vectors_from([])

    def vectors_in_parts(self, model: str, layer: int) -> Iterator[tuple[list[int], Floats]]:
        """As `vectors`, some thousand at a time, so that they need not be in memory twice."""
        with self._connection.reading() as db:
            yield from embeddings.in_parts(db, model, layer)

    def vectors_of_texts(self, model: str, layer: int, text_keys: Sequence[str]) -> dict[str, Floats]:
        """The vector `[dim]` of each of these texts that has one at this exit."""
        return self._read(embeddings.of_texts, model, layer, text_keys)

    def borrow_vectors(self, other: Path, model: str, layer: int, text_keys: Sequence[str]) -> None:
        """Store vectors of these texts from the index file `other`. Does nothing if that cannot be read."""
        try:
            keys, vectors = embeddings.of_other_index(other, model, layer, text_keys)
        except (sqlite3.Error, DamageError) as error:
            logger.info("no vectors are taken from the index %s: %s", other, error)
            return
        if keys and vectors.shape[1] >= self._read(embeddings.kept_length, model, layer):
            self.put_vectors(model, layer, keys, vectors)

    def texts_without_vector(
        self, model: str, layer: int, among: Collection[str] | None = None
    ) -> dict[str, list[str]]:
        """Keys of the texts that have no vector at this exit yet, by path: under each file that has the text.

        Files that were changed last come first. `among` restricts the answer to these paths.
        """
        return self._read(coverage.missing_by_path, model, layer, among)

    def without_vector(self, model: str, layer: int, text_keys: Sequence[str]) -> list[str]:
        """Those of the keys that have no vector at this exit, in their order."""
        return self._read(coverage.missing_among, model, layer, text_keys)

    def functions_without_windows(self) -> list[int]:
        """The ids of the functions whose windows were not put yet, the newest first."""
        return self._read(windows.functions_without)

    def put_windows(self, keys: Mapping[int, Sequence[str]]) -> None:
        """Store the text keys of functions' windows, by id; of a function without any, that it was looked at."""
        self._write(windows.put, keys)

    def embedded(self, model: str, layer: int) -> int:
        """The number of functions that have a vector at this exit."""
        return self.counts()[1] if self.is_complete(model, layer) else self._read(coverage.count, model, layer)

    def is_complete(self, model: str, layer: int) -> bool:
        """Whether nothing changed since `note_complete` recorded that all functions have their vector at this exit."""
        return self._read(coverage.is_complete, model, layer)

    def note_complete(self, model: str, layers: Sequence[int], writes: int) -> None:
        """Record that all functions have their vector at these exits, if `writes_elsewhere` still is `writes`."""
        if not all(self.is_complete(model, layer) for layer in layers):
            self._write(coverage.note_complete, model, layers, writes)

    def writes_elsewhere(self) -> int:
        """A number that changes whenever another process has written to the index."""
        return self._read(coverage.writes_elsewhere)

    def last_pruned(self, model: str, layers: Sequence[int]) -> int | None:
        """The last day on which `prune` was called with each of these exits; None if it never was."""
        return self._read(coverage.last_pruned, model, layers)

    def prune(self, model: str, layers: Sequence[int], today: int, days: int, most: int) -> int:
        """Forget vectors that were not used for `days`; returns how many.

        Those are the vectors of other models, of exits not in `layers`, and of texts that no function has: users may
        switch back to any of them. At most `most` such texts are kept, those unused longest go first. `today` counts
        days from any start.
        """
        return self._write(coverage.prune, model, layers, today, days, most)
