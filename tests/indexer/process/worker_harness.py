"""A worker without a process, and an engine that notes what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from stand_in_engine import StandInEngine

from fathom_indexer.errors import IndexDamagedError, IndexStoreError, QueryError
from fathom_indexer.process.request_queue import Request, RequestQueue
from fathom_indexer.process.worker import Worker
from fathom_indexer.process.workspace_monitor import Watch
from fathom_indexer.types import NO_CONTEXT, FunctionRef, Hit, IndexStatus, Kind, Progress, RequestContext, Stage
from fathom_indexer.wire.messages import LocationQuery, SearchRequest, SearchResponse, SnippetQuery

FUNCTION = FunctionRef("a.py", "get", "Store.get", Kind.METHOD, "python", "def get(self)", 4, 5)


class FakeEngine(StandInEngine):
    """Notes every call and step. `plans` are the steps of each piece of indexing, in order of being asked for."""

    def __init__(self, plans: Sequence[Sequence[Stage | Exception]] = ()) -> None:
        self.calls: list[Any] = []
        self.plans = list(plans)
        self.idle_plans: list[Sequence[Stage | Exception]] = []
        self.on_step: Callable[[str], None] = lambda step: None
        self.root_trouble = ""
        self.gone: list[str] = []

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        name = "scan" if paths is None else "+".join(paths)
        self.calls.append(f"index {name}")
        return self._steps(name, self.plans.pop(0) if self.plans else [Stage.READY])

    def idle_steps(self) -> Iterator[Progress]:
        return self._steps("idle", self.idle_plans.pop(0) if self.idle_plans else [])

    def prioritize(self, paths: Sequence[str]) -> None:
        self.calls.append(f"prioritize {'+'.join(paths)}")

    def _steps(self, name: str, plan: Sequence[Stage | Exception]) -> Iterator[Progress]:
        for number, stage in enumerate(plan, start=1):
            if isinstance(stage, Exception):
                raise stage
            step = f"{name} {stage.value} {number}"
            self.calls.append(step)
            self.on_step(step)
            yield Progress(stage, number, len(plan))

    def search_steps(self, request: SearchRequest, context: RequestContext = NO_CONTEXT) -> Iterator[SearchResponse]:
        limit, filters = request.limit, request.filters
        if isinstance(request.query, LocationQuery):
            self.calls.append(("similar_at", request.query.path, request.query.line, limit, filters))
            yield SearchResponse((), 1, 0, complete=False, final=False)
            return
        if isinstance(request.query, SnippetQuery):
            self.calls.append(("similar_to", request.query.code, limit, filters))
            yield SearchResponse((), 1, 1, complete=True)
            return
        query = request.query.text
        self.calls.append(("search", query, limit, filters))
        if query == "impossible":
            raise QueryError("unknown language 'klingon'")
        if query == "full disk":
            raise IndexStoreError("the disk is full")
        if query == "damage":
            raise IndexDamagedError("it is damaged")
        if query == "bug":
            raise ZeroDivisionError("division by zero")
        hits = (Hit(FUNCTION, 0.75, "def get(self): ..."),)
        yield SearchResponse(hits, 1, 0, complete=False, final=False)
        yield SearchResponse(hits, 1, 1, complete=True)

    def open_document(self, path: str, text: str, language: str = "", client: int = 0) -> None:
        self.calls.append(("open", client, path, text, language))

    def close_document(self, path: str, client: int = 0) -> None:
        self.calls.append(("close", client, path))

    def close_documents(self, client: int = 0) -> None:
        self.calls.append(("close all", client))

    def document_steps(self) -> Iterator[None]:
        self.calls.append("document step")
        yield

    def status(self) -> IndexStatus:
        self.calls.append("status")
        return super().status()

    def trouble(self) -> str:
        return self.root_trouble

    def missing(self) -> list[str]:
        missing, self.gone = self.gone, []
        return missing

    def clear(self) -> None:
        self.calls.append("clear")

    def close(self) -> None:
        self.calls.append("close")


class Harness:
    """A worker whose requests and answers are lists. `run` works until nothing is left to do, then shuts down."""

    def __init__(self, engine: FakeEngine, clock: Sequence[float] = (), watch: Watch | None = None) -> None:
        self.engine = engine
        self.queue = RequestQueue()
        self.sent: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        times = iter(clock)
        self.now = 1e9
        self.reasons: list[str] = []
        self.worker = Worker(
            self.open,
            self.queue,
            self.sent.append,
            clock=lambda: next(times, self.now),
            wait_reason=lambda: self.reasons.pop(0) if self.reasons else "",
            watch=watch,
        )

    def open(self) -> FakeEngine:
        if self.failures:
            raise self.failures.pop(0)
        return self.engine

    def ask(self, request_id: int, method: str, **params: Any) -> None:
        self.queue.put(Request(request_id, method, params, reply=self.sent.append))

    def run(self) -> list[dict[str, Any]]:
        """Everything that was sent."""
        original = self.queue.take

        def take(timeout: float | None = None) -> Request | None:
            request = original(0)
            if request is None and timeout is None:
                return Request(99, "shutdown", {}, reply=self.sent.append)
            if request is None and timeout is not None:
                self.now += timeout
            return request

        self.queue.take = take  # type: ignore[method-assign]
        self.worker.run()
        assert self.sent.pop() == {"id": 99, "result": {}}
        return self.sent

    def answers(self) -> dict[int, Any]:
        return {message["id"]: message for message in self.run() if "id" in message}
