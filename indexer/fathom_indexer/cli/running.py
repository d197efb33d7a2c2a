"""An indexer that runs already, with the methods of an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from fathom_indexer.config import Config
from fathom_indexer.errors import FathomError, QueryError
from fathom_indexer.process import discovery
from fathom_indexer.process.client import Events, IndexerClient, IndexerError, Results
from fathom_indexer.process.connections import SocketLink
from fathom_indexer.process.handshake import Welcome
from fathom_indexer.process.locks import IndexLease
from fathom_indexer.types import CloneGroup, CloneKind, Filters, Hit, IndexStatus, Place, Progress, Stage
from fathom_indexer.wire.messages import (
    clone_group_from_json,
    filters_to_json,
    hit_from_json,
    place_from_json,
    status_from_json,
)

_NEWS_INTERVAL = 0.2
"""Seconds without news of its progress after which an indexer is asked whether it is done."""

_ALL = 1_000_000_000
"""As many groups as there are."""

T = TypeVar("T")


def look_up(root: Path, config: Config) -> Welcome | None:
    """Who serves the workspace. Raises `RendezvousError`."""
    return asyncio.run(discovery.look_up(root, config))


class RunningIndexer:
    """A connection to an indexer. Every method waits for its answer; errors are those of `Engine`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, root: Path, link: SocketLink) -> None:
        """`loop` is the one in which `link` was made; it is closed with this."""
        self.root = root
        self._loop = loop
        self._news: asyncio.Queue[Progress] = asyncio.Queue()
        self._client = self._wait(self._connect(link))

    @classmethod
    def find(cls, root: Path, config: Config, any_settings: bool) -> tuple[RunningIndexer | None, Config, IndexLease]:
        """The indexer if one runs that fits, the configuration with which to work without it, and the right to index.

        `any_settings` and the errors are as in `discovery.find`.
        """
        loop = asyncio.new_event_loop()
        running: RunningIndexer | None = None
        try:
            seat = loop.run_until_complete(discovery.find(root, config, any_settings=any_settings))
            if seat.link is not None:
                running = cls(loop, root, seat.link)
            return running, seat.config, seat.meeting.turn()
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
        """Have the whole workspace looked at, and follow until nothing is left to do."""
        self._wait(self._client.rescan())
        while True:
            news = self._wait(self._next())
            if news is not None and news.stage is not Stage.READY:
                yield news
            elif not self._wait(self._client.status())["indexing"]:
                yield Progress(Stage.READY, 1, 1)
                return

    def idle_steps(self) -> Iterator[Progress]:
        """Nothing: an indexer that runs does by itself what can wait, when it has nothing else to do."""
        return iter(())

    def search(self, query: str, limit: int, filters: Filters) -> list[Hit]:
        return _hits(self._wait(self._client.search(query, limit, filters, explain=True)))

    def similar_at(self, path: str, line: int, limit: int, filters: Filters) -> tuple[Place | None, list[Hit]]:
        results = self._wait(self._client.similar_at(path, line, limit, filters, explain=True))
        return None if results.compared is None else place_from_json(results.compared), _hits(results)

    def similar_to(self, snippet: str, limit: int, filters: Filters) -> list[Hit]:
        return _hits(self._wait(self._client.similar_to(snippet, limit, filters, explain=True)))

    def duplicates_steps(self) -> Iterator[tuple[int, int]]:
        """Nothing: the indexer makes sketches when it is asked for duplicates."""
        return iter(())

    def duplicates(self, filters: Filters, loosest: CloneKind, threshold: float, min_tokens: int) -> list[CloneGroup]:
        params = {
            "filters": filters_to_json(filters),
            "loosest": loosest.value,
            "threshold": threshold,
            "minTokens": max(1, min_tokens),
            "limit": _ALL,
        }
        return [clone_group_from_json(group) for group in self._wait(self._client.duplicates(params)).groups]

    def status(self) -> IndexStatus:
        return status_from_json(self._wait(self._client.status()))

    def clear(self) -> None:
        self._wait(self._client.reindex())

    async def _connect(self, link: SocketLink) -> IndexerClient:
        return IndexerClient(link, Events(on_progress=self._news.put_nowait))

    async def _next(self) -> Progress | None:
        """The next news of indexing, or None when there is none for a while."""
        try:
            return await asyncio.wait_for(self._news.get(), _NEWS_INTERVAL)
        except asyncio.TimeoutError:
            return None

    def _wait(self, answer: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run_until_complete(answer)
        except IndexerError as error:
            raise (QueryError if error.kind == "query" else FathomError)(str(error)) from error


def _hits(results: Results) -> list[Hit]:
    return [hit_from_json(hit) for hit in results.hits]
