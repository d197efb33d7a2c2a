"""Brings an index up to date: files -> functions -> vectors, in steps short enough to be interrupted by a search."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fathom_indexer.config import Config
from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.encoder import Encoder, TextKind, code_text, text_key
from fathom_indexer.errors import QueryError, WorkspaceError
from fathom_indexer.indexing.backlog import EmbeddingBacklog
from fathom_indexer.indexing.priority import FilePriority
from fathom_indexer.indexing.recent_texts import RecentTexts
from fathom_indexer.languages import extract, language_named, to_utf8
from fathom_indexer.storage import FileState, Store, content_hash
from fathom_indexer.types import FileRecord, Progress, SkippedFile, Stage
from fathom_indexer.vectors.cache import VectorCache
from fathom_indexer.workspace import (
    UNREADABLE,
    VANISHED,
    SourceFile,
    forget_apart,
    index_path,
    other_worktrees,
    printable,
    read_source,
    root_trouble,
    scan,
)

logger = logging.getLogger(__name__)

_SCAN_STEP = 200
"""Files scanned in one step."""

_WINDOW = 64
"""Texts that are read and sorted by length together. Larger windows mean less padding in batches, noticeably so only
from some hundreds on; but searches wait while a window is read."""

_BORROWED_AT_ONCE = 2000
"""Texts whose vectors are taken from another index in one step."""

_FEW_NEW = 16
"""Up to so many new texts are embedded at the rerank exit too, in the same pass: they come from an edit."""

_SECONDS_A_DAY = 86_400
_KEPT_DAYS = 14
"""How long vectors of texts that no file has are kept: users switch back to branches."""

_UNUSED_TEXTS = 2
"""The largest number of such texts, as a multiple of the number of functions."""

_FEW = 10_000
"""That limit counts at least so many functions."""

_TICK_NS = 2_000_000_000
"""The tick of the coarsest clock among common file systems."""

UNPARSABLE = "cannot be parsed"


@dataclass(slots=True)
class _Run:
    """One comparison of files with the index."""

    unread: int
    """Files that differ from the index and were not read yet; at least one while that is not known."""


class IndexPipeline:
    """Updates one store from one workspace. `encoder` is called when the first text is to be embedded."""

    def __init__(
        self,
        root: Path,
        config: Config,
        store: Store,
        space: EmbeddingSpace,
        encoder: Callable[[], Encoder],
        cache: VectorCache,
        priority: FilePriority,
    ) -> None:
        """`cache` holds the vectors of the index exit in memory; the files of `priority` are embedded first."""
        self._root = root
        self._config = config
        self._store = store
        self._space = space
        self._encoder = encoder
        self._cache = cache
        self._priority = priority
        self._backlog = EmbeddingBacklog(store, space.model)
        self._texts = RecentTexts()
        self._runs: dict[bool, _Run] = {}
        """The last run over the whole workspace, under True, and the last one over some files."""

    @property
    def unread(self) -> int:
        """Files that differ from the index, or may differ, and were not read yet."""
        return sum(run.unread for run in self._runs.values())

    def steps(self, paths: Sequence[str] | None) -> Iterator[Progress]:
        """Bring the store up to date with the files and embed what is new, step by step.

        `paths`, relative to the root, restricts the comparison to some files and folders; None compares the whole
        workspace. After the `PARSE` stage everything can be found by words. Stopping between two steps loses nothing.
        Raises `WorkspaceError` if the root is not available, and then forgets no file.
        """
        if paths is not None:
            self._priority.note(paths)
            run = _Run(len(paths))
        else:
            # This run includes the files of earlier ones.
            self._runs.clear()
            # If everything has its vector, all files were read. The run begins by finding out whether others were
            # added.
            run = _Run(0 if self._store.is_complete(self._space.model, self._space.index_exit) else 1)
        self._runs[paths is None] = run
        return self._steps(paths, run)

    def _steps(self, paths: Sequence[str] | None, run: _Run) -> Iterator[Progress]:
        try:
            yield from self._read_files(paths, run)
            run.unread = 0
            yield from self._embed_all()
            yield Progress(Stage.READY, 1, 1)
        except GeneratorExit:
            # The caller stopped, and a later run does the rest. After an error the files stay unread.
            run.unread = 0
            raise

    def idle_steps(self) -> Iterator[Progress]:
        """Work for idle time: vectors of the rerank exit for all texts, then pruning vectors that were long unused.

        Step by step; stopping between two loses nothing.
        """
        space = self._space
        if space.rerank_exit != space.index_exit:
            todo = yield from self._todo(Stage.DEEPEN, space.rerank_exit)
            yield from self._embed(Stage.DEEPEN, todo, (space.rerank_exit,))
            self._backlog.all_made(space.rerank_exit)
        self._prune()

    def _prune(self) -> None:
        today = int(time.time() // _SECONDS_A_DAY)
        in_use = (self._space.index_exit, self._space.rerank_exit)
        if self._store.last_pruned(self._space.model, in_use) == today:
            return
        if self._store.path is not None:
            # Marks the folder as used: a process may run for longer than `forget_apart` allows.
            with contextlib.suppress(OSError):
                os.utime(self._store.path.parent)
        forget_apart(self._config, (today - _KEPT_DAYS) * _SECONDS_A_DAY)
        most = _UNUSED_TEXTS * max(self._store.counts()[1], _FEW)
        if pruned := self._store.prune(self._space.model, in_use, today, _KEPT_DAYS, most):
            logger.info("pruned %d vectors that were long unused", pruned)

    def _read_files(self, paths: Sequence[str] | None, run: _Run) -> Iterator[Progress]:
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

    def _embed_all(self) -> Iterator[Progress]:
        """Embed the backlog of the index exit."""
        space = self._space
        todo = yield from self._todo(Stage.EMBED, space.index_exit)
        layers = {space.index_exit, space.rerank_exit} if len(_distinct(todo)) <= _FEW_NEW else {space.index_exit}
        yield from self._embed(Stage.EMBED, todo, sorted(layers, key=lambda layer: layer != space.index_exit))
        self._backlog.all_made(space.index_exit)
        self._texts.clear()
        self._cache.repair()

    def _todo(self, stage: Stage, layer: int) -> Generator[Progress, None, dict[str, list[str]]]:
        """Keys of the texts to embed, by path. If they are many, vectors are first taken from the indexes of the
        repository's other worktrees."""
        model = self._space.model
        todo = self._backlog.texts(layer)
        keys = _distinct(todo)
        if len(keys) <= _FEW_NEW:
            return todo
        for other in other_worktrees(self._root):
            index = index_path(other, self._config)
            if index == self._store.path or not index.exists():
                continue
            for start in range(0, len(keys), _BORROWED_AT_ONCE):
                self._store.borrow_vectors(index, model, layer, keys[start : start + _BORROWED_AT_ONCE])
                yield Progress(stage, start, len(keys))
            todo = self._backlog.texts(layer)
            keys = _distinct(todo)
            self._cache.forget()
        return todo

    def _embed(self, stage: Stage, todo: dict[str, list[str]], layers: Sequence[int]) -> Iterator[Progress]:
        """Embed the texts of files."""
        model = self._space.model
        total = len(_distinct(todo))
        done = 0
        for chosen in self._windows(todo):
            # A search or another process may have embedded some of them meanwhile, and some may be gone.
            found = self._store.ids_with_text(self._store.without_vector(model, layers[0], chosen))
            done += len(chosen) - len(found)
            # The query is a step of its own.
            yield Progress(stage, done, total)
            for count in self._embed_texts(found, layers):
                done += count
                yield Progress(stage, done, total)

    def _windows(self, todo: dict[str, list[str]]) -> Iterator[list[str]]:
        """The texts, each once, in windows: those of `priority` first, which is read again for every file."""
        left = dict(todo)
        taken: set[str] = set()
        window: list[str] = []
        for path in todo:
            while path in left:
                soonest = next((soon for soon in self._priority.paths() if soon in left), path)
                new = [key for key in dict.fromkeys(left.pop(soonest)) if key not in taken]
                taken.update(new)
                window += new
                while len(window) >= _WINDOW:
                    yield window[:_WINDOW]
                    del window[:_WINDOW]
        if window:
            yield window

    def _embed_texts(self, found: Mapping[str, Sequence[int]], layers: Sequence[int]) -> Iterator[int]:
        """Embed the texts of functions, given by text key, and store the vectors; yields how many with each step."""
        texts = self._texts_of(list(found))
        keys = list(texts)
        for positions, vectors in self._encoder().encode_batches(list(texts.values()), TextKind.CODE, layers):
            batch_keys = [keys[position] for position in positions]
            # Copies of one text share its vector.
            rows = [row for row, key in enumerate(batch_keys) for _ in found[key]]
            ids = [function_id for key in batch_keys for function_id in found[key]]
            for layer in layers:
                self._store.put_vectors(self._space.model, layer, batch_keys, vectors[layer])
            if self._space.index_exit in layers:
                self._cache.functions_embedded(ids, vectors[self._space.index_exit][rows])
            yield len(positions)

    def _texts_of(self, keys: Sequence[str]) -> dict[str, str]:
        """What the encoder reads, by text key: as it was built when the file was read, else built from the store."""
        texts = {key: text for key in keys if (text := self._texts.get(key)) is not None}
        for key, stored in self._store.functions_with_text([key for key in keys if key not in texts]).items():
            texts[key] = code_text(stored[0].function, stored[0].path)
        return texts


def _differs(file: SourceFile, known: FileState | None) -> bool:
    return known is None or (known.size, known.changed_ns) != (file.size, file.changed_ns)


def _trusted(changed_ns: int) -> int:
    """The time to store for a file that has just been read.

    A file that was changed a moment ago may change again within the same clock tick, to the same size and time. A time
    that differs from its own is stored then, so that the next run reads it again.
    """
    return changed_ns - 1 if abs(time.time_ns() - changed_ns) < _TICK_NS else changed_ns


def _distinct(todo: Mapping[str, Sequence[str]]) -> list[str]:
    """All keys, each once."""
    return list(dict.fromkeys(key for keys in todo.values() for key in keys))
