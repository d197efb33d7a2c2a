"""The methods of the indexer: each one takes a request's parameters and gives the `result` of its answer.

`docs/protocol.md` has their parameters and results, `wire/validation.py` the checks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from fathom_indexer.process.index_runner import Indexing
from fathom_indexer.process.request_queue import Request
from fathom_indexer.process.workspace_monitor import WorkspaceMonitor
from fathom_indexer.types import CloneGroup, IndexStatus, Progress, RequestContext
from fathom_indexer.wire import validation
from fathom_indexer.wire.conversion import (
    duplicates_response_to_json,
    progress_to_json,
    search_response_to_json,
    status_to_json,
)
from fathom_indexer.wire.framing import Json
from fathom_indexer.wire.messages import DuplicatesRequest, DuplicatesResponse, SearchRequest, SearchResponse


class SearchEngine(Protocol):
    """The part of the engine that the indexer process uses; `fathom_indexer.engine.Engine` documents it."""

    @property
    def languages(self) -> tuple[str, ...]: ...
    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]: ...
    def idle_steps(self) -> Iterator[Progress]: ...
    def prioritize(self, paths: Sequence[str]) -> None: ...
    def open_document(self, path: str, text: str, language: str = ..., client: int = ...) -> None: ...
    def close_document(self, path: str, client: int = ...) -> None: ...
    def close_documents(self, client: int = ...) -> None: ...
    def document_steps(self) -> Iterator[None]: ...
    def search_steps(self, request: SearchRequest, context: RequestContext = ...) -> Iterator[SearchResponse]: ...
    def duplicate_groups(self, request: DuplicatesRequest) -> list[CloneGroup]: ...
    def duplicates_steps(self) -> Iterator[tuple[int, int]]: ...
    def status(self) -> IndexStatus: ...
    def trouble(self) -> str: ...
    def missing(self) -> list[str]: ...
    def clear(self) -> None: ...
    def close(self) -> None: ...


Method = Callable[[SearchEngine, Indexing, Request], Json]


class Methods:
    """The methods that need the engine, by their names in messages."""

    def __init__(self, monitor: WorkspaceMonitor, clients: Callable[[], int], wait_reason: Callable[[], str]) -> None:
        """`clients` counts the clients; `wait_reason` says why work that can wait should wait, if it should."""
        self._monitor = monitor
        self._clients = clients
        self._wait_reason = wait_reason
        self.document_steps: Iterator[None] | None = None
        """The work that is left to do for open documents."""
        self.by_name: dict[str, Method] = {
            "search": self._search,
            "similar": self._similar,
            "duplicates": self._duplicates,
            "status": self._status,
            "update": self._update,
            "prioritize": self._prioritize,
            "openDocument": self._open_document,
            "closeDocument": self._close_document,
            "closeDocuments": self._close_documents,
            "rescan": self._rescan,
            "reindex": self._reindex,
        }

    def _search(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        return self._answer(validation.search_request(request.params, engine.languages), engine, indexing, request)

    def _similar(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        return self._answer(validation.similar_request(request.params, engine.languages), engine, indexing, request)

    def _answer(self, search: SearchRequest, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        """The final answer to a search. A client that wants a stream is sent the one before it, too."""
        self._monitor.rescan_if_unwatched(indexing)
        message = self._monitor.check_root(engine, indexing)
        # While the index is being made, an answer at once is worth more than a finer order. The missing vectors are
        # made when indexing has ended.
        context = RequestContext(request.client, request.cancelled.is_set, skip_rerank=indexing.behind)
        response = SearchResponse()
        for response in engine.search_steps(search, context):
            if request.cancelled.is_set():
                break
            if search.stream and not response.final:
                partial = _result(response, search, indexing, message)
                request.reply({"method": "partial", "params": {"id": request.id, "result": partial}})
        result = _result(response, search, indexing, message)
        if (missing := engine.missing()) and not message:
            indexing.update(missing)
        return result

    def _duplicates(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        duplicates = validation.duplicates_request(request.params, engine.languages)
        if message := self._monitor.check_root(engine, indexing):
            return duplicates_response_to_json(DuplicatesResponse(indexing=indexing.behind, message=message))
        for _ in engine.duplicates_steps():
            if request.cancelled.is_set():
                return duplicates_response_to_json(DuplicatesResponse(indexing=indexing.behind))
        response = DuplicatesResponse(tuple(engine.duplicate_groups(duplicates)), indexing.behind)
        if missing := engine.missing():
            indexing.update(missing)
        return duplicates_response_to_json(response)

    def _status(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        validation.no_params(request.params)
        message = self._monitor.check_root(engine, indexing)
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
        indexing.update(validation.file_paths(request.params))
        return {}

    def _prioritize(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        engine.prioritize(validation.file_paths(request.params))
        return {}

    def _open_document(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        document = validation.open_document(request.params)
        engine.open_document(document.path, document.text, document.language, client=request.client)
        self.document_steps = engine.document_steps()
        return {}

    def _close_document(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        engine.close_document(validation.close_document(request.params), client=request.client)
        return {}

    def _close_documents(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        validation.no_params(request.params)
        engine.close_documents(client=request.client)
        return {}

    def _rescan(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        validation.no_params(request.params)
        indexing.rescan(again=True)
        return {}

    def _reindex(self, engine: SearchEngine, indexing: Indexing, request: Request) -> Json:
        validation.no_params(request.params)
        indexing.stop()
        engine.clear()
        indexing.rescan()
        return {}


def _result(response: SearchResponse, search: SearchRequest, indexing: Indexing, message: str) -> Json:
    complete = replace(response, indexing=indexing.behind, message=message)
    return search_response_to_json(complete, search.explain)
