"""What is left to index, as a source of short steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from fathom_indexer.types import Progress, Stage

MANY_CHANGES = 100
"""With more changed files than this the whole workspace is looked at, which is quicker than one file after another."""

READY = Progress(Stage.READY, 1, 1)


class IndexSteps(Protocol):
    """What this asks of the engine; `fathom_indexer.engine.Engine` documents it."""

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]: ...
    def idle_steps(self) -> Iterator[Progress]: ...


class Indexing:
    """The indexing that is left to do, as a source of short steps.

    There is at most one scan of the whole workspace and one update of changed files. The update goes first, so that a
    saved file is searchable soon even while a large workspace is indexed for the first time. Every piece of work ends
    by embedding whatever lacks a vector, so only the last one gets that far.

    When all of that is done there is what can wait: `idle` says whether some of it is left, `idle_step` does it. It
    begins anew after every piece of work.
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
        """Where the work is; None before its first step and when nothing is left to do."""

    @property
    def active(self) -> bool:
        return self._scan is not None or self._update is not None

    @property
    def behind(self) -> bool:
        """Whether the index is known to lack something, or may. One that is only looked at again lacks nothing, until
        something is found."""
        return self._update is not None or (self._scan is not None and self._scan_may_find)

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do but what can wait."""
        return not self.active and self._idle is not None

    def rescan(self, again: bool = False) -> None:
        """Look at the whole workspace, from the start if that is being done already.

        `again` says that it was looked at before, and that nothing is known to have changed since.
        """
        self._scan_may_find = self.behind or not again
        self.stop()
        self._scan = self._engine.index_steps(None)

    def update(self, paths: Sequence[str]) -> None:
        """Look at these files again, and at those named before that were not read yet."""
        folders = [_ruled_by(path) for path in paths]
        if "" in folders or len(self._unread) + len(folders) > MANY_CHANGES:
            self.rescan()
            return
        self._unread.update(dict.fromkeys(folders))
        self._update = self._engine.index_steps(tuple(self._unread))
        if self._scan_embeds:
            self._end_scan()

    def stop(self) -> None:
        """Forget what is left to do. What was done stays done."""
        self._end_scan()
        self._end_update()
        self._idle = None
        self.progress = None

    def step(self) -> Progress | None:
        """Do one step; the progress after it, `Stage.READY` once nothing is left to do, or None if there was nothing.

        A step that fails ends its piece of work, the rest goes on. Raises whatever the engine raised.
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
        """Do one step of what can wait. One that fails ends it. Raises whatever the engine raised."""
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
    """What has to be looked at when a file has changed: the file, or for ignore rules the folder they are for."""
    name = path.rpartition("/")[2]
    return path.rpartition("/")[0] if name.startswith(".") and name.endswith("ignore") else path
