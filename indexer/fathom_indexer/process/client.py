"""Speaks to an indexer process: starts one, asks it things, notices when it is gone.

Imports nothing heavy: a language server must start in well under a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom_indexer.errors import FathomError
from fathom_indexer.protocol import Json, config_to_json, decode, encode, filters_to_json
from fathom_indexer.types import Filters, Progress, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT = 60.0
"""Seconds to wait for an answer. Far more than any takes; for an indexer that hangs in native code."""

STOP_GRACE = 1.0
"""Seconds that an indexer has to stop by itself before it is killed. Its index survives a kill at any instant."""

_LONGEST_LINE = 1 << 28

WORKER_COMMAND = (sys.executable, "-m", "fathom_indexer.process.worker")


class IndexerError(FathomError):
    """An error that the indexer answered with. `kind` is `query` (the request is at fault), `index` or `internal`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class IndexerUnavailableError(FathomError):
    """There is no answer: the process is gone, could not be started, or does not answer in time."""


@dataclass(frozen=True, slots=True)
class Results:
    """Hits in the shape of `protocol.hit_to_json`, best first. While `indexing`, some may be missing."""

    hits: list[Json]
    indexing: bool


@dataclass(frozen=True, slots=True)
class Events:
    """What to call when the indexer tells something by itself. The calls come on the event loop."""

    on_ready: Callable[[], None] = lambda: None
    on_progress: Callable[[Progress], None] = lambda _: None
    on_problem: Callable[[str], None] = lambda _: None


class IndexerClient:
    """One indexer process and the requests that wait for it. Made by `start`."""

    def __init__(self, process: asyncio.subprocess.Process, events: Events, timeout: float) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process must have pipes for standard input and output")
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._events = events
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls,
        root: Path,
        config: Config,
        events: Events,
        *,
        command: Sequence[str] = WORKER_COMMAND,
        log_level: str = "WARNING",
        timeout: float = ANSWER_TIMEOUT,
    ) -> IndexerClient:
        """Start a process that indexes `root`. Raises `IndexerUnavailableError` when it cannot be started."""
        root = root.absolute()
        # The child runs in another directory, so paths must not depend on this one.
        config = replace(
            config,
            cache_dir=str(Path(config.cache_directory()).absolute()),
            model=config.model and str((root / config.model).absolute()),
        )
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                *("--root", str(root), "--config", json.dumps(config_to_json(config)), "--log-level", log_level),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # `python -m` looks for modules in the working directory first; a workspace must not be able to
                # shadow them. This directory is on the path already.
                cwd=Path(__file__).parents[2],
                limit=_LONGEST_LINE,
            )
        except OSError as error:
            raise IndexerUnavailableError(f"the indexer could not be started: {error}") from error
        return cls(process, events, timeout)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def search(self, query: str, limit: int, filters: Filters) -> Results:
        """Functions that answer a query in words."""
        params = {"query": query, "limit": limit, "filters": filters_to_json(filters)}
        return _results(await self._request("search", params))

    async def similar_at(self, path: str, line: int, limit: int, filters: Filters) -> Results:
        """Functions like the one at a line (1-based) of a file (relative to the root, forward slashes)."""
        params = {"path": path, "line": line, "limit": limit, "filters": filters_to_json(filters)}
        return _results(await self._request("similar", params))

    async def similar_to(self, snippet: str, limit: int, filters: Filters) -> Results:
        """Functions like a piece of code."""
        params = {"snippet": snippet, "limit": limit, "filters": filters_to_json(filters)}
        return _results(await self._request("similar", params))

    async def status(self) -> Json:
        """The shape of `protocol.status_to_json`, with `indexing` and `progress`."""
        return await self._request("status", {})

    async def update(self, paths: Sequence[str]) -> None:
        """Say that files were changed, created or deleted. Returns when the indexer knows, not when it is done."""
        await self._request("update", {"paths": list(paths)})

    async def reindex(self) -> None:
        """Have the index rebuilt from nothing. Returns when the indexer knows, not when it is done."""
        await self._request("reindex", {})

    async def wait(self) -> int:
        """Wait until the process has ended and everything it said was heard; its exit code."""
        await asyncio.shield(self._reading)
        return await self._process.wait()

    async def shutdown(self, grace: float = STOP_GRACE) -> None:
        """Ask the process to stop, and kill it when it has not stopped after `grace` seconds."""
        if not self._reading.done():
            self._send({"id": next(self._ids), "method": "shutdown", "params": {}})
            self._stdin.close()
            await self._ended(grace)
        await self.wait()

    async def _ended(self, grace: float) -> int:
        """The exit code of a process that is about to end, or is made to after `grace` seconds."""
        try:
            return await asyncio.wait_for(self._process.wait(), grace)
        except asyncio.TimeoutError:
            logger.warning("the indexer (process %d) did not stop and is killed", self.pid)
        finally:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        return await self._process.wait()

    async def _request(self, method: str, params: Json) -> Json:
        if self._reading.done():
            raise IndexerUnavailableError("the indexer process has ended")
        request_id = next(self._ids)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = answer
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
        if not self._stdin.is_closing():
            self._stdin.write(encode(message))

    async def _read(self) -> None:
        """Hand out what the process says until it ends, then tell everyone who waits."""
        try:
            while line := await self._stdout.readline():
                self._hear(line)
        except (OSError, ValueError) as error:
            # The stream cannot be trusted any more: a line without end, or a broken pipe.
            logger.error("the indexer's output cannot be read: %s", error)
        # Without its output the process is of no use, whether or not it means to end.
        code = await self._ended(STOP_GRACE)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(IndexerUnavailableError(f"the indexer process ended (exit code {code})"))

    def _hear(self, line: bytes) -> None:
        try:
            message = decode(line)
            if "method" in message:
                self._notified(message["method"], message["params"])
            else:
                self._answered(message)
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("the indexer said something that is no message (%r): %.200r", error, line)

    def _notified(self, method: str, params: Any) -> None:
        if method == "ready":
            self._events.on_ready()
        elif method == "progress":
            self._events.on_progress(Progress(Stage(params["stage"]), int(params["done"]), int(params["total"])))
        elif method == "problem":
            self._events.on_problem(str(params["message"]))

    def _answered(self, message: Json) -> None:
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return
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
    return Results(hits, bool(answer.get("indexing")))
