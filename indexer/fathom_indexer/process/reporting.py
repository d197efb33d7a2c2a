"""Notifications of the engine's thread to all clients: progress, and problems with their next attempt."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fathom_indexer.errors import FathomError, QueryError, WorkspaceError
from fathom_indexer.types import Progress, Stage
from fathom_indexer.wire.conversion import error_to_json, progress_to_json
from fathom_indexer.wire.framing import Json
from fathom_indexer.wire.messages import ErrorAnswer

logger = logging.getLogger(__name__)

Broadcast = Callable[[Json], None]
"""Sends a message to all clients."""

PROGRESS_INTERVAL = 0.1
"""Seconds between two progress notifications of one stage."""

FIRST_RETRY, LONGEST_RETRY = 5.0, 600.0
"""Seconds after which work that failed is tried again: at first, and at most, doubling in between."""


def error_answer(error: Exception, doing: str) -> ErrorAnswer:
    """The error that a client is sent. An unexpected one, which is a bug, is logged with its traceback."""
    if isinstance(error, FathomError):
        return ErrorAnswer("query" if isinstance(error, QueryError) else "index", str(error))
    logger.error("%s failed", doing, exc_info=error)
    return ErrorAnswer("internal", f"{doing} failed: {type(error).__name__}: {error}")


class Problems:
    """Problems of indexing, which belong to no request: clients are told each one once, and work is tried again.

    A full disk or a folder that is away may be back without any notice, so there is always a next attempt.
    """

    def __init__(self, broadcast: Broadcast, clock: Callable[[], float]) -> None:
        self._broadcast = broadcast
        self._clock = clock
        self._retry_after = FIRST_RETRY
        self._retry_at: float | None = None
        self.latest = ""
        """The problem that clients were told last, in words; empty once the work has succeeded."""
        self.is_folder_away = False
        """Whether the workspace's folder was missing when it was needed last."""

    @property
    def is_retry_planned(self) -> bool:
        """Whether some work failed and is going to be tried again."""
        return self._retry_at is not None

    def report(self, error: Exception) -> None:
        """Tell all clients of an error, unless it is the one they know."""
        answer = error_answer(error, "indexing")
        if answer.message != self.latest:
            self.latest = answer.message
            self.tell(answer)
        self.is_folder_away = self.is_folder_away or isinstance(error, WorkspaceError)

    def tell(self, answer: ErrorAnswer) -> None:
        """Tell all clients of a problem that is not tried again."""
        self._broadcast({"method": "problem", "params": error_to_json(answer)})

    def plan_retry(self) -> None:
        """Try the work again after a while, which is twice as long each time."""
        if self._retry_at is None:
            self._retry_at = self._clock() + self._retry_after
            self._retry_after = min(2 * self._retry_after, LONGEST_RETRY)

    def take_retry(self) -> bool:
        """Whether it is time to try again; if so, the caller does it."""
        if self._retry_at is None or self._clock() < self._retry_at:
            return False
        self._retry_at = None
        return True

    def until_retry(self, patience: float | None) -> float | None:
        """The seconds until the next attempt, `patience` at most; None for no limit."""
        if self._retry_at is None:
            return patience
        left = max(0.0, self._retry_at - self._clock())
        return left if patience is None else min(patience, left)

    def solved(self) -> None:
        """All work has succeeded: the next problem is a new one."""
        if self._retry_at is None:
            self._retry_after, self.latest, self.is_folder_away = FIRST_RETRY, "", False


class ProgressReporter:
    """Tells all clients how far indexing is, now and then and at every new stage."""

    def __init__(self, broadcast: Broadcast, problems: Problems, clock: Callable[[], float]) -> None:
        self._broadcast = broadcast
        self._problems = problems
        self._clock = clock
        self._reported: tuple[Stage, float] | None = None

    def report(self, progress: Progress) -> None:
        """Tell all clients, unless they were told of the same stage a moment ago."""
        now = self._clock()
        if self._reported is not None and progress.stage is not Stage.READY:
            stage, when = self._reported
            if stage is progress.stage and now - when < PROGRESS_INTERVAL:
                return
        self._reported = (progress.stage, now)
        params = progress_to_json(progress)
        if progress.stage is Stage.READY and self._problems.is_retry_planned:
            # Nothing is being done at the moment, but some work is still to be tried again.
            params["problem"] = self._problems.latest
        self._broadcast({"method": "progress", "params": params})
