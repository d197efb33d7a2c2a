"""Shows the progress of indexing in the editor, as LSP's work-done progress."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING, Protocol

from lsprotocol import types

from fathom_indexer.types import Progress, Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable

logger = logging.getLogger(__name__)

DELAY = 0.3
"""Seconds that indexing must last before it is shown. Indexing a saved file takes less."""

_PERCENTAGES: dict[Stage, tuple[int, int]] = {
    Stage.SCAN: (0, 2),
    Stage.PARSE: (2, 30),
    Stage.EMBED: (30, 100),
}
"""The range of percentages of each stage, roughly by time: embedding takes most of it."""

_STAGE_NAMES = {
    Stage.SCAN: "looking for files",
    Stage.PARSE: "reading files",
    Stage.EMBED: "embedding functions",
}


class Reporter(Protocol):
    """Shows the progress of indexing one folder."""

    def report(self, progress: Progress) -> None:
        """Show the progress; `Stage.READY` ends it."""

    def close(self) -> None:
        """End the progress at once."""


class ProgressClient(Protocol):
    """The part of a language server that sends progress."""

    def window_work_done_progress_create_async(self, params: types.WorkDoneProgressCreateParams) -> Awaitable[None]: ...

    def progress(self, params: types.ProgressParams) -> None: ...


class NoProgress:
    """A reporter for clients that show no progress."""

    def report(self, progress: Progress) -> None:
        pass

    def close(self) -> None:
        pass


class WorkDoneProgress:
    """One progress bar at a time, created once indexing has lasted for `delay` seconds, ended when it is done.

    Uses its own tokens: pygls neither checks the client's capability nor forgets tokens that have ended.
    """

    def __init__(self, client: ProgressClient, title: str, delay: float = DELAY) -> None:
        self._client = client
        self._title = title
        self._delay = delay
        self._latest: Progress | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def report(self, progress: Progress) -> None:
        if progress.stage is Stage.READY:
            self._latest = None
        else:
            self._latest = progress
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._show())
        self._changed.set()

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _show(self) -> None:
        await asyncio.sleep(self._delay)
        if self._latest is None:
            return
        token = str(uuid.uuid4())
        try:
            await self._client.window_work_done_progress_create_async(types.WorkDoneProgressCreateParams(token))
        except Exception as error:
            logger.info("the client shows no progress: %s", error)
            return
        self._send(token, types.WorkDoneProgressBegin(title=self._title, cancellable=False, percentage=0))
        try:
            percentage = 0
            while (progress := self._latest) is not None:
                percentage = max(percentage, percentage_of(progress))
                self._send(token, types.WorkDoneProgressReport(message=message_of(progress), percentage=percentage))
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._send(token, types.WorkDoneProgressEnd())

    def _send(
        self,
        token: str,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
    ) -> None:
        self._client.progress(types.ProgressParams(token=token, value=value))


def percentage_of(progress: Progress) -> int:
    """The progress over all stages, 0 to 100."""
    low, high = _PERCENTAGES[progress.stage]
    part = min(1.0, progress.done / progress.total) if progress.total > 0 else 0.0
    return round(low + (high - low) * part)


def message_of(progress: Progress) -> str:
    """The stage as a message for the user, with counts if there are any."""
    counts = f" {progress.done}/{progress.total}" if progress.total > 0 else ""
    return _STAGE_NAMES.get(progress.stage, progress.stage.value) + counts
