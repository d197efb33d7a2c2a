"""The first stage of indexing: files are compared with the store, and those that changed are read and parsed."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fathom_indexer.config import Config
from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.encoder import code_text, text_key
from fathom_indexer.errors import QueryError, WorkspaceError
from fathom_indexer.indexing.backlog import EmbeddingBacklog
from fathom_indexer.indexing.recent_texts import RecentTexts
from fathom_indexer.languages import extract, language_named, to_utf8
from fathom_indexer.storage import FileState, Store, content_hash
from fathom_indexer.types import FileRecord, Progress, SkippedFile, Stage
from fathom_indexer.vectors.cache import VectorCache
from fathom_indexer.workspace import (
    UNREADABLE,
    VANISHED,
    SourceFile,
    printable,
    read_source,
    root_trouble,
    scan,
)

logger = logging.getLogger(__name__)

_SCAN_STEP = 200
"""Files scanned in one step."""

_TICK_NS = 2_000_000_000
"""The tick of the coarsest clock among common file systems."""

UNPARSABLE = "cannot be parsed"


@dataclass(slots=True)
class ReadingRun:
    """One comparison of files with the index."""

    unread: int
    """Files that differ from the index and were not read yet; at least one while that is not known."""


class FileReader:
    """Brings the functions in the store up to date with the files of a workspace."""

    def __init__(
        self,
        root: Path,
        config: Config,
        store: Store,
        space: EmbeddingSpace,
        cache: VectorCache,
        backlog: EmbeddingBacklog,
        texts: RecentTexts,
    ) -> None:
        """`cache` and `backlog` are told which functions change; `texts` gets the texts that are to be embedded."""
        self._root = root
        self._config = config
        self._store = store
        self._space = space
        self._cache = cache
        self._backlog = backlog
        self._texts = texts

    def steps(self, paths: Sequence[str] | None, run: ReadingRun) -> Iterator[Progress]:
        """Compare files with the store and read those that changed, step by step; `run` is kept up to date.

        `paths` is as `IndexPipeline.steps` takes it. Raises `WorkspaceError` if the root is not available, and then
        forgets no file.
        """
        self._check_root()
        # The index has printable names of files whose names are not valid text.
        known = self._store.file_states(None if paths is None else [printable(path) for path in paths])
        found: list[SourceFile] = []
        skipped: list[SkippedFile] = []
        seen = 0
        for item in self._scan(paths):
            if isinstance(item, SourceFile):
                found.append(item)
            else:
                skipped.append(item)
            seen += 1
            if seen % _SCAN_STEP == 0:
                yield Progress(Stage.SCAN, seen, seen)
        yield Progress(Stage.SCAN, seen, seen)
        # Files that were not seen because the root became unavailable are not gone.
        self._check_root()
        unreadable = tuple(item.path for item in skipped if item.path.endswith("/") and item.reason == UNREADABLE)
        self._forget(known, {file.path for file in found} | {item.path for item in skipped}, unreadable)
        # Skipped files have no time here: every scan decides about them again.
        self._skip([(item, FileState(0, 0, "")) for item in skipped])
        # A file in `paths` was written just now, perhaps within a clock tick of the last run: compare its content.
        changed = [file for file in found if paths is not None or _differs(file, known.get(file.path))]
        run.unread = len(changed)
        for done, file in enumerate(changed, start=1):
            for _ in self._read_file(file, known.get(file.path)):
                yield Progress(Stage.PARSE, done - 1, len(changed))
            run.unread = len(changed) - done
            yield Progress(Stage.PARSE, done, len(changed))

    def _check_root(self) -> None:
        if trouble := root_trouble(self._root):
            raise WorkspaceError(trouble)

    def _scan(self, paths: Sequence[str] | None) -> Iterator[SourceFile | SkippedFile]:
        if paths is None:
            yield from scan(self._root, self._config)
            return
        for path in dict.fromkeys(paths):
            yield from scan(self._root, self._config, under=path)

    def _forget(self, known: Mapping[str, FileState], seen: set[str], unreadable: tuple[str, ...]) -> None:
        # A folder that cannot be read now (a share that is offline, changed rights) has not lost its files.
        gone = [path for path in known if path not in seen and not path.startswith(unreadable)]
        if gone:
            self._gone(self._store.remove_files(gone))

    def _skip(self, skipped: Sequence[tuple[SkippedFile, FileState]]) -> None:
        self._gone(self._store.put_skipped(skipped))

    def _gone(self, ids: Sequence[int]) -> None:
        self._cache.functions_gone(ids)

    def _read_file(self, file: SourceFile, known: FileState | None) -> Iterator[None]:
        """Bring the store up to date with one file: parse it, which may take a moment, then store what it has."""
        changed_ns = _trusted(file.changed_ns)
        source = read_source(self._root, file.path, self._config)
        if isinstance(source, SkippedFile):
            # Perhaps the file is unchanged and the root is unavailable.
            self._check_root()
            if source.reason == VANISHED:
                self._gone(self._store.remove_files([file.path]))
            else:
                # No time of a file changes when it becomes readable, so the next run has to try again.
                known_time = 0 if source.reason == UNREADABLE else changed_ns
                self._skip([(source, FileState(file.size, known_time, ""))])
            return
        # An editor, which knows the file's encoding, has the same text.
        source = to_utf8(source)
        source_hash = content_hash(source)
        if known is not None and known.content_hash == source_hash:
            self._store.touch_file(file.path, file.size, changed_ns)
            return
        try:
            functions = extract(source, language_named(file.language))
        except (QueryError, ValueError, RuntimeError, RecursionError, MemoryError) as error:
            # An error in the parsing of one file must not stop the others.
            logger.warning("%s cannot be parsed", file.path, exc_info=error)
            # A file for which memory did not suffice is tried again in the next run.
            known_time = 0 if isinstance(error, MemoryError) else changed_ns
            self._skip([(SkippedFile(file.path, UNPARSABLE), FileState(file.size, known_time, ""))])
            return
        record = FileRecord(file.path, file.language, file.size, changed_ns, source_hash)
        yield
        texts = [code_text(function, file.path) for function in functions]
        keys = [text_key(text) for text in texts]
        replaced = self._store.put_file(record, list(zip(functions, keys, strict=True)))
        self._backlog.file_read(file.path)
        self._gone(replaced.gone)
        # Functions that were moved here or restored have their vectors already.
        known_vectors = self._store.vectors_of(self._space.model, self._space.index_exit, replaced.new)
        if known_vectors:
            self._cache.functions_embedded(list(known_vectors), np.stack(list(known_vectors.values())))
        to_embed = set(replaced.new) - known_vectors.keys()
        units = zip(replaced.ids, keys, texts, strict=True)
        self._texts.add({key: text for function_id, key, text in units if function_id in to_embed})


def _differs(file: SourceFile, known: FileState | None) -> bool:
    return known is None or (known.size, known.changed_ns) != (file.size, file.changed_ns)


def _trusted(changed_ns: int) -> int:
    """The time to store for a file that has just been read.

    A file that was changed a moment ago may change again within the same clock tick, to the same size and time. A time
    that differs from its own is stored then, so that the next run reads it again.
    """
    return changed_ns - 1 if abs(time.time_ns() - changed_ns) < _TICK_NS else changed_ns
