"""The engine's thread: answers requests, and indexes when none waits.

It does one thing at a time: requests in the order they came, from all clients, and when none waits one short step of
indexing. So a search waits for at most one step. Other threads read the requests (`request_queue.py`) and never wait
for this one. `wire/messages.py` describes the messages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from fathom_indexer.errors import IndexDamagedError, QueryError
from fathom_indexer.process.index_runner import READY, Indexing
from fathom_indexer.process.locks import NO_LEASE, IndexLease
from fathom_indexer.process.methods import Methods, SearchEngine
from fathom_indexer.process.reporting import Broadcast, Problems, ProgressReporter, error_answer
from fathom_indexer.process.request_queue import STARTER, Request, RequestQueue
from fathom_indexer.process.workspace_monitor import Watch, WorkspaceMonitor
from fathom_indexer.wire.conversion import error_to_json
from fathom_indexer.wire.framing import Json

LEASE_INTERVAL = 0.5
"""Seconds between two attempts to get the index lease from another process."""

IDLE_INTERVAL = 2.0
"""Seconds between two checks whether work that can wait still has to."""


class Worker:
    """The loop of the engine's thread."""

    def __init__(
        self,
        open_engine: Callable[[], SearchEngine],
        queue: RequestQueue,
        broadcast: Broadcast,
        lease: IndexLease = NO_LEASE,
        clients: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
        wait_reason: Callable[[], str] = lambda: "",
        watch: Watch | None = None,
    ) -> None:
        """`broadcast` sends a message to all clients, `lease` is held while indexing, `clients` counts the clients.

        `wait_reason` says why work that can wait should wait, if it should. `watch` begins to watch the files.
        """
        self._open_engine = open_engine
        self._queue = queue
        self._lease = lease
        self._wait_reason = wait_reason
        self._problems = Problems(broadcast, clock)
        self._progress = ProgressReporter(broadcast, self._problems, clock)
        self._monitor = WorkspaceMonitor(self._problems, clock, watch)
        self._methods = Methods(self._monitor, clients, wait_reason)
        self._engine: SearchEngine | None = None
        self._indexing: Indexing | None = None

    def run(self) -> None:
        """Work until a `shutdown` request comes or the queue is closed."""
        self.begin()
        try:
            while not self._queue.closed:
                if self._problems.take_retry():
                    self.begin()
                self._turn()
        finally:
            if self._engine is not None:
                self._engine.close()

    def begin(self) -> None:
        """Open the engine, which scans the whole workspace then; if it is open, scan the workspace again."""
        try:
            if self._indexing is None:
                self._open()
            else:
                self._indexing.rescan()
        except Exception as error:
            self._problem(error)

    def _turn(self) -> None:
        """Answer one request or, when none waits, do one step of the most urgent work.

        The steps for open documents go before indexing, and need no lease: they write nothing that others read.
        """
        active = self._indexing is not None and self._indexing.active
        allowed = active and self._lease.acquire()
        idle = self._indexing is not None and self._indexing.idle
        waits = bool(idle and self._wait_reason())
        documents = self._methods.document_steps
        patience = _patience(active, allowed, idle, waits) if documents is None else 0
        request = self._queue.take(self._problems.until_retry(patience))
        if request is not None:
            self.serve(request)
        elif documents is not None:
            self._document_step(documents)
        elif allowed:
            self.index_step()
        elif idle and not waits:
            self._idle_step()

    def serve(self, request: Request) -> None:
        """Answer a request, unless it is cancelled meanwhile."""
        ends = request.method == "shutdown" and request.client == STARTER
        answer = {"id": request.id, "result": {}} if ends else self._answer(request)
        if not request.cancelled.is_set():
            request.reply(answer)
        if ends:
            self._queue.close()

    def index_step(self) -> None:
        """Do one step of indexing, and tell clients of it."""
        if self._indexing is None:
            return
        try:
            progress = self._indexing.step()
        except Exception as error:
            self._problem(error)
            progress = None if self._indexing.active else READY
        if not self._indexing.active:
            self._lease.release()
            self._problems.solved()
        if progress is not None:
            self._progress.report(progress)

    def _open(self) -> tuple[SearchEngine, Indexing]:
        """The engine, opened at the first attempt that succeeds: a missing folder or model may come back."""
        if self._engine is None or self._indexing is None:
            self._engine = self._open_engine()
            self._indexing = Indexing(self._engine)
            self._indexing.rescan()
            self._problems.is_folder_away = False
        return self._engine, self._indexing

    def _idle_step(self) -> None:
        if self._indexing is None:
            return
        try:
            self._indexing.idle_step()
        except Exception as error:
            self._problem(error)

    def _document_step(self, steps: Iterator[None]) -> None:
        try:
            next(steps)
        except StopIteration:
            self._methods.document_steps = None
        except Exception as error:
            self._methods.document_steps = None
            self._problem(error)

    def _problem(self, error: Exception) -> None:
        """Tell clients of an error that belongs to no request, and plan the next attempt."""
        self._problems.report(error)
        if isinstance(error, IndexDamagedError):
            self._queue.close()
        else:
            self._problems.plan_retry()

    def _answer(self, request: Request) -> Json:
        try:
            if request.method == "watch":
                # This needs no engine: a folder that cannot be opened yet has to be watched once it can.
                self._monitor.watch_files()
                return {"id": request.id, "result": {}}
            method = self._methods.by_name.get(request.method)
            if method is None:
                raise QueryError(f"unknown method {request.method!r}")
            engine, indexing = self._open()
            return {"id": request.id, "result": method(engine, indexing, request)}
        except IndexDamagedError as error:
            # This process ends without an answer: the clients ask the next one, which builds a sound index.
            self._problem(error)
            return {}
        except Exception as error:
            return {"id": request.id, "error": error_to_json(error_answer(error, request.method))}


def _patience(active: bool, allowed: bool, idle: bool, waits: bool) -> float | None:
    """How long to wait for a request, in seconds, before there is other work to do or to check."""
    if allowed or (idle and not waits):
        return 0
    if active:
        return LEASE_INTERVAL
    return IDLE_INTERVAL if idle else None
