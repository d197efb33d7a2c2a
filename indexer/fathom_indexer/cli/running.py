"""A running indexer, with the methods of an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from fathom_indexer.config import Config
from fathom_indexer.errors import FathomError, QueryError
from fathom_indexer.process import discovery
from fathom_indexer.process.client import Events, IndexerClient
from fathom_indexer.process.connections import SocketConnection
from fathom_indexer.process.handshake import Welcome
from fathom_indexer.process.locks import IndexLease
from fathom_indexer.process.rpc import IndexerError
from fathom_indexer.types import CloneGroup, IndexStatus, Progress, Stage
from fathom_indexer.wire.conversion import status_from_json
from fathom_indexer.wire.messages import DuplicatesRequest, SearchRequest, SearchResponse

_PROGRESS_TIMEOUT = 0.2
"""Seconds without progress after which an indexer is asked whether it is done."""

_ALL = 1_000_000_000
"""A limit for all groups."""

T = TypeVar("T")


def look_up(root: Path, config: Config) -> Welcome | None:
    """The indexer that serves the workspace. Raises `RendezvousError`."""
    return asyncio.run(discovery.look_up(root, config))


class RunningIndexer:
    """A connection to an indexer. Every method waits for its answer; errors are those of `Engine`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, root: Path, connection: SocketConnection) -> None:
        """`loop` is the one in which `connection` was made; it is closed with this."""
        self.root = root
        self._loop = loop
        self._progress: asyncio.Queue[Progress] = asyncio.Queue()
        self._client = self._wait(self._connect(connection))

    @classmethod
    def find(cls, root: Path, config: Config, any_settings: bool) -> tuple[RunningIndexer | None, Config, IndexLease]:
        """The compatible indexer, if one runs; the configuration for an engine without it, and its index lease.

        `any_settings` and the errors are as in `discovery.find`.
        """
        loop = asyncio.new_event_loop()
        running: RunningIndexer | None = None
        try:
            found = loop.run_until_complete(discovery.find(root, config, any_settings=any_settings))
            if found.connection is not None:
                running = cls(loop, root, found.connection)
            return running, found.config, found.rendezvous.lease()
        finally:
            if running is None:
                loop.close()

    def __enter__(self) -> RunningIndexer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._wait(self._client.shutdown())
        self._loop.close()

    def index_steps(self) -> Iterator[Progress]:
        """Have the whole workspace scanned, and follow until nothing is left to do."""
        self._wait(self._client.rescan())
        while True:
            progress = self._wait(self._next())
            if progress is not None and progress.stage is not Stage.READY:
                yield progress
            elif not self._wait(self._client.status())["indexing"]:
                yield Progress(Stage.READY, 1, 1)
                return

    def idle_steps(self) -> Iterator[Progress]:
        """Nothing: a running indexer does this by itself when it is idle."""
        return iter(())

    def answer(self, request: SearchRequest) -> SearchResponse:
        """The indexer's answer to a search."""
        return self._wait(self._client.search(request))

    def duplicates_steps(self) -> Iterator[tuple[int, int]]:
        """Nothing: the indexer makes sketches when it is asked for duplicates."""
        return iter(())

    def duplicate_groups(self, request: DuplicatesRequest) -> list[CloneGroup]:
        """The indexer's groups of duplicates; all of them for a request without a limit."""
        min_tokens = None if request.min_tokens is None else max(1, request.min_tokens)
        request = replace(request, limit=request.limit or _ALL, min_tokens=min_tokens)
        return list(self._wait(self._client.duplicates(request)).groups)

    def status(self) -> IndexStatus:
        """The state of the index."""
        return status_from_json(self._wait(self._client.status()))

    def clear(self) -> None:
        """Have every file read again."""
        self._wait(self._client.reindex())

    async def _connect(self, connection: SocketConnection) -> IndexerClient:
        return IndexerClient(connection, Events(on_progress=self._progress.put_nowait))

    async def _next(self) -> Progress | None:
        """The next progress of indexing, or None when there is none for a while."""
        try:
            return await asyncio.wait_for(self._progress.get(), _PROGRESS_TIMEOUT)
        except asyncio.TimeoutError:
            return None

    def _wait(self, answer: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run_until_complete(answer)
        except IndexerError as error:
            raise (QueryError if error.kind == "query" else FathomError)(str(error)) from error
