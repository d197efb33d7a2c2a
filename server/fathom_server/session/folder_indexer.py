"""The indexer process of one workspace folder: starts it, sends it the open documents, restarts it when it dies."""

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

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.client import Events, IndexerClient
from fathom_indexer.process.rpc import IndexerError, IndexerGoneError
from fathom_indexer.types import Stage
from fathom_server.session.folder_documents import PAUSE, FolderDocuments

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from fathom_indexer.config import Config
    from fathom_indexer.types import Progress
    from fathom_server.protocol.convert import Folder
    from fathom_server.session.progress import Reporter

logger = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds that a request waits for the next indexer. If its start is further away, the request fails at once."""

_LOOK_INTERVAL = 0.05

Answer = TypeVar("Answer")


class State(str, Enum):
    """The life of a folder's indexer process."""

    STARTING = "starting"
    READY = "ready"
    DEAD = "dead"
    """It ended or could not be started. It will be started again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off before a dead indexer is started again: the delay doubles each time, up to `longest`."""

    first: float = 1.0
    longest: float = 60.0
    healthy_after: float = 60.0
    """Seconds of running after which the delay starts at `first` again."""

    def delay(self, deaths: int) -> float:
        """Seconds to wait after the given number of deaths in a row."""
        return min(self.longest, self.first * 2.0 ** min(deaths - 1, 30))


class Editor(Protocol):
    """The part of a language server that a folder's indexer uses."""

    def warn(self, message: str) -> None:
        """Show a message to the user."""

    def reporter(self, title: str) -> Reporter:
        """A new display of progress."""

    def status_changed(self) -> None:
        """The state or the error of a folder has changed."""

    def index_updated(self) -> None:
        """The index of a folder is up to date again."""


class StartIndexer(Protocol):
    """Starts or joins an indexer: `IndexerClient.share` or `start`, with its other parameters bound."""

    def __call__(self, root: Path, config: Config, events: Events, /) -> Awaitable[IndexerClient]: ...


class FolderIndexer:
    """The indexer of one workspace folder. Other editors may use it too. It is restarted when it dies."""

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
        """`pause`: see `FolderDocuments`. With `watch`, the indexer watches the files."""
        self.folder = folder
        self.closed = False
        """Whether `close` was called. Another object may stand for the folder now."""
        self.documents = FolderDocuments(self.client, config.max_file_bytes, pause)
        self.state = State.STARTING
        self.quiescent = False
        """Whether indexing is done."""
        self.stage: Stage | None = None
        """The stage that the indexer has reported last."""
        self.was_complete = False
        """Whether the index has been complete since this indexer started."""
        self.trouble: str | None = None
        """The current error, as a message for the user."""
        self._config = config
        self._editor = editor
        self._start = start
        self._backoff = backoff
        self._reporter = editor.reporter(f"Fathom: indexing {folder.name}")
        self._client: IndexerClient | None = None
        self._settled = asyncio.Event()
        self._starts_at = 0.0
        """When the next indexer is started, in seconds of `time.monotonic`; in the past while one is running."""
        self._told: set[str] = set()
        self._watch = watch
        self._preparation: asyncio.Task[None] | None = None
        self._predecessors: list[asyncio.Task[None]] = []
        self._supervisor = asyncio.create_task(self._supervise())

    def begin_after(self, closings: Iterable[asyncio.Task[None]]) -> None:
        """Start no process before these tasks are done; to be called right after construction. Otherwise the process
        would join, or compete with, one that still has the folder open with other settings."""
        self._predecessors = list(closings)

    async def client(self) -> IndexerClient:
        """The running indexer. Raises `IndexerUnavailableError` while there is none."""
        await self._settled.wait()
        if self._client is None:
            raise self._unavailable()
        return self._client

    async def ask(
        self, request: Callable[[IndexerClient], Awaitable[Answer]], patient: Callable[[], bool] = lambda: True
    ) -> Answer:
        """The answer to a request that changes nothing.

        While the indexer is dead, waits for the next one at most `PATIENCE` seconds, and only while `patient` returns
        true. If the indexer dies during the request, the next one is asked, once.
        Raises `IndexerError`, and `IndexerUnavailableError` if no indexer answers.
        """
        client = await self._living(patient)
        try:
            await self.documents.tell(client)
            return await request(client)
        except IndexerGoneError:
            successor = await self._living(patient, dead=client)
            logger.info("asking the new indexer of %s again", self.folder.name)
            await self.documents.tell(successor)
            return await request(successor)

    async def close(self) -> None:
        """Disconnect from the indexer for good."""
        self.closed = True
        client = self._client
        self.documents.close()
        if self._preparation is not None:
            self._preparation.cancel()
        self._supervisor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._supervisor
        self._settled.set()
        if client is not None:
            await client.shutdown()

    @property
    def lacks_nothing_known(self) -> bool:
        """Whether a complete index is being scanned again and no difference from the files was found so far."""
        return self.was_complete and self.stage in (Stage.READY, Stage.SCAN)

    def watch_files(self) -> None:
        """Have this indexer and its successors watch the files."""
        self._watch = True
        if self._client is not None:
            self._prepare(self._client)

    def _prepare(self, client: IndexerClient) -> None:
        """Send a new indexer its state before the first request: whether to watch files, and the open documents."""

        async def prepare() -> None:
            try:
                if self._watch:
                    await client.watch()
                await self.documents.tell(client)
            except (IndexerError, IndexerUnavailableError) as error:
                logger.info("the indexer of %s was not prepared: %s", self.folder.name, error)

        self._preparation = asyncio.create_task(prepare())

    async def _living(self, patient: Callable[[], bool], dead: IndexerClient | None = None) -> IndexerClient:
        """The running indexer other than `dead`. Waits for it as `ask` does. Raises `IndexerUnavailableError`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            # `IndexerClient` limits the duration of a start.
            await self._settled.wait()
            if self._client is not None and self._client is not dead:
                return self._client
            if self.closed or not patient() or max(self._starts_at, time.monotonic()) > deadline:
                raise self._unavailable()
            await asyncio.sleep(_LOOK_INTERVAL)

    def _unavailable(self) -> IndexerUnavailableError:
        return IndexerUnavailableError(f"the indexer of {self.folder.name} is not running; it will be started again")

    async def _supervise(self) -> None:
        if self._predecessors:
            await asyncio.wait(self._predecessors)
        deaths = 0
        while True:
            started = time.monotonic()
            reason = await self._live()
            deaths = 1 if time.monotonic() - started >= self._backoff.healthy_after else deaths + 1
            delay = self._backoff.delay(deaths)
            self._starts_at = time.monotonic() + delay
            logger.error("%s; starting it again in %g s", reason, delay)
            self.trouble = reason
            self._editor.status_changed()
            self._tell_once("death", f"Fathom: {reason}. It will be started again; details are in the log.")
            await asyncio.sleep(delay)

    async def _live(self) -> str:
        """Run the process until it ends; the reason, as a message for the user."""
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
            self.stage, self.was_complete = None, False
            self._settled.set()
            self._client = None
            self._reporter.close()

    def _ready(self) -> None:
        self.state = State.READY
        self.trouble = None
        self._editor.status_changed()

    def _progressed(self, progress: Progress) -> None:
        self._reporter.report(progress)
        self.stage = progress.stage
        self.quiescent = progress.stage is Stage.READY
        if self.quiescent:
            self.trouble = None
            self.was_complete = True
            self._editor.index_updated()
        self._editor.status_changed()

    def _problem(self, message: str) -> None:
        logger.error("indexing %s: %s", self.folder.name, message)
        self.trouble = message
        self.quiescent = True
        self._editor.status_changed()
        self._tell_once(message, f"Fathom: a problem occurred while indexing {self.folder.name}: {message}")

    def _tell_once(self, what: str, message: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._editor.warn(message)
