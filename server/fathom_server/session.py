"""What lasts as long as the editor's session: the workspace folders and the indexer of each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from fathom_indexer.errors import IndexerUnavailableError, QueryError
from fathom_indexer.process.bursts import Burst
from fathom_indexer.process.client import (
    Events,
    Groups,
    IndexerClient,
    IndexerError,
    IndexerGoneError,
    OnPartial,
    Results,
)
from fathom_indexer.types import UNTITLED, Stage
from fathom_server.convert import path_of
from fathom_server.documents import PAUSE, FolderDocuments
from fathom_server.lsp_ext import RootStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from fathom_indexer.config import Config
    from fathom_indexer.protocol import Json
    from fathom_indexer.types import Filters, Progress
    from fathom_server.convert import Folder
    from fathom_server.documents import OpenDocument
    from fathom_server.progress import Reporter

logger = logging.getLogger(__name__)

STATUS_TIMEOUT = 5.0
"""Seconds that a status may take; a status that comes late is of no use."""

RETRY_PATIENCE = 10.0
"""Seconds that a request waits for the next indexer when one died over it."""

RETRY_INTERVAL = 0.05

Answer = TypeVar("Answer")


class State(str, Enum):
    """The life of a folder's indexer process."""

    STARTING = "starting"
    READY = "ready"
    DEAD = "dead"
    """It ended or could not be started, and will be started again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a dead indexer is started again: twice as long each time, up to `longest`."""

    first: float = 1.0
    longest: float = 60.0
    healthy_after: float = 60.0
    """Seconds of life after which a death counts as the first again."""

    def delay(self, deaths: int) -> float:
        """Seconds to wait after the given number of deaths in a row."""
        return min(self.longest, self.first * 2.0 ** min(deaths - 1, 30))


class Editor(Protocol):
    """What a session asks of the editor."""

    def warn(self, message: str) -> None:
        """Show a message to the user."""

    def reporter(self, title: str) -> Reporter:
        """A new display of progress."""

    def noticed(self) -> None:
        """Some folder fares otherwise than before."""

    def indexed(self) -> None:
        """Some folder's index is up to date again."""


class StartIndexer(Protocol):
    """What gets hold of an indexer: `IndexerClient.share` or `start`, with whatever else it takes bound."""

    def __call__(self, root: Path, config: Config, events: Events, /) -> Awaitable[IndexerClient]: ...


class FolderIndexer:
    """The indexer of one workspace folder, which other editors may use too; started again when it dies."""

    def __init__(
        self,
        folder: Folder,
        config: Config,
        editor: Editor,
        start: StartIndexer = IndexerClient.share,
        backoff: Backoff = Backoff(),
        pause: float = PAUSE,
        watch: bool = False,
    ) -> None:
        """`pause` is as `FolderDocuments` takes it; with `watch`, the indexer has to watch the files."""
        self.folder = folder
        self.documents = FolderDocuments(self.client, config.max_file_bytes, pause)
        self.state = State.STARTING
        self.quiescent = False
        """Whether nothing is left to index."""
        self.trouble: str | None = None
        """What is wrong, in words for the user."""
        self._config = config
        self._editor = editor
        self._start = start
        self._backoff = backoff
        self._reporter = editor.reporter(f"Fathom: indexing {folder.name}")
        self._client: IndexerClient | None = None
        self._settled = asyncio.Event()
        self._told: set[str] = set()
        self._watch = watch
        self._preparation: asyncio.Task[None] | None = None
        self._supervisor = asyncio.create_task(self._supervise())

    async def client(self) -> IndexerClient:
        """The running indexer. Raises `IndexerUnavailableError` while there is none."""
        await self._settled.wait()
        if self._client is None:
            raise IndexerUnavailableError(f"the indexer of {self.folder.name} is not running; it will be started again")
        return self._client

    async def ask(self, request: Callable[[IndexerClient], Awaitable[Answer]]) -> Answer:
        """The answer to a request that changes nothing: when the indexer dies over it, the next one is asked, once.

        Raises `IndexerError`, and `IndexerUnavailableError` when there is no answer in the end.
        """
        client = await self.client()
        try:
            await self.documents.tell(client)
            return await request(client)
        except IndexerGoneError:
            successor = await self._successor(client)
            if successor is None:
                raise
            logger.info("asking the new indexer of %s again", self.folder.name)
            await self.documents.tell(successor)
            return await request(successor)

    async def close(self) -> None:
        """Let go of the indexer for good."""
        client = self._client
        self.documents.close()
        if self._preparation is not None:
            self._preparation.cancel()
        self._supervisor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._supervisor
        if client is not None:
            await client.shutdown()

    def watch_files(self) -> None:
        """Have the indexer watch the files, this one and those after it."""
        self._watch = True
        if self._client is not None:
            self._prepare(self._client)

    def _prepare(self, client: IndexerClient) -> None:
        """Tell a new indexer what it has to know before anybody asks it something."""

        async def prepare() -> None:
            try:
                if self._watch:
                    await client.watch()
                await self.documents.tell(client)
            except (IndexerError, IndexerUnavailableError) as error:
                logger.info("the indexer of %s was not prepared: %s", self.folder.name, error)

        self._preparation = asyncio.create_task(prepare())

    async def _successor(self, dead: IndexerClient) -> IndexerClient | None:
        """The indexer that is started in a dead one's place, unless that takes too long."""
        deadline = time.monotonic() + RETRY_PATIENCE
        while self._client is None or self._client is dead:
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(RETRY_INTERVAL)
        return self._client

    async def _supervise(self) -> None:
        deaths = 0
        while True:
            started = time.monotonic()
            reason = await self._live()
            deaths = 1 if time.monotonic() - started >= self._backoff.healthy_after else deaths + 1
            delay = self._backoff.delay(deaths)
            logger.error("%s; starting it again in %g s", reason, delay)
            self.trouble = reason
            self._editor.noticed()
            self._tell_once("death", f"Fathom: {reason}. It will be started again; details are in the log.")
            await asyncio.sleep(delay)

    async def _live(self) -> str:
        """One life of the process; why it ended, in words."""
        self.state = State.STARTING
        self._settled.clear()
        events = Events(on_ready=self._ready, on_progress=self._progressed, on_problem=self._problem)
        try:
            self._client = await self._start(self.folder.path, self._config, events)
            self._settled.set()
            self._prepare(self._client)
            how = await self._client.wait()
            return f"the indexer of {self.folder.name} ended unexpectedly ({how})"
        except IndexerUnavailableError as error:
            return str(error)
        finally:
            self.state = State.DEAD
            self.quiescent = False
            self._settled.set()
            self._client = None
            self._reporter.close()

    def _ready(self) -> None:
        self.state = State.READY
        self.trouble = None
        self._editor.noticed()

    def _progressed(self, progress: Progress) -> None:
        self._reporter.report(progress)
        self.quiescent = progress.stage is Stage.READY
        if self.quiescent:
            self.trouble = None
            self._editor.indexed()
        self._editor.noticed()

    def _problem(self, message: str) -> None:
        logger.error("indexing %s: %s", self.folder.name, message)
        self.trouble = message
        self.quiescent = True
        self._editor.noticed()
        self._tell_once(message, f"Fathom: indexing {self.folder.name} met a problem: {message}")

    def _tell_once(self, what: str, message: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._editor.warn(message)


@dataclass(frozen=True, slots=True)
class Found:
    """Hits of all folders, best first. While `indexing`, some may be missing. Unless `complete`, the same question may
    be answered in a better order next time."""

    hits: list[tuple[Folder, Json]]
    indexing: bool
    complete: bool = True


OnFound = Callable[[Found], None]


class _FirstOrders:
    """Puts together the first orders of several folders, to be told once, when each folder has said something.

    Nothing is told when all answers are final by then: the answer itself follows at once.
    """

    def __init__(self, indexers: Iterable[FolderIndexer], limit: int, tell: OnFound | None) -> None:
        self._limit = limit
        self._tell = tell
        self._missing = set(indexers)
        self._known: dict[FolderIndexer, Results] = {}
        self._preliminary: set[FolderIndexer] = set()

    def noter(self, indexer: FolderIndexer) -> OnPartial | None:
        """What a folder's first order is to be given to; None when nobody wants to know."""
        if self._tell is None:
            return None

        def note(results: Results) -> None:
            self._preliminary.add(indexer)
            self._note(indexer, results)

        return note

    def final(self, indexer: FolderIndexer, results: Results) -> None:
        """A folder has its answer."""
        self._preliminary.discard(indexer)
        self._note(indexer, results)

    def leave_out(self, indexer: FolderIndexer) -> None:
        """A folder will have none."""
        self._missing.discard(indexer)

    def _note(self, indexer: FolderIndexer, results: Results) -> None:
        self._known[indexer] = results
        if indexer not in self._missing:
            return
        self._missing.remove(indexer)
        if not self._missing and self._preliminary and self._tell is not None:
            self._tell(_merged([(one.folder, known) for one, known in self._known.items()], self._limit))


class Session:
    """The workspace folders and what is asked of them all."""

    def __init__(self, start_folder: Callable[[Folder], FolderIndexer]) -> None:
        self._start_folder = start_folder
        self._indexers: dict[str, FolderIndexer] = {}
        self._documents: dict[str, OpenDocument] = {}
        self._burst = Burst()
        self._burst_timer: asyncio.TimerHandle | None = None
        self._tellings: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()

    @property
    def indexers(self) -> list[FolderIndexer]:
        """Those of all folders."""
        return list(self._indexers.values())

    def hold(self) -> None:
        """Have requests wait until `release`: which folders there are, and with which settings, is not known yet."""
        self._open.clear()

    def release(self) -> None:
        """Answer requests."""
        self._open.set()

    async def settled(self) -> None:
        """Wait until it is known which folders there are."""
        await self._open.wait()

    async def restart(self) -> None:
        """Let go of all indexers and start them anew, with the settings of now."""
        folders = [indexer.folder for indexer in self.indexers]
        self.hold()
        try:
            await self.close()
            for folder in folders:
                self.add(folder)
        finally:
            self.release()

    def add(self, folder: Folder) -> None:
        """Start to index a folder, unless that is done already."""
        if folder.uri not in self._indexers:
            self._indexers[folder.uri] = self._start_folder(folder)
            self._show_documents()

    async def remove(self, uri: str) -> None:
        """Stop to index a folder."""
        if (indexer := self._indexers.pop(uri, None)) is not None:
            self._show_documents()
            await indexer.close()

    async def close(self) -> None:
        """Let go of all indexers; the unshared ones have at most `links.STOP_GRACE` seconds to stop."""
        indexers = list(self._indexers.values())
        self._indexers.clear()
        await asyncio.gather(*(indexer.close() for indexer in indexers), return_exceptions=True)

    async def search(
        self,
        query: str,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnFound | None = None,
    ) -> Found:
        """Functions of all folders that answer a query; with the parts of their scores to `explain`.

        `on_partial` is told the first order once all folders that have an answer have one.
        Raises `IndexerError` when the query is at fault, and the first folder's error when no folder has an answer.
        """
        await self._open.wait()
        await self._settle()
        indexers = self.indexers
        first = _FirstOrders(indexers, limit, on_partial)

        async def search(indexer: FolderIndexer) -> Results:
            note = first.noter(indexer)
            try:
                results = await indexer.ask(lambda client: client.search(query, limit, filters, explain, note))
            except BaseException:
                first.leave_out(indexer)
                raise
            first.final(indexer, results)
            return results

        outcomes = await asyncio.gather(*(search(indexer) for indexer in indexers), return_exceptions=True)
        answers = [
            (indexer.folder, outcome)
            for indexer, outcome in zip(indexers, outcomes, strict=True)
            if isinstance(outcome, Results)
        ]
        errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for error in errors:
            if not answers or (isinstance(error, IndexerError) and error.kind == "query"):
                raise error
            logger.warning("a folder is left out of the results: %s", error)
        return _merged(answers, limit)

    async def similar(
        self,
        path: Path | str,
        line: int,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnFound | None = None,
    ) -> Found:
        """Functions like the one at a line (1-based) of a file, in the file's own folder.

        A document that was never saved goes by its URI. Raises `QueryError` when the file is in none, `IndexerError`,
        and `IndexerUnavailableError`.
        """
        await self._open.wait()
        await self._settle()
        places = self._homes(path) if isinstance(path, str) else self._places(path)
        if not places:
            raise QueryError(f"{path} is in none of the workspace folders")
        indexer, relative = places[0]
        note = _FirstOrders([indexer], limit, on_partial).noter(indexer)
        results = await indexer.ask(lambda client: client.similar_at(relative, line, limit, filters, explain, note))
        return _merged([(indexer.folder, results)], limit)

    async def duplicates(self, params: Json) -> list[tuple[Folder, Groups]]:
        """Groups of copies in each folder. Raises `IndexerError` and `IndexerUnavailableError`."""
        await self._open.wait()
        await self._settle()
        indexers = self.indexers
        answers = await asyncio.gather(*(indexer.ask(lambda client: client.duplicates(params)) for indexer in indexers))
        return [(indexer.folder, groups) for indexer, groups in zip(indexers, answers, strict=True)]

    async def status(self) -> list[RootStatus]:
        """Every folder's state, with what is in its index or why that cannot be told."""
        await self._open.wait()
        await self._settle()
        return list(await asyncio.gather(*(_status(indexer) for indexer in self.indexers)))

    async def reindex(self) -> None:
        """Have all folders read anew. Raises `IndexerError` and `IndexerUnavailableError`, when all are asked."""
        await self._open.wait()

        async def reindex(indexer: FolderIndexer) -> None:
            await (await indexer.client()).reindex()

        outcomes = await asyncio.gather(*(reindex(indexer) for indexer in self.indexers), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    def place_of(self, path: Path) -> tuple[Folder, str] | None:
        """The innermost folder that holds a file, and its path there."""
        places = self._places(path)
        return (places[0][0].folder, places[0][1]) if places else None

    def document_changed(self, uri: str, document: OpenDocument) -> None:
        """A document was opened or changed: searches see it as it is now."""
        self._documents[uri] = document
        for indexer, path in self._homes(uri):
            indexer.documents.changed(path, document)

    def document_closed(self, uri: str) -> None:
        """A document was closed: searches see the file again."""
        if self._documents.pop(uri, None) is not None:
            for indexer, path in self._homes(uri):
                indexer.documents.closed(path)

    def _show_documents(self) -> None:
        """The folders are others than before, and so may be those that hold a document."""
        for uri, document in self._documents.items():
            self.document_changed(uri, document)

    def _homes(self, uri: str) -> list[tuple[FolderIndexer, str]]:
        """The folders that hold a document, with its path there. One that was never saved is in the first folder."""
        if uri.startswith(UNTITLED):
            return [(indexer, uri) for indexer in self.indexers[:1]]
        path = path_of(uri)
        return [] if path is None else self._places(path)

    def watched(self, paths: Iterable[Path]) -> None:
        """As `changed`, for what the client has watched: told burst by burst, at the latest before a question."""
        self._burst.add(str(path) for path in paths)
        self._await_burst()

    def watch_files(self) -> None:
        """Have the indexers watch the files: the client does not after all."""
        for indexer in self.indexers:
            indexer.watch_files()

    def _await_burst(self) -> None:
        if self._burst_timer is not None:
            self._burst_timer.cancel()
        if (seconds := self._burst.wait()) is not None:
            self._burst_timer = asyncio.get_running_loop().call_later(seconds, self._burst_ended)

    def _burst_ended(self) -> None:
        if self._burst.wait() == 0:
            self._tell_burst()
        else:
            self._await_burst()

    def _tell_burst(self) -> None:
        if paths := self._burst.take():
            telling = asyncio.create_task(self.changed([Path(path) for path in paths]))
            self._tellings.add(telling)
            telling.add_done_callback(self._tellings.discard)

    async def _settle(self) -> None:
        """Return when the indexers know of everything that the client has watched."""
        self._tell_burst()
        if self._tellings:
            # Whoever waits may lose interest; the changes must be told all the same.
            await asyncio.shield(asyncio.gather(*self._tellings))

    async def changed(self, paths: Iterable[Path]) -> None:
        """Files were changed, created or deleted. An indexer that is not running will see so when it starts."""
        await self._open.wait()
        changes: dict[FolderIndexer, list[str]] = {}
        for path in paths:
            for indexer, relative in self._places(path):
                changes.setdefault(indexer, []).append(relative)
        for indexer, relatives in changes.items():
            try:
                await (await indexer.client()).update(relatives)
            except (IndexerError, IndexerUnavailableError) as error:
                logger.warning("%d changed files were not told to the indexer: %s", len(relatives), error)

    async def opened(self, path: Path) -> None:
        """Somebody works with this file now. An indexer that cannot be told does without."""
        for indexer, relative in self._places(path):
            try:
                await (await indexer.client()).attend([relative])
            except (IndexerError, IndexerUnavailableError) as error:
                logger.debug("the indexer was not told that %s is open: %s", relative, error)

    def _places(self, path: Path) -> list[tuple[FolderIndexer, str]]:
        """The folders that hold a file, with its path there; the innermost first."""
        # The client may name the folder by a symbolic link and the file by its real path, or the reverse.
        for candidate in (path, path.resolve()):
            places = [
                (indexer, relative)
                for indexer in self._indexers.values()
                if (relative := indexer.folder.relative(candidate)) is not None
            ]
            if places:
                return sorted(places, key=lambda place: len(place[1]))
        return []


async def _status(indexer: FolderIndexer) -> RootStatus:
    index: Json = {}
    error = None
    try:
        index = await asyncio.wait_for((await indexer.client()).status(), STATUS_TIMEOUT)
    except asyncio.TimeoutError:
        error = "the indexer is busy"
    except (IndexerError, IndexerUnavailableError) as failure:
        error = str(failure)
    return RootStatus(indexer.folder.uri, indexer.state.value, error, index)


def _merged(answers: list[tuple[Folder, Results]], limit: int) -> Found:
    """Hits by score. A function in two folders, one inside the other, counts once."""
    hits = [(folder, hit) for folder, results in answers for hit in results.hits]
    seen: set[tuple[Path, int, int]] = set()
    merged: list[tuple[Folder, Json]] = []
    for folder, hit in sorted(hits, key=lambda found: found[1]["score"], reverse=True):
        place = (folder.path / hit["path"], hit["startLine"], hit["endLine"])
        if place not in seen:
            seen.add(place)
            merged.append((folder, hit))
    return Found(
        merged[:limit],
        any(results.indexing for _, results in answers),
        all(results.complete for _, results in answers),
    )
