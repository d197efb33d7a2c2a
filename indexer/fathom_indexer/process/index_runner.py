"""The indexing that is left to do, as a source of short steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from fathom_indexer.types import Progress, Stage

MANY_CHANGES = 100
"""With more changed files than this the whole workspace is scanned, which is quicker than one file after another."""

READY = Progress(Stage.READY, 1, 1)


class IndexSteps(Protocol):
    """The part of the engine that this uses; `fathom_indexer.engine.Engine` documents it."""

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]: ...
    def idle_steps(self) -> Iterator[Progress]: ...


class Indexing:
    """The indexing that is left to do, as a source of short steps.

    There is at most one scan of the whole workspace and one update of changed files. The update goes first, so that a
    saved file is searchable soon even while a large workspace is indexed for the first time. Every piece of work ends
    by embedding all texts without a vector, so only the last one gets that far.

    Work that can wait comes after all of that: `idle` says whether some of it is left, `idle_step` does it. It starts
    again after every piece of work.
    """

    def __init__(self, engine: IndexSteps) -> None:
        self._engine = engine
        self._scan: Iterator[Progress] | None = None
        self._scan_may_find = False
        self._scan_embeds = False
        self._update: Iterator[Progress] | None = None
        self._unread: dict[str, None] = {}
        self._idle: Iterator[Progress] | None = None
        self.progress: Progress | None = None
        """The progress of the work; None before its first step and when nothing is left to do."""

    @property
    def active(self) -> bool:
        """Whether a scan or an update is left to do."""
        return self._scan is not None or self._update is not None

    @property
    def behind(self) -> bool:
        """Whether the index may lack functions. During a repeated scan it lacks none until a changed file is found."""
        return self._update is not None or (self._scan is not None and self._scan_may_find)

    @property
    def idle(self) -> bool:
        """Whether only work that can wait is left."""
        return not self.active and self._idle is not None

    def rescan(self, again: bool = False) -> None:
        """Scan the whole workspace, from the start if that is being done already.

        `again` says that it was scanned before, and that no change is known since.
        """
        self._scan_may_find = self.behind or not again
        self.stop()
        self._scan = self._engine.index_steps(None)

    def update(self, paths: Sequence[str]) -> None:
        """Read these files again, and those of earlier updates that were not read yet."""
        folders = [_ruled_by(path) for path in paths]
        if "" in folders or len(self._unread) + len(folders) > MANY_CHANGES:
            self.rescan()
            return
        self._unread.update(dict.fromkeys(folders))
        self._update = self._engine.index_steps(tuple(self._unread))
        if self._scan_embeds:
            self._end_scan()

    def stop(self) -> None:
        """Drop the work that is left. Finished work is kept."""
        self._end_scan()
        self._end_update()
        self._idle = None
        self.progress = None

    def step(self) -> Progress | None:
        """Do one step; the progress after it, `Stage.READY` once nothing is left to do, or None if there was nothing.

        A step that fails ends its piece of work, the rest goes on. Raises all errors of the engine.
        """
        updating = self._update is not None
        steps = self._update or self._scan
        if steps is None:
            return None
        end = self._end_update if updating else self._end_scan
        try:
            progress = next(steps, READY)
        except Exception:
            end()
            raise
        if not updating and progress.stage in (Stage.PARSE, Stage.EMBED):
            self._scan_may_find = True
        if progress.stage is Stage.READY:
            end()
        elif progress.stage is Stage.EMBED:
            self._unread.clear()
            if updating and self._scan is not None:
                end()
            self._scan_embeds = not updating
        if not self.active:
            self.progress = None
            self._idle = self._engine.idle_steps()
            return READY
        if progress.stage is not Stage.READY:
            self.progress = progress
        return self.progress

    def idle_step(self) -> None:
        """Do one step of the work that can wait. One that fails ends it. Raises all errors of the engine."""
        steps, self._idle = self._idle, None
        if steps is not None and next(steps, None) is not None:
            self._idle = steps

    def _end_scan(self) -> None:
        self._scan = None
        self._scan_embeds = False

    def _end_update(self) -> None:
        self._update = None
        self._unread.clear()


def _ruled_by(path: str) -> str:
    """The path to scan when a file has changed: the file, or for ignore rules the folder that they apply to."""
    name = path.rpartition("/")[2]
    return path.rpartition("/")[0] if name.startswith(".") and name.endswith("ignore") else path
