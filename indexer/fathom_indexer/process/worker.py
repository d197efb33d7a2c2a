"""The engine's thread: answers requests, and indexes when none waits.

It does one thing at a time: requests in the order they came, whoever asks, and when none waits one short step of
indexing. So a search waits for at most one step. Other threads read the requests (`inbox.py`) and never wait for it.
See `protocol.py` for the messages.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import Any, Protocol

from fathom_indexer.errors import FathomError, IndexDamagedError, QueryError, WorkspaceError
from fathom_indexer.process.index_runner import READY, Indexing
from fathom_indexer.process.locks import EVERYBODY, IndexLease
from fathom_indexer.process.request_queue import STARTER, Request, RequestQueue
from fathom_indexer.types import UNTITLED, CloneGroup, CloneKind, Filters, IndexStatus, Progress, SearchResult, Stage
from fathom_indexer.wire.messages import (
    Json,
    ProtocolError,
    clone_group_to_json,
    filters_from_json,
    hit_to_json,
    place_to_json,
    progress_to_json,
    status_to_json,
)

logger = logging.getLogger(__name__)

Send = Callable[[Json], None]

Watch = Callable[[Callable[[str], None]], None]
"""Begins to watch the files; the argument is to be told why they are not watched any more."""

PROGRESS_INTERVAL = 0.1
"""Seconds between two progress notifications of one stage."""

TURN_INTERVAL = 0.5
"""Seconds between two looks whether somebody else still indexes the same index."""

IDLE_INTERVAL = 2.0
"""Seconds between two looks whether what can wait still has to."""

RESCAN_INTERVAL = 30.0
"""Seconds after which a search has the workspace looked at again, where nobody can watch it."""

FIRST_RETRY, LONGEST_RETRY = 5.0, 600.0
"""Seconds after which work that failed is tried again: at first, and at most, doubling in between."""

DEFAULT_LIMIT = 10


class SearchEngine(Protocol):
    """What the worker asks of the engine; `fathom_indexer.engine.Engine` documents it."""

    cancelled: Callable[[], bool]
    hurried: bool
    viewer: int

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]: ...
    def idle_steps(self) -> Iterator[Progress]: ...
    def attend(self, paths: Sequence[str]) -> None: ...
    def open_document(self, path: str, text: str, language: str = ...) -> None: ...
    def close_document(self, path: str) -> None: ...
    def close_documents(self) -> None: ...
    def document_steps(self) -> Iterator[None]: ...
    def search_steps(self, query: str, limit: int = ..., filters: Filters = ...) -> Iterator[SearchResult]: ...
    def similar_steps_at(
        self, path: str, line: int, limit: int = ..., filters: Filters = ...
    ) -> Iterator[SearchResult]: ...
    def similar_steps_to(self, snippet: str, limit: int = ..., filters: Filters = ...) -> Iterator[SearchResult]: ...
    def duplicates(
        self, filters: Filters = ..., loosest: CloneKind = ..., threshold: float = ..., min_tokens: int = ...
    ) -> list[CloneGroup]: ...
    def duplicates_steps(self) -> Iterator[tuple[int, int]]: ...
    def status(self) -> IndexStatus: ...
    def trouble(self) -> str: ...
    def missing(self) -> list[str]: ...
    def clear(self) -> None: ...
    def close(self) -> None: ...


class Worker:
    """The engine's thread: answers requests, and indexes when none waits."""

    def __init__(
        self,
        open_engine: Callable[[], SearchEngine],
        inbox: RequestQueue,
        broadcast: Send,
        turn: IndexLease = EVERYBODY,
        clients: Callable[[], int] = lambda: 1,
        clock: Callable[[], float] = time.monotonic,
        wait_reason: Callable[[], str] = lambda: "",
        watch: Watch | None = None,
    ) -> None:
        """`broadcast` tells all clients something, `turn` is had while indexing, `clients` counts the clients.

        `wait_reason` says why work that can wait should wait, if it should. `watch` begins to watch the files.
        """
        self._open_engine = open_engine
        self._inbox = inbox
        self._broadcast = broadcast
        self._turn = turn
        self._clients = clients
        self._clock = clock
        self._wait_reason = wait_reason
        self._watch_files = watch
        self._watches = False
        self._unwatched_since: float | None = None
        """When the workspace was looked at last, if it should be watched and cannot be."""
        self._engine: SearchEngine | None = None
        self._indexing: Indexing | None = None
        self._documents: Iterator[None] | None = None
        """What is left to do for open documents; it goes before indexing, and needs no turn."""
        self._reported: tuple[Stage, float] | None = None
        self._problem_told = ""
        self._away = False
        """Whether the workspace's folder was not there when it was needed last."""
        self._retry_after = FIRST_RETRY
        self._retry_at: float | None = None
        """When to try again what failed: a disk that is full or a folder that is away comes back by itself."""
        self._methods: dict[str, Callable[[SearchEngine, Indexing, Request], Json]] = {
            "search": self._search,
            "similar": self._similar,
            "duplicates": self._duplicates,
            "status": self._status,
            "update": self._update,
            "attend": self._attend,
            "openDocument": self._open_document,
            "closeDocument": self._close_document,
            "closeDocuments": self._close_documents,
            "rescan": self._rescan,
            "reindex": self._reindex,
        }

    def run(self) -> None:
        """Work until a `shutdown` request comes or the inbox is closed."""
        self._begin()
        try:
            while not self._inbox.closed:
                if self._retry_at is not None and self._clock() >= self._retry_at:
                    self._retry_at = None
                    self._begin()
                active = self._indexing is not None and self._indexing.active
                allowed = active and self._turn.acquire()
                idle = self._indexing is not None and self._indexing.idle
                waits = bool(idle and self._wait_reason())
                patience = _patience(active, allowed, idle, waits) if self._documents is None else 0
                request = self._inbox.take(self._until_retry(patience))
                if request is not None:
                    self._serve(request)
                elif self._documents is not None:
                    self._document_step(self._documents)
                elif allowed:
                    self._step()
                elif idle and not waits:
                    self._idle_step()
        finally:
            if self._engine is not None:
                self._engine.close()

    def _serve(self, request: Request) -> None:
        ends = request.method == "shutdown" and request.client == STARTER
        answer = {"id": request.id, "result": {}} if ends else self._answer(request)
        if not request.dropped.is_set():
            request.reply(answer)
        if ends:
            self._inbox.close()

    def _begin(self) -> None:
        """Open the engine, which looks at the whole workspace then; if it is open, have it do so again."""
        try:
            if self._indexing is None:
                self._open()
            else:
                self._indexing.rescan()
        except Exception as error:
            self._problem(error)

    def _until_retry(self, patience: float | None) -> float | None:
        """`patience`, or less where something has to be tried again before."""
        if self._retry_at is None:
            return patience
        left = max(0.0, self._retry_at - self._clock())
        return left if patience is None else min(patience, left)

    def _open(self) -> tuple[SearchEngine, Indexing]:
        """The engine, opened at the first try that succeeds: a missing folder or model may come back."""
        if self._engine is None or self._indexing is None:
            self._engine = self._open_engine()
            self._indexing = Indexing(self._engine)
            self._indexing.rescan()
            self._away = False
        return self._engine, self._indexing

    def _step(self) -> None:
        if self._indexing is None:
            return
        try:
            progress = self._indexing.step()
        except Exception as error:
            self._problem(error)
            progress = None if self._indexing.active else READY
        if not self._indexing.active:
            self._turn.release()
            if self._retry_at is None:
                self._retry_after, self._problem_told, self._away = FIRST_RETRY, "", False
        if progress is not None:
            self._report(progress)

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
            self._documents = None
        except Exception as error:
            self._documents = None
            self._problem(error)

    def _report(self, progress: Progress) -> None:
        now = self._clock()
        if self._reported is not None and progress.stage is not Stage.READY:
            stage, when = self._reported
            if stage is progress.stage and now - when < PROGRESS_INTERVAL:
                return
        self._reported = (progress.stage, now)
        params = progress_to_json(progress)
        if progress.stage is Stage.READY and self._retry_at is not None:
            # Nothing is done at the moment, but all is not well.
            params["problem"] = self._problem_told
        self._broadcast({"method": "progress", "params": params})

    def _problem(self, error: Exception) -> None:
        """Say that something failed which no request asked about, and try it again later."""
        failure = _failure(error, "indexing")
        if failure["message"] != self._problem_told:
            self._problem_told = failure["message"]
            self._broadcast({"method": "problem", "params": failure})
        self._away = self._away or isinstance(error, WorkspaceError)
        if isinstance(error, IndexDamagedError):
            self._inbox.close()
        elif self._retry_at is None:
            self._retry_at = self._clock() + self._retry_after
            self._retry_after = min(2 * self._retry_after, LONGEST_RETRY)

    def _answer(self, request: Request) -> Json:
        try:
            if request.method == "watch":
                # Before the engine: what cannot be opened yet has to be watched once it can.
                self._watch()
                return {"id": request.id, "result": {}}
            method = self._methods.get(request.method)
            if method is None:
                raise QueryError(f"unknown method {request.method!r}")
            engine, indexing = self._open()
            engine.cancelled = request.dropped.is_set
            # Whoever asks meanwhile wants to work; the deep vectors are made when the index is there.
            engine.hurried = indexing.behind
            engine.viewer = request.client
            return {"id": request.id, "result": method(engine, indexing, request)}
        except IndexDamagedError as error:
            # This process ends unanswered: the clients ask the next one, which builds a sound index.
            self._problem(error)
            return {}
        except Exception as error:
            return {"id": request.id, "error": _failure(error, request.method)}

    def _search(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        query, limit, filters = _string(request.params, "query"), *_how(request.params)
        self._look_if_unwatched(indexing)
        message = self._look_at_root(engine, indexing)
        return self._found(engine.search_steps(query, limit, filters), engine, indexing, request, message)

    def _similar(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        params, (limit, filters) = request.params, _how(request.params)
        self._look_if_unwatched(indexing)
        message = self._look_at_root(engine, indexing)
        if "snippet" in params:
            steps = engine.similar_steps_to(_string(params, "snippet"), limit, filters)
        else:
            steps = engine.similar_steps_at(_string(params, "path"), _integer(params, "line"), limit, filters)
        return self._found(steps, engine, indexing, request, message)

    def _found(
        self, steps: Iterator[SearchResult], engine: SearchEngine, indexing: Indexing, request: Request, message: str
    ) -> Json:
        answer = _final(steps, indexing, request, message)
        if (missing := engine.missing()) and not message:
            indexing.update(missing)
        return answer

    def _duplicates(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        params = request.params
        how: dict[str, Any] = {"filters": filters_from_json(params.get("filters"))}
        if params.get("loosest") is not None:
            how["loosest"] = _clone_kind(params["loosest"])
        if params.get("threshold") is not None:
            how["threshold"] = _number(params, "threshold")
        if params.get("minTokens") is not None:
            how["min_tokens"] = _integer(params, "minTokens")
        limit = _integer(params, "limit", DEFAULT_LIMIT)
        if message := self._look_at_root(engine, indexing):
            return {"groups": [], "indexing": indexing.behind, "message": message}
        for _ in engine.duplicates_steps():
            if request.dropped.is_set():
                return {"groups": [], "indexing": indexing.behind}
        groups = engine.duplicates(**how)[:limit]
        answer = {"groups": [clone_group_to_json(group) for group in groups], "indexing": indexing.behind}
        if missing := engine.missing():
            indexing.update(missing)
        return answer

    def _status(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        message = self._look_at_root(engine, indexing)
        progress = indexing.progress
        return {
            **status_to_json(engine.status()),
            "message": message or None,
            "indexing": indexing.active,
            "progress": None if progress is None else progress_to_json(progress),
            "deepening": indexing.idle,
            "paused": (self._wait_reason() or None) if indexing.idle else None,
            "pid": os.getpid(),
            "clients": self._clients(),
        }

    def _update(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        indexing.update(_paths(request.params))
        return {}

    def _attend(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        engine.attend(_paths(request.params))
        return {}

    def _open_document(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        params = request.params
        language = params.get("language", "")
        if not isinstance(language, str):
            raise QueryError("language must be a string")
        engine.open_document(_document(params), _string(params, "text"), language)
        self._documents = engine.document_steps()
        return {}

    def _close_document(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        engine.close_document(_document(request.params))
        return {}

    def _close_documents(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        engine.close_documents()
        return {}

    def _rescan(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        indexing.rescan(again=True)
        return {}

    def _watch(self) -> None:
        if self._watch_files is not None and not self._watches:
            self._watches = True
            self._watch_files(self._watching_failed)

    def _watching_failed(self, reason: str) -> None:
        """From any thread: nobody watches the files any more."""
        self._unwatched_since = self._clock()
        logger.warning("%s", reason)
        self._broadcast({"method": "problem", "params": asdict(ProtocolError("index", reason))})

    def _look_if_unwatched(self, indexing: Indexing) -> None:
        since = self._unwatched_since
        if since is not None and self._clock() - since >= RESCAN_INTERVAL:
            self._unwatched_since = self._clock()
            indexing.rescan(again=True)

    def _look_at_root(self, engine: SearchEngine, indexing: Indexing) -> str:
        """What is wrong with the workspace's folder, for the user; empty if nothing is.

        That it is away is told to all, and once it is back the workspace is looked at, whether it is watched or not.
        """
        trouble = engine.trouble()
        if trouble and not self._away:
            self._problem(WorkspaceError(trouble))
        elif self._away and not trouble:
            self._away = False
            indexing.rescan()
        return f"{trouble}; what is known of it is kept until it is back" if trouble else ""

    def _reindex(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        indexing.stop()
        engine.clear()
        indexing.rescan()
        return {}


def _patience(active: bool, allowed: bool, idle: bool, waits: bool) -> float | None:
    """How long to wait for a request, in seconds, before there is something else to do or to look at."""
    if allowed or (idle and not waits):
        return 0
    if active:
        return TURN_INTERVAL
    return IDLE_INTERVAL if idle else None


def _paths(params: Json) -> list[str]:
    paths = params.get("paths")
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise QueryError("paths must be a list of strings")
    for path in paths:
        if not _is_inside(path):
            raise QueryError(f"paths must be relative and inside the workspace, not {path!r}")
    return paths


def _document(params: Json) -> str:
    path = _string(params, "path")
    if not path.startswith(UNTITLED) and not _is_inside(path):
        raise QueryError(f"path must be relative and inside the workspace, not {path!r}")
    return path


def _is_inside(path: str) -> bool:
    """Whether a path names something below the root, by its words alone."""
    pure = PurePath(path)
    return not pure.anchor and ".." not in pure.parts and "\0" not in path


def _failure(error: Exception, doing: str) -> Json:
    """An error as it is told to the client; what nobody foresaw is logged with its traceback."""
    if isinstance(error, FathomError):
        return asdict(ProtocolError("query" if isinstance(error, QueryError) else "index", str(error)))
    logger.error("%s failed", doing, exc_info=error)
    return asdict(ProtocolError("internal", f"{doing} failed: {type(error).__name__}: {error}"))


def _final(steps: Iterator[SearchResult], indexing: Indexing, request: Request, message: str) -> Json:
    """The last answer of a search. A client that wants to `stream` is sent the one before it, too."""
    latest = SearchResult((), 0, 0, complete=True)
    stream = request.params.get("stream") is True
    for latest in steps:
        if request.dropped.is_set():
            break
        if stream and not latest.final:
            result = _result(latest, indexing, request, message)
            request.reply({"method": "partial", "params": {"id": request.id, "result": result}})
    return _result(latest, indexing, request, message)


def _result(result: SearchResult, indexing: Indexing, request: Request, message: str) -> Json:
    explain = request.params.get("explain") is True
    compared = {} if result.compared is None else {"compared": place_to_json(result.compared)}
    return {
        **compared,
        **({"message": message} if message else {}),
        "results": [hit_to_json(hit, explain) for hit in result.hits],
        "indexing": indexing.behind,
        "candidates": result.candidates,
        "reranked": result.reranked,
        "complete": result.complete,
    }


def _how(params: Json) -> tuple[int, Filters]:
    return _integer(params, "limit", DEFAULT_LIMIT), filters_from_json(params.get("filters"))


def _clone_kind(value: Any) -> CloneKind:
    try:
        return CloneKind(value)
    except ValueError:
        known = ", ".join(kind.value for kind in CloneKind)
        raise QueryError(f"loosest must be one of {known}, not {value!r}") from None


def _number(params: Json, name: str) -> float:
    value = params.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise QueryError(f"{name} must be a number")
    return float(value)


def _string(params: Json, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise QueryError(f"{name} must be a string")
    return value


def _integer(params: Json, name: str, default: int | None = None) -> int:
    value: Any = params.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise QueryError(f"{name} must be a whole number, 1 or more")
    return value
