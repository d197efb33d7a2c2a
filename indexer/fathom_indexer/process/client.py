"""The client of an indexer process: finds or starts one, and calls its methods.

Imports nothing heavy: a language server must start in well under a second.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.connections import STOP_GRACE, Connection, PipeConnection
from fathom_indexer.process.discovery import (
    COMMAND,
    LONGEST_LINE,
    arguments,
    find_or_start,
    working_directory,
)
from fathom_indexer.process.rendezvous import RendezvousError
from fathom_indexer.process.rpc import (
    ANSWER_TIMEOUT,
    PING_INTERVAL,
    Calls,
    IndexerError,
    IndexerGoneError,
    RpcConnection,
)
from fathom_indexer.types import Progress
from fathom_indexer.wire.conversion import (
    duplicates_request_to_json,
    duplicates_response_from_json,
    progress_from_json,
    search_request_to_json,
    search_response_from_json,
)
from fathom_indexer.wire.framing import Json
from fathom_indexer.wire.messages import DuplicatesRequest, DuplicatesResponse, SearchRequest, SearchResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

ROOT_CHECK_TIMEOUT = 1.0
"""Seconds that a check of where the root leads may take after the answer has arrived."""

OnPartial = Callable[[SearchResponse], None]
"""Is called with the order that is known before the final one."""

_Response = TypeVar("_Response", SearchResponse, DuplicatesResponse)


@dataclass(frozen=True, slots=True)
class Events:
    """Functions to call for notifications of the indexer, on the event loop."""

    on_ready: Callable[[], None] = lambda: None
    on_progress: Callable[[Progress], None] = lambda _: None
    on_problem: Callable[[str], None] = lambda _: None


class IndexerClient:
    """A connection to an indexer process. Made by `share` or `start`, or over a connection at hand."""

    def __init__(
        self,
        connection: Connection,
        events: Events,
        timeout: float = ANSWER_TIMEOUT,
        ping_interval: float = PING_INTERVAL,
        root: Path | None = None,
    ) -> None:
        """`root` is the client's name of the workspace. Once it leads to another folder, the client disconnects."""
        self._root = root
        self._leads_to = None if root is None else os.path.realpath(root)
        self._events = events
        self._rpc = RpcConnection(connection, self._notified, timeout, ping_interval)

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
        config = _with_absolute_paths(root, config)
        try:
            connection = await find_or_start(root.absolute(), config, log_level, command)
        except RendezvousError as error:
            events.on_problem(f"{error}; an indexer for this window alone is used")
            return await cls.start(
                root, config, events, command=command, log_level=log_level, timeout=timeout, ping_interval=ping_interval
            )
        events.on_ready()
        return cls(connection, events, timeout, ping_interval, root.absolute())

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
        """Start a private process that indexes `root`. Raises `IndexerUnavailableError` when that fails."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                *arguments(root.absolute(), _with_absolute_paths(root, config), log_level),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                cwd=working_directory(),
                limit=LONGEST_LINE,
            )
        except OSError as error:
            raise IndexerUnavailableError(f"the indexer could not be started: {error}") from error
        return cls(PipeConnection(process), events, timeout, ping_interval, root.absolute())

    @property
    def pid(self) -> int:
        """The process id that the indexer has told."""
        return self._rpc.connection.pid

    async def search(self, request: SearchRequest, on_partial: OnPartial | None = None) -> SearchResponse:
        """The answer to a search; `on_partial` is called with the order before it.

        Raises `IndexerError`, and `IndexerUnavailableError` when there is no answer.
        """
        method, params = search_request_to_json(replace(request, stream=on_partial is not None))

        def read_partial(result: Json) -> Callable[[], None]:
            assert on_partial is not None
            return partial(on_partial, search_response_from_json(result))

        checking = asyncio.create_task(asyncio.to_thread(self._moved_root))
        moved = ""
        try:
            answer = await self._rpc.request(method, params, None if on_partial is None else read_partial)
            moved = await asyncio.wait_for(checking, ROOT_CHECK_TIMEOUT)
        except asyncio.TimeoutError:
            logger.info("%s does not answer; the indexer's answer is taken as it is", self._root)
        finally:
            checking.cancel()
        if moved:
            await self._rpc.leave(STOP_GRACE, moved)
            raise IndexerGoneError(moved)
        return _read(search_response_from_json, answer)

    async def duplicates(self, request: DuplicatesRequest) -> DuplicatesResponse:
        """Groups of functions that are copies of each other."""
        answer = await self._rpc.request("duplicates", duplicates_request_to_json(request))
        return _read(duplicates_response_from_json, answer)

    async def status(self) -> Json:
        """The shape of `wire.conversion.status_to_json`, with `indexing` and `progress`."""
        return await self._rpc.request("status", {})

    async def update(self, paths: Sequence[str]) -> None:
        """Report files that were changed, created or deleted. Returns when the indexer knows, not when it is done."""
        await self._rpc.request("update", {"paths": list(paths)})

    async def prioritize(self, paths: Sequence[str]) -> None:
        """Have these files, which a user works with, indexed before others."""
        await self._rpc.request("prioritize", {"paths": list(paths)})

    async def open_document(self, path: str, text: str, language: str = "") -> None:
        """Send the text of a document that this client has open: its searches see it instead of the file.

        `path` is relative to the root or begins with `untitled:`, where `language` is needed.
        """
        await self._rpc.request("openDocument", {"path": path, "text": text, "language": language})

    async def close_document(self, path: str) -> None:
        """Report that this client has closed a document."""
        await self._rpc.request("closeDocument", {"path": path})

    async def watch(self) -> None:
        """Have the indexer watch the files itself, because this client cannot. Returns before it does."""
        await self._rpc.request("watch", {})

    async def rescan(self) -> None:
        """Have the whole workspace scanned. Returns when the indexer knows, not when it is done."""
        await self._rpc.request("rescan", {})

    async def reindex(self) -> None:
        """Have the index rebuilt from nothing. Returns when the indexer knows, not when it is done."""
        await self._rpc.request("reindex", {})

    async def wait(self) -> str:
        """Wait until the indexer is gone and all its messages are handled; a description of how it ended."""
        return await self._rpc.wait()

    async def shutdown(self, grace: float = STOP_GRACE) -> None:
        """Disconnect. A private indexer is asked to stop, and killed when it has not after `grace` seconds."""
        await self._rpc.shutdown(grace)

    def _moved_root(self) -> str:
        """A message if the root leads, by a symbolic link, to another folder than at first; else empty."""
        if self._root is None or self._leads_to is None:
            return ""
        now = os.path.realpath(self._root)
        # On Windows, `realpath` normalises a path that exists and returns any other as it was given.
        same = os.path.normcase(now) == os.path.normcase(self._leads_to)
        if same or (os.name == "nt" and not os.path.isdir(now)):  # noqa: PTH112
            return ""
        return f"{self._root} leads to {now} now"

    def _notified(self, method: str, params: Any) -> Calls:
        events = self._events
        if method == "ready":
            return [events.on_ready]
        if method == "progress":
            calls: Calls = [partial(events.on_progress, progress_from_json(params))]
            # The indexer does nothing at the moment because some work failed: the problem persists.
            if params.get("problem"):
                calls.append(partial(events.on_problem, str(params["problem"])))
            return calls
        if method == "problem":
            return [partial(events.on_problem, str(params["message"]))]
        return []


def _read(convert: Callable[[Json], _Response], answer: Json) -> _Response:
    """The answer as a value. Raises `IndexerError` for another shape."""
    try:
        return convert(answer)
    except (KeyError, TypeError, ValueError) as error:
        raise IndexerError("internal", f"the indexer's answer cannot be read: {error!r}") from error


def _with_absolute_paths(root: Path, config: Config) -> Config:
    """The same configuration with paths that do not depend on a process's working directory."""
    return replace(
        config,
        cache_dir=str(Path(config.cache_directory()).absolute()),
        model=config.model and str((root.absolute() / config.model).absolute()),
    )
