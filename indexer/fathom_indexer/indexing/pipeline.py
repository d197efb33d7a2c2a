"""Brings an index up to date: files -> functions -> vectors, in steps short enough to be interrupted by a search."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fathom_indexer.config import Config
from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.encoder import Encoder
from fathom_indexer.indexing.backlog import EmbeddingBacklog
from fathom_indexer.indexing.embedding import TextEmbedder
from fathom_indexer.indexing.history import HistoryReader
from fathom_indexer.indexing.priority import FilePriority
from fathom_indexer.indexing.reading import FileReader, ReadingRun
from fathom_indexer.indexing.recent_texts import RecentTexts
from fathom_indexer.indexing.windows import WindowEmbedder
from fathom_indexer.storage import Store
from fathom_indexer.types import Progress, Stage
from fathom_indexer.vectors.cache import VectorCache
from fathom_indexer.workspace import forget_private_indexes

logger = logging.getLogger(__name__)

_SECONDS_A_DAY = 86_400
_KEPT_DAYS = 14
"""How long vectors of texts that no file has are kept: users switch back to branches."""

_UNUSED_TEXTS = 2
"""The largest number of such texts, as a multiple of the number of functions."""

_FEW = 10_000
"""That limit counts at least so many functions."""


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
        self._config = config
        self._store = store
        self._space = space
        self._priority = priority
        backlog, texts = EmbeddingBacklog(store, space.model), RecentTexts()
        self._reader = FileReader(root, config, store, space, cache, backlog, texts)
        self._embedder = TextEmbedder(root, config, store, space, encoder, cache, priority, backlog, texts)
        self._windows = WindowEmbedder(store, space, encoder)
        self._history = HistoryReader(root, config, store)
        self._runs: dict[bool, ReadingRun] = {}
        """The last run over the whole workspace, under True, and the last one over some files."""

    def close(self) -> None:
        """End the processes that it has started."""
        self._history.close()

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
            run = ReadingRun(len(paths))
        else:
            # This run includes the files of earlier ones.
            self._runs.clear()
            # If everything has its vector, all files were read. The run begins by finding out whether others were
            # added.
            run = ReadingRun(0 if self._store.is_complete(self._space.model, self._space.index_exit) else 1)
        self._runs[paths is None] = run
        return self._steps(paths, run)

    def _steps(self, paths: Sequence[str] | None, run: ReadingRun) -> Iterator[Progress]:
        try:
            yield from self._reader.steps(paths, run)
            run.unread = 0
            yield from self._embedder.index_steps()
            yield Progress(Stage.READY, 1, 1)
        except GeneratorExit:
            # The caller stopped, and a later run does the rest. After an error the files stay unread.
            run.unread = 0
            raise

    def idle_steps(self) -> Iterator[Progress]:
        """Work for idle time: vectors of the rerank exit for all texts, then for the windows of long functions, then
        reading the repository's history, then pruning vectors that were long unused.

        Step by step; stopping between two loses nothing.
        """
        yield from self._embedder.rerank_steps()
        yield from self._windows.steps()
        self._embedder.note_complete()
        yield from self._history.steps()
        self._prune()

    def _prune(self) -> None:
        today = int(time.time() // _SECONDS_A_DAY)
        in_use = self._space.exits
        if self._store.last_pruned(self._space.model, in_use) == today:
            return
        if self._store.path is not None:
            # Marks the folder as used: a process may run for longer than `forget_private_indexes` allows.
            with contextlib.suppress(OSError):
                os.utime(self._store.path.parent)
        forget_private_indexes(self._config, (today - _KEPT_DAYS) * _SECONDS_A_DAY)
        most = _UNUSED_TEXTS * max(self._store.counts()[1], _FEW)
        if pruned := self._store.prune(self._space.model, in_use, today, _KEPT_DAYS, most):
            logger.info("pruned %d vectors that were long unused", pruned)
