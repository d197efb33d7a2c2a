"""Speaks to an indexer process: starts one, asks it things, notices when it is gone.

Imports nothing heavy: a language server must start in well under a second.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom_indexer.errors import FathomError, IndexerUnavailableError
from fathom_indexer.process.connections import STOP_GRACE, Link, PipeLink
from fathom_indexer.process.discovery import (
    COMMAND,
    LONGEST_LINE,
    arguments,
    find_or_start,
    working_directory,
)
from fathom_indexer.process.rendezvous import RendezvousError
from fathom_indexer.types import Filters, Progress, Stage
from fathom_indexer.wire.messages import Json, decode, encode, filters_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT = 60.0
"""Seconds to wait for an answer. Far more than any takes; for an indexer that hangs in native code."""

PING_INTERVAL = 10.0
"""Seconds between two questions whether the process is still there."""

MISSED_PINGS = 4
"""How many of them in a row may remain without any sign of life."""

LOOK_TIMEOUT = 1.0
"""Seconds that a look at where the root leads may take, after the answer is there."""

PING_ID = 0


class IndexerError(FathomError):
    """An error that the indexer answered with. `kind` is `query` (the request is at fault), `index` or `internal`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class IndexerGoneError(IndexerUnavailableError):
    """The process ended before it answered."""


@dataclass(frozen=True, slots=True)
class Results:
    """Hits in the shape of `protocol.hit_to_json`, best first. While `indexing`, some may be missing.

    `complete` is false when there was no time to compare all candidates at the rerank exit.
    """

    hits: list[Json]
    indexing: bool
    complete: bool = True
    compared: Json | None = None
    """The function that others were compared with, if one was, in the shape of `protocol.place_to_json`."""
    message: str = ""
    """Why results are missing that will not come by themselves, in words for the user: the folder is away."""


OnPartial = Callable[[Results], None]
"""Is called with the order that is known before the final one."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request under way."""

    answer: asyncio.Future[Json]
    on_partial: OnPartial | None


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups in the shape of `protocol.clone_group_to_json`. While `indexing`, functions may be missing."""

    groups: list[Json]
    indexing: bool
    message: str = ""
    """As `Results.message`."""


@dataclass(frozen=True, slots=True)
class Events:
    """What to call when the indexer tells something by itself. The calls come on the event loop."""

    on_ready: Callable[[], None] = lambda: None
    on_progress: Callable[[Progress], None] = lambda _: None
    on_problem: Callable[[str], None] = lambda _: None


class IndexerClient:
    """An indexer process and the requests that wait for it. Made by `share` or `start`, or over a link at hand."""

    def __init__(
        self,
        link: Link,
        events: Events,
        timeout: float = ANSWER_TIMEOUT,
        ping_interval: float = PING_INTERVAL,
        root: Path | None = None,
    ) -> None:
        """`root` is what the client calls the workspace. Where that leads elsewhere some day, this counts as ended."""
        self._root = root
        self._leads_to = None if root is None else os.path.realpath(root)
        self._elsewhere = ""
        self._link = link
        self._events = events
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._silent_pings = 0
        self._reading = asyncio.create_task(self._read())
        self._watching = asyncio.create_task(self._watch(ping_interval))

    @classmethod
    async def share(
        cls,
        root: Path,
        config: Config,
        events: Events,
        *,
        command: Sequence[str] = COMMAND,
        log_level: str = "WARNING",
        timeout: float = ANSWER_TIMEOUT,
        ping_interval: float = PING_INTERVAL,
    ) -> IndexerClient:
        """Join the indexer that all clients of `root` share; it is started when there is none.

        Where none can be shared, `events.on_problem` is told why, and this is as `start`.
        Raises `IndexerUnavailableError` when it cannot be started.
        """
        config = _from_anywhere(root, config)
        try:
            link = await find_or_start(root.absolute(), config, log_level, command)
        except RendezvousError as error:
            events.on_problem(f"{error}; an indexer for this window alone is used")
            return await cls.start(
                root, config, events, command=command, log_level=log_level, timeout=timeout, ping_interval=ping_interval
            )
        events.on_ready()
        return cls(link, events, timeout, ping_interval, root.absolute())

    @classmethod
    async def start(
        cls,
        root: Path,
        config: Config,
        events: Events,
        *,
        command: Sequence[str] = COMMAND,
        log_level: str = "WARNING",
        timeout: float = ANSWER_TIMEOUT,
        ping_interval: float = PING_INTERVAL,
    ) -> IndexerClient:
        """Start a process of one's own that indexes `root`. Raises `IndexerUnavailableError` when that fails."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                *arguments(root.absolute(), _from_anywhere(root, config), log_level),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=working_directory(),
                limit=LONGEST_LINE,
            )
        except OSError as error:
            raise IndexerUnavailableError(f"the indexer could not be started: {error}") from error
        return cls(PipeLink(process), events, timeout, ping_interval, root.absolute())

    @property
    def pid(self) -> int:
        return self._link.pid

    async def search(
        self,
        query: str,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnPartial | None = None,
    ) -> Results:
        """Functions that answer a query in words; with the parts of their scores to `explain`."""
        return await self._find("search", {"query": query}, limit, filters, explain, on_partial)

    async def similar_at(
        self,
        path: str,
        line: int,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnPartial | None = None,
    ) -> Results:
        """Functions like the one at a line (1-based) of a file (relative to the root, forward slashes)."""
        return await self._find("similar", {"path": path, "line": line}, limit, filters, explain, on_partial)

    async def similar_to(
        self,
        snippet: str,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnPartial | None = None,
    ) -> Results:
        """Functions like a piece of code."""
        return await self._find("similar", {"snippet": snippet}, limit, filters, explain, on_partial)

    async def _find(
        self, method: str, what: Json, limit: int, filters: Filters, explain: bool, on_partial: OnPartial | None
    ) -> Results:
        params = {**what, "limit": limit, "filters": filters_to_json(filters)}
        if explain:
            params["explain"] = True
        if on_partial is not None:
            params["stream"] = True
        looking = asyncio.create_task(asyncio.to_thread(self._where_to))
        try:
            answer = await self._request(method, params, on_partial)
            self._elsewhere = await asyncio.wait_for(looking, LOOK_TIMEOUT)
        except asyncio.TimeoutError:
            logger.info("%s does not answer; the indexer's answer is taken as it is", self._root)
        finally:
            looking.cancel()
        if self._elsewhere:
            await self._link.leave(STOP_GRACE)
            raise IndexerGoneError(self._elsewhere)
        return _results(answer)

    def _where_to(self) -> str:
        """What is to be said if the root leads, by a symbolic link, to another folder than at first; else empty."""
        if self._root is None or self._leads_to is None:
            return ""
        now = os.path.realpath(self._root)
        # Windows spells what is not there as it was given, and what is there as it is.
        same = os.path.normcase(now) == os.path.normcase(self._leads_to)
        if same or (os.name == "nt" and not os.path.isdir(now)):  # noqa: PTH112
            return ""
        return f"{self._root} leads to {now} now"

    async def duplicates(self, params: Json) -> Groups:
        """Groups of functions that are copies of each other, for the parameters that `docs/protocol.md` names."""
        answer = await self._request("duplicates", params)
        groups = answer.get("groups")
        if not isinstance(groups, list):
            raise IndexerError("internal", "the indexer's answer has no groups")
        return Groups(groups, bool(answer.get("indexing")), str(answer.get("message") or ""))

    async def status(self) -> Json:
        """The shape of `protocol.status_to_json`, with `indexing` and `progress`."""
        return await self._request("status", {})

    async def update(self, paths: Sequence[str]) -> None:
        """Say that files were changed, created or deleted. Returns when the indexer knows, not when it is done."""
        await self._request("update", {"paths": list(paths)})

    async def attend(self, paths: Sequence[str]) -> None:
        """Say that somebody works with these files: what can wait is done for them first."""
        await self._request("attend", {"paths": list(paths)})

    async def open_document(self, path: str, text: str, language: str = "") -> None:
        """This client has a document open, whose text is this now: its searches see that instead of the file.

        `path` is relative to the root or begins with `untitled:`, where `language` is needed.
        """
        await self._request("openDocument", {"path": path, "text": text, "language": language})

    async def close_document(self, path: str) -> None:
        """This client has closed a document."""
        await self._request("closeDocument", {"path": path})

    async def watch(self) -> None:
        """Have the indexer watch the files itself, because this client cannot. Returns before it does."""
        await self._request("watch", {})

    async def rescan(self) -> None:
        """Have the whole workspace looked at. Returns when the indexer knows, not when it is done."""
        await self._request("rescan", {})

    async def reindex(self) -> None:
        """Have the index rebuilt from nothing. Returns when the indexer knows, not when it is done."""
        await self._request("reindex", {})

    async def wait(self) -> str:
        """Wait until the indexer is gone and everything it said was heard; in words, how it ended."""
        return await asyncio.shield(self._reading)

    async def shutdown(self, grace: float = STOP_GRACE) -> None:
        """Leave a shared indexer. One's own is asked to stop, and killed when it has not after `grace` seconds."""
        self._watching.cancel()
        if not self._reading.done():
            await self._link.leave(grace)
        await self.wait()

    async def _request(self, method: str, params: Json, on_partial: OnPartial | None = None) -> Json:
        if self._reading.done():
            raise IndexerGoneError("the indexer process has ended")
        request_id = next(self._ids)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = _Waiting(answer, on_partial)
        try:
            self._send({"id": request_id, "method": method, "params": params})
            return await asyncio.wait_for(answer, self._timeout)
        except asyncio.TimeoutError:
            self._cancel(request_id)
            raise IndexerUnavailableError(f"the indexer did not answer within {self._timeout:g} seconds") from None
        except asyncio.CancelledError:
            self._cancel(request_id)
            raise
        finally:
            del self._waiting[request_id]

    def _cancel(self, request_id: int) -> None:
        self._send({"method": "cancel", "params": {"id": request_id}})

    def _send(self, message: Json) -> None:
        # Not drained: messages are small, the indexer always reads, and a caller must not wait for one that hangs.
        if not self._link.writer.is_closing():
            self._link.writer.write(encode(message))

    async def _read(self) -> str:
        """Hand out what the process says until it ends, then tell everyone who waits; how it ended."""
        try:
            while line := await self._link.reader.readline():
                self._silent_pings = 0
                self._hear(line)
        except OSError as error:
            logger.info("the connection to the indexer broke: %s", error)
        except ValueError as error:
            # A line without end: the stream cannot be trusted any more.
            logger.error("the indexer's output cannot be read: %s", error)
        ended = await self._link.ended()
        how = self._elsewhere or ended
        self._watching.cancel()
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(IndexerGoneError(f"the indexer process ended ({how})"))
        return how

    async def _watch(self, interval: float) -> None:
        """Kill a process that does not even answer pings, which no request and no indexing keeps waiting."""
        while True:
            await asyncio.sleep(interval)
            if self._silent_pings >= MISSED_PINGS:
                break
            self._silent_pings += 1
            self._send({"id": PING_ID, "method": "ping", "params": {}})
        logger.error("the indexer (process %d) does not answer any more and is killed", self.pid)
        self._link.kill()

    def _hear(self, line: bytes) -> None:
        try:
            message = decode(line)
            calls = self._notified(message["method"], message["params"]) if "method" in message else []
            if "method" not in message:
                self._answered(message)
        except (ValueError, KeyError, TypeError, IndexerError) as error:
            logger.warning("the indexer said something that is no message (%r): %.200r", error, line)
            return
        for call in calls:
            try:
                call()
            except Exception:  # A mistake of whoever wanted to know must not end the reading.
                logger.exception("what the indexer said could not be taken in: %.200r", line)

    def _notified(self, method: str, params: Any) -> list[Callable[[], None]]:
        """What is to be called for a notification."""
        events = self._events
        if method == "ready":
            return [events.on_ready]
        if method == "progress":
            progress = Progress(Stage(params["stage"]), int(params["done"]), int(params["total"]))
            calls = [partial(events.on_progress, progress)]
            # Nothing is left to do for the moment, since something failed: that still holds.
            if params.get("problem"):
                calls.append(partial(events.on_problem, str(params["problem"])))
            return [*calls]
        if method == "problem":
            return [partial(events.on_problem, str(params["message"]))]
        if method == "partial":
            waiting = self._waiting.get(params["id"])
            if waiting is not None and waiting.on_partial is not None and not waiting.answer.done():
                return [partial(waiting.on_partial, _results(params["result"]))]
        return []

    def _answered(self, message: Json) -> None:
        waiting = self._waiting.get(message["id"])
        if waiting is None or waiting.answer.done():
            return
        answer = waiting.answer
        error, result = message.get("error"), message.get("result")
        if isinstance(error, dict):
            answer.set_exception(IndexerError(str(error.get("kind")), str(error.get("message"))))
        elif isinstance(result, dict):
            answer.set_result(result)
        else:
            answer.set_exception(IndexerError("internal", "the indexer's answer is neither a result nor an error"))


def _results(answer: Json) -> Results:
    hits = answer.get("results")
    if not isinstance(hits, list):
        raise IndexerError("internal", "the indexer's answer has no results")
    compared = answer.get("compared")
    if not isinstance(compared, (dict, type(None))):
        raise IndexerError("internal", "the indexer's answer does not say what was compared")
    message = str(answer.get("message") or "")
    return Results(hits, bool(answer.get("indexing")), bool(answer.get("complete", True)), compared, message)


def _from_anywhere(root: Path, config: Config) -> Config:
    """The same configuration with paths that do not depend on where a process runs."""
    return replace(
        config,
        cache_dir=str(Path(config.cache_directory()).absolute()),
        model=config.model and str((root.absolute() / config.model).absolute()),
    )
