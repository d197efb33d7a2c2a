"""The language server: pygls' server with Fathom's session, settings and background tasks."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer

from fathom_indexer import __version__
from fathom_indexer.process.client import IndexerClient
from fathom_indexer.process.handshake import private_index
from fathom_server.config import Settings, read_settings
from fathom_server.parent_process import watch_parent
from fathom_server.protocol.capabilities import ClientCapabilities
from fathom_server.protocol.convert import folder_of
from fathom_server.protocol.converter import make_converter
from fathom_server.protocol.lsp_ext import STATUS
from fathom_server.protocol.rpc import FathomProtocol
from fathom_server.session.folder_indexer import FolderIndexer, StartIndexer
from fathom_server.session.notebooks import WANTED_CELLS
from fathom_server.session.progress import NoProgress, Reporter, WorkDoneProgress
from fathom_server.session.session import Session
from fathom_server.session.status import overall_status

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from pygls.workspace import TextDocument

    from fathom_indexer.wire.framing import Json
    from fathom_server.protocol.convert import Folder
    from fathom_server.server_observer import ServerObserver

logger = logging.getLogger(__name__)


class FathomServer(LanguageServer):
    """State of one client's session. `handlers/` has the handlers of requests and notifications."""

    protocol: FathomProtocol

    def __init__(self, start_indexer: StartIndexer = IndexerClient.share) -> None:
        super().__init__(
            "fathom",
            __version__,
            protocol_cls=FathomProtocol,
            converter_factory=make_converter,
            notebook_document_sync=WANTED_CELLS,
        )
        self.capabilities = ClientCapabilities()
        self.settings = Settings()
        self.initialization_options: Any = None
        self.section: Any = None
        """The client's section of settings, as received last."""
        self.configuration_requests = 0
        """How many `workspace/configuration` requests were sent."""
        self.configuration_applied = 0
        """The number of the latest of them whose answer was applied."""
        self.session = Session(self._start_folder, self.status_changed)
        self.observers: list[ServerObserver] = []
        """Features that react to events of the session."""
        self._warned: set[str] = set()
        self._sent_status: Json = {}
        self._start_indexer = start_indexer
        self.on_parent_death: Callable[[], None] = lambda: None
        self._background: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of the process: LSP requires 0 after `shutdown`, and 1 without it."""
        return 0 if self.protocol.shutdown_requested else 1

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def show_once(self, message: str) -> None:
        """Show a message to the user, unless it was shown before."""
        if message not in self._warned:
            self._warned.add(message)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))

    def reporter(self, title: str) -> Reporter:
        """A progress display, which shows nothing if the client has none."""
        return WorkDoneProgress(self, title) if self.capabilities.work_done_progress else NoProgress()

    def status_changed(self) -> None:
        """Send `fathom/status` to clients that take it, if the folders' overall status has changed."""
        status = overall_status(self.session.indexers)
        if self.capabilities.shows_status and status != self._sent_status:
            self._sent_status = status
            self.protocol.notify(STATUS, status)

    def index_updated(self) -> None:
        """Tell the features that the index of a folder is up to date again."""
        for observer in self.observers:
            observer.index_updated()

    def configure(self, section: Any) -> None:
        """Apply the client's section of settings, which takes precedence over its `initializationOptions`."""
        before = self.settings
        self.section = section
        self.settings, warnings = read_settings(self.initialization_options, section)
        news = [warning for warning in warnings if warning not in self._warned]
        self._warned.update(news)
        if news:
            logger.warning("\n".join(news))
            self.warn("\n".join(news))
        if self.settings.indexer != before.indexer and self.session.indexers:
            self.run_in_background(self.session.restart())
        for observer in self.observers:
            observer.settings_changed(before)

    def open_alone(self, path: Path) -> None:
        """Index the files beside an opened file if no workspace folder is open: some clients open only files."""
        if not self.session.indexers or all(indexer.folder.alone for indexer in self.session.indexers):
            folder = folder_of(path.parent.as_uri())
            if folder is not None and path.parent.is_dir():
                self.session.add(replace(folder, alone=True))

    def document(self, uri: str) -> TextDocument | None:
        """An open document; None if it is not open."""
        documents: dict[str, TextDocument] = self.workspace.text_documents
        return documents.get(unquote(uri))  # pygls' keys are unquoted URIs.

    def lines_of(self, uri: str) -> Sequence[str]:
        """The lines of an open document; empty if it is not open."""
        document = self.document(uri)
        return () if document is None else document.lines

    def watch_parent(self, pid: int) -> None:
        """End the session once the client's process has ended."""
        self.run_in_background(watch_parent(pid, self.on_parent_death))

    def run_in_background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that no request waits for. It is cancelled at the end of the session."""

        def ended(task: asyncio.Task[None]) -> None:
            self._background.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("a background task failed", exc_info=error)

        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(ended)

    async def close(self) -> None:
        """Stop the indexers and background tasks. Every caller waits until all have stopped."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for task in self._background:
            task.cancel()
        for observer in self.observers:
            observer.closing()
        await self.session.close()

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Log an error. pygls would show it to the user, who can do nothing about it."""
        answered = isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError)
        logger.log(logging.INFO if answered else logging.ERROR, "%s: %s", source.__name__, error)

    def _start_folder(self, folder: Folder) -> FolderIndexer:
        config = self.settings.indexer
        if folder.alone:
            # A private index: the shared index of the folder, if there is one, must keep the files in subfolders. Cells
            # count as files in a folder with the notebook's name.
            config = private_index(replace(config, exclude=("*/", "!*.ipynb/", *config.exclude)))
        pause = self.settings.typing_pause / 1000
        watcher = self.settings.watcher
        watch = watcher == "indexer" or (watcher == "auto" and not self.capabilities.watches_files)
        return FolderIndexer(folder, config, self, self._start_indexer, pause=pause, watch=watch)
