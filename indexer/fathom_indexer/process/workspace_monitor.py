"""Whether the workspace's folder is there, and whether its files are watched."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from fathom_indexer.errors import WorkspaceError
from fathom_indexer.process.index_runner import Indexing
from fathom_indexer.process.reporting import Problems
from fathom_indexer.wire.messages import ErrorAnswer

logger = logging.getLogger(__name__)

Watch = Callable[[Callable[[str], None]], None]
"""Begins to watch the files. Its argument is called with a reason when they are not watched any more."""

RESCAN_INTERVAL = 30.0
"""Seconds after which a search has the workspace scanned again, where its files cannot be watched."""


class RootCheck(Protocol):
    """The part of the engine that this uses; `fathom_indexer.engine.Engine` documents it."""

    def trouble(self) -> str: ...


class WorkspaceMonitor:
    """Has the workspace scanned again when changes of its files may have been missed."""

    def __init__(self, problems: Problems, clock: Callable[[], float], watch: Watch | None) -> None:
        """`watch` begins to watch the files; None where that is not possible."""
        self._problems = problems
        self._clock = clock
        self._watch = watch
        self._watches = False
        self._unwatched_since: float | None = None
        """The time of the last scan, if the files should be watched and cannot be."""

    def watch_files(self) -> None:
        """Begin to watch the files, unless they are watched."""
        if self._watch is not None and not self._watches:
            self._watches = True
            self._watch(self._watching_failed)

    def rescan_if_unwatched(self, indexing: Indexing) -> None:
        """Scan the workspace if its files cannot be watched and the last scan is a while ago."""
        since = self._unwatched_since
        if since is not None and self._clock() - since >= RESCAN_INTERVAL:
            self._unwatched_since = self._clock()
            indexing.rescan(again=True)

    def check_root(self, engine: RootCheck, indexing: Indexing) -> str:
        """A message for the user when the workspace's folder is away; empty if it is there.

        All clients are told that it is away. Once it is back, it is scanned, whether it is watched or not.
        """
        trouble = engine.trouble()
        if trouble and not self._problems.is_folder_away:
            self._problems.report(WorkspaceError(trouble))
            self._problems.plan_retry()
        elif self._problems.is_folder_away and not trouble:
            self._problems.is_folder_away = False
            indexing.rescan()
        return f"{trouble}; what is known of it is kept until it is back" if trouble else ""

    def _watching_failed(self, reason: str) -> None:
        """Called from any thread when the files are not watched any more."""
        self._unwatched_since = self._clock()
        logger.warning("%s", reason)
        self._problems.tell(ErrorAnswer("index", reason))
