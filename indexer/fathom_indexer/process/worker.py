"""The engine as a process: `python -m fathom_indexer.process.worker --root DIR [--config JSON]`.

Two threads. The reading thread turns lines into requests and never waits for the engine; the engine's thread (the main
one) owns the engine and does one thing at a time: requests in the order they came, and when none waits one short step
of indexing. So a search waits for at most one step. See `protocol.py` for the messages.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from fathom_indexer import __version__
from fathom_indexer.errors import FathomError, QueryError
from fathom_indexer.process.stdio import claim_stdout, read_lines
from fathom_indexer.protocol import (
    PROTOCOL_VERSION,
    Json,
    ProtocolError,
    config_from_json,
    decode,
    encode,
    filters_from_json,
    hit_to_json,
    progress_to_json,
    status_to_json,
)
from fathom_indexer.types import Filters, Hit, IndexStatus, Progress, Stage

if TYPE_CHECKING:
    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

Send = Callable[[Json], None]

PROGRESS_INTERVAL = 0.1
"""Seconds between two progress notifications of one stage."""

EXIT_GRACE = 5.0
"""Seconds that a step of the engine may still take once the client is gone."""

MANY_CHANGES = 100
"""With more changed files than this the whole workspace is looked at, which is quicker than one file after another."""

DEFAULT_LIMIT = 10

READY = Progress(Stage.READY, 1, 1)


class SearchEngine(Protocol):
    """What the worker asks of the engine; `fathom_indexer.engine.Engine` documents it."""

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]: ...
    def search(self, query: str, limit: int = ..., filters: Filters = ...) -> list[Hit]: ...
    def similar_at(self, path: str, line: int, limit: int = ..., filters: Filters = ...) -> list[Hit]: ...
    def similar_to(self, snippet: str, limit: int = ..., filters: Filters = ...) -> list[Hit]: ...
    def status(self) -> IndexStatus: ...
    def clear(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came off the wire, its parameters not yet looked at."""

    id: int
    method: str
    params: Json


class Inbox:
    """Requests on their way from the reading thread to the engine's."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: deque[Request] = deque()
        self._closed = False

    def put(self, request: Request) -> None:
        with self._changed:
            self._requests.append(request)
            self._changed.notify()

    def cancel(self, request_id: int) -> None:
        """Forget a request that is still waiting. One that is under way or answered is left alone."""
        with self._changed:
            self._requests = deque(request for request in self._requests if request.id != request_id)

    def close(self) -> None:
        """Nobody will read answers any more: drop what waits and take nothing new."""
        with self._changed:
            self._closed = True
            self._requests.clear()
            self._changed.notify()

    @property
    def closed(self) -> bool:
        return self._closed

    def take(self, *, wait: bool) -> Request | None:
        """The next request, or None when there is none (with `wait`: only when the inbox is closed)."""
        with self._changed:
            while wait and not self._requests and not self._closed:
                self._changed.wait()
            return self._requests.popleft() if self._requests else None


class Indexing:
    """The indexing that is left to do, as a source of short steps.

    There is at most one scan of the whole workspace and one update of changed files. The update goes first, so that a
    saved file is searchable soon even while a large workspace is indexed for the first time. Every piece of work ends
    by embedding whatever lacks a vector, so only the last one gets that far.
    """

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._scan: Iterator[Progress] | None = None
        self._scan_embeds = False
        self._update: Iterator[Progress] | None = None
        self._unread: dict[str, None] = {}
        self.progress: Progress | None = None
        """Where the work is; None before its first step and when nothing is left to do."""

    @property
    def active(self) -> bool:
        return self._scan is not None or self._update is not None

    def rescan(self) -> None:
        """Look at the whole workspace, from the start if that is being done already."""
        self.stop()
        self._scan = self._engine.index_steps(None)

    def update(self, paths: Sequence[str]) -> None:
        """Look at these files again, and at those named before that were not read yet."""
        folders = [_ruled_by(path) for path in paths]
        if "" in folders or len(self._unread) + len(folders) > MANY_CHANGES:
            self.rescan()
            return
        self._unread.update(dict.fromkeys(folders))
        self._update = self._engine.index_steps(tuple(self._unread))
        if self._scan_embeds:
            self._end_scan()

    def stop(self) -> None:
        """Forget what is left to do. What was done stays done."""
        self._end_scan()
        self._end_update()
        self.progress = None

    def step(self) -> Progress | None:
        """Do one step; the progress after it, `Stage.READY` once nothing is left to do, or None if there was nothing.

        A step that fails ends its piece of work, the rest goes on. Raises whatever the engine raised.
        """
        updating = self._update is not None
        steps = self._update or self._scan
        if steps is None:
            return None
        end = self._end_update if updating else self._end_scan
        try:
            progress = next(steps, READY)
        except Exception:
            end()
            raise
        if progress.stage is Stage.READY:
            end()
        elif progress.stage is Stage.EMBED:
            self._unread.clear()
            if updating and self._scan is not None:
                end()
            self._scan_embeds = not updating
        if not self.active:
            self.progress = None
            return READY
        if progress.stage is not Stage.READY:
            self.progress = progress
        return self.progress

    def _end_scan(self) -> None:
        self._scan = None
        self._scan_embeds = False

    def _end_update(self) -> None:
        self._update = None
        self._unread.clear()


def _ruled_by(path: str) -> str:
    """What has to be looked at when a file has changed: the file, or for ignore rules the folder they are for."""
    name = path.rpartition("/")[2]
    return path.rpartition("/")[0] if name.startswith(".") and name.endswith("ignore") else path


class Worker:
    """The engine's thread: answers requests, and indexes when none waits."""

    def __init__(
        self,
        open_engine: Callable[[], SearchEngine],
        inbox: Inbox,
        send: Send,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_engine = open_engine
        self._inbox = inbox
        self._send = send
        self._clock = clock
        self._engine: SearchEngine | None = None
        self._indexing: Indexing | None = None
        self._reported: tuple[Stage, float] | None = None
        self._methods: dict[str, Callable[[SearchEngine, Indexing, Json], Json]] = {
            "search": self._search,
            "similar": self._similar,
            "status": self._status,
            "update": self._update,
            "reindex": self._reindex,
        }

    def run(self) -> None:
        """Work until a `shutdown` request comes or the inbox is closed."""
        try:
            self._open()
        except Exception as error:
            self._problem(error)
        try:
            while not self._inbox.closed:
                active = self._indexing is not None and self._indexing.active
                request = self._inbox.take(wait=not active)
                if request is None:
                    self._step()
                elif request.method == "shutdown":
                    self._send({"id": request.id, "result": {}})
                    return
                else:
                    self._send(self._answer(request))
        finally:
            if self._engine is not None:
                self._engine.close()

    def _open(self) -> tuple[SearchEngine, Indexing]:
        """The engine, opened at the first try that succeeds: a missing folder or model may come back."""
        if self._engine is None or self._indexing is None:
            self._engine = self._open_engine()
            self._indexing = Indexing(self._engine)
            self._indexing.rescan()
        return self._engine, self._indexing

    def _step(self) -> None:
        if self._indexing is None:
            return
        try:
            progress = self._indexing.step()
        except Exception as error:
            self._problem(error)
            if not self._indexing.active:
                self._report(READY)
        else:
            if progress is not None:
                self._report(progress)

    def _report(self, progress: Progress) -> None:
        now = self._clock()
        if self._reported is not None and progress.stage is not Stage.READY:
            stage, when = self._reported
            if stage is progress.stage and now - when < PROGRESS_INTERVAL:
                return
        self._reported = (progress.stage, now)
        self._send({"method": "progress", "params": progress_to_json(progress)})

    def _problem(self, error: Exception) -> None:
        """Say that something failed which no request asked about."""
        self._send({"method": "problem", "params": _failure(error, "indexing")})

    def _answer(self, request: Request) -> Json:
        try:
            method = self._methods.get(request.method)
            if method is None:
                raise QueryError(f"unknown method {request.method!r}")
            return {"id": request.id, "result": method(*self._open(), request.params)}
        except Exception as error:
            return {"id": request.id, "error": _failure(error, request.method)}

    def _search(self, engine: SearchEngine, indexing: Indexing, params: Json) -> Json:
        hits = engine.search(_string(params, "query"), _limit(params), filters_from_json(params.get("filters")))
        return _results(hits, indexing)

    def _similar(self, engine: SearchEngine, indexing: Indexing, params: Json) -> Json:
        limit, filters = _limit(params), filters_from_json(params.get("filters"))
        if "snippet" in params:
            hits = engine.similar_to(_string(params, "snippet"), limit, filters)
        else:
            hits = engine.similar_at(_string(params, "path"), _integer(params, "line"), limit, filters)
        return _results(hits, indexing)

    def _status(self, engine: SearchEngine, indexing: Indexing, params: Json) -> Json:
        progress = indexing.progress
        return {
            **status_to_json(engine.status()),
            "indexing": indexing.active,
            "progress": None if progress is None else progress_to_json(progress),
        }

    def _update(self, engine: SearchEngine, indexing: Indexing, params: Json) -> Json:
        paths = params.get("paths")
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise QueryError("paths must be a list of strings")
        indexing.update(paths)
        return {}

    def _reindex(self, engine: SearchEngine, indexing: Indexing, params: Json) -> Json:
        indexing.stop()
        engine.clear()
        indexing.rescan()
        return {}


def read_requests(lines: Iterator[bytes], inbox: Inbox, send: Send) -> None:
    """The reading thread: lines into the inbox until the stream ends. A line that is no request is answered so."""
    for line in lines:
        if not line.strip():
            continue
        message: Json = {}
        try:
            message = decode(line)
            request = _request(message)
        except ValueError as error:
            send({"id": message.get("id"), "error": asdict(ProtocolError("query", f"malformed message: {error}"))})
            continue
        if request.method == "cancel":
            inbox.cancel(request.id)
        else:
            inbox.put(request)
    inbox.close()


def _request(message: Json) -> Request:
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str):
        raise ValueError("method must be a string")
    if not isinstance(params, dict):
        raise ValueError("params must be an object")
    request_id = params.get("id") if method == "cancel" else message.get("id")
    if not isinstance(request_id, int):
        raise ValueError("id must be a whole number")
    return Request(request_id, method, params)


def _failure(error: Exception, doing: str) -> Json:
    """An error as it is told to the client; what nobody foresaw is logged with its traceback."""
    if isinstance(error, FathomError):
        return asdict(ProtocolError("query" if isinstance(error, QueryError) else "index", str(error)))
    logger.error("%s failed", doing, exc_info=error)
    return asdict(ProtocolError("internal", f"{doing} failed: {type(error).__name__}: {error}"))


def _results(hits: list[Hit], indexing: Indexing) -> Json:
    return {"results": [hit_to_json(hit) for hit in hits], "indexing": indexing.active}


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


def _limit(params: Json) -> int:
    return _integer(params, "limit", DEFAULT_LIMIT)


class LineWriter:
    """Sends messages from either thread, a line at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, message: Json) -> None:
        with self._lock:
            try:
                self._stream.write(encode(message))
                self._stream.flush()
            except OSError:
                # The client is gone. The end of its input, which follows, ends the process.
                logger.debug("nobody reads the answer any more")


def _leave_when_alone(inbox: Inbox, send: Send) -> None:
    """Read until the client goes away, then make sure that the process ends too, even out of a step that hangs."""
    read_requests(read_lines(), inbox, send)
    time.sleep(EXIT_GRACE)
    # A kill at any instant leaves the index as it was before or after a file, never between.
    os._exit(1)


def _opener(root: Path, config: Config) -> Callable[[], SearchEngine]:
    def open_engine() -> SearchEngine:
        # Imported here so that requests are read meanwhile, and a native library that is missing becomes an answer.
        from fathom_indexer.engine import Engine  # noqa: PLC0415

        return Engine.open(root, config)

    return open_engine


def _background(config: Config) -> Config:
    """The indexer runs behind an editor: unless told otherwise, it leaves half of the cores alone."""
    return config if config.threads else replace(config, threads=max(1, (os.cpu_count() or 1) // 2))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m fathom_indexer.process.worker", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the workspace to index")
    parser.add_argument("--config", default="{}", help="settings as a JSON object; see fathom_indexer.config.Config")
    parser.add_argument("--log-level", default="WARNING", help="how much to say on standard error")
    options = parser.parse_args(arguments)
    try:
        config = config_from_json(json.loads(options.config))
    except (ValueError, TypeError) as error:
        parser.error(f"--config: {error}")

    send = LineWriter(claim_stdout())
    logging.basicConfig(
        stream=sys.stderr, level=options.log_level.upper(), format="%(asctime)s %(levelname)s indexer %(message)s"
    )
    # Ctrl-C in a terminal reaches the whole process group. The server decides what ends, and its going ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    send({"method": "ready", "params": {"protocol": PROTOCOL_VERSION, "version": __version__}})
    inbox = Inbox()
    threading.Thread(target=_leave_when_alone, args=(inbox, send), name="reader", daemon=True).start()
    Worker(_opener(options.root, _background(config)), inbox, send).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
