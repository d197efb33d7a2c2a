"""The language server: pygls' machinery, with Fathom's session in it."""

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
from fathom_indexer.process.handshake import apart
from fathom_server.config import Settings, read_settings
from fathom_server.duplicates.cache import KnownCopies
from fathom_server.duplicates.diagnostics import publish
from fathom_server.duplicates.line_edits import SavedTexts
from fathom_server.parent_process import watch_parent
from fathom_server.protocol.capabilities import ClientCapabilities
from fathom_server.protocol.convert import folder_of
from fathom_server.protocol.lsp_ext import STATUS
from fathom_server.protocol.rpc import FathomProtocol, make_converter
from fathom_server.session.folder_indexer import FolderIndexer, StartIndexer
from fathom_server.session.health import health_of
from fathom_server.session.notebooks import WANTED_CELLS
from fathom_server.session.progress import NoProgress, Reporter, WorkDoneProgress
from fathom_server.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from pygls.workspace import TextDocument

    from fathom_indexer.process.client import Groups
    from fathom_indexer.wire.messages import Json
    from fathom_server.duplicates.cache import Copy
    from fathom_server.protocol.convert import Folder

logger = logging.getLogger(__name__)


class FathomServer(LanguageServer):
    """State of one client's session. The handlers in `handlers/` do the talking."""

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
        """The client's section of settings, as it was told last."""
        self.questions = 0
        self.answered = 0
        """How often the client was asked for it, and the last question of which the answer is in force."""
        self.session = Session(self._start_folder, self.noticed)
        self._copies = KnownCopies(self._find_copies, self._copies_changed)
        self.saved = SavedTexts()
        self._warned: set[str] = set()
        self._shown_health: Json = {}
        self._start_indexer = start_indexer
        self.on_parent_death: Callable[[], None] = lambda: None
        self._background: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None

    @property
    def exit_code(self) -> int:
        """What the process should end with: LSP wants 0 after `shutdown` and 1 without it."""
        return 0 if self.protocol.shutdown_requested else 1

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def tell_once(self, message: str) -> None:
        """Show a message to the user, unless that was done before."""
        if message not in self._warned:
            self._warned.add(message)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Info, message))

    def reporter(self, title: str) -> Reporter:
        """A display of progress, if the client has one."""
        return WorkDoneProgress(self, title) if self.capabilities.work_done_progress else NoProgress()

    def noticed(self) -> None:
        """Tell a client with a status bar how the folders fare, if that has changed."""
        health = health_of(self.session.indexers)
        if self.capabilities.shows_status and health != self._shown_health:
            self._shown_health = health
            self.protocol.notify(STATUS, health)

    def indexed(self) -> None:
        """Have copies looked for again, if somebody wants to know of them."""
        if self._wants_copies():
            self._copies.look()

    def configure(self, section: Any) -> None:
        """Take over the client's section of settings, which goes before its `initializationOptions`."""
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
        if not self._wants_copies():
            self._copies.forget()
        elif (self.settings.code_lens, self.settings.diagnostics) != (before.code_lens, before.diagnostics):
            self._copies.look()
        if self.settings.diagnostics != before.diagnostics or self.settings.code_lens != before.code_lens:
            self._copies_changed()

    def copies_in(self, uri: str) -> list[Copy]:
        """The functions of a document that have copies, as far as is known by now.

        They are where they stand in the document. Those that were edited since it was saved are left out.
        """
        place = self.session.place_of(uri)
        if place is None or not (copies := self._copies.of(*place)):
            return []
        edits = self.saved.edits(uri, self.lines_of(uri))
        return [there for copy in copies if (there := copy.after(edits)) is not None]

    def open_alone(self, path: Path) -> None:
        """A file was opened. Where no folder was, search the files beside it: some clients open nothing but files."""
        if not self.session.indexers or all(indexer.folder.alone for indexer in self.session.indexers):
            folder = folder_of(path.parent.as_uri())
            if folder is not None and path.parent.is_dir():
                self.session.add(replace(folder, alone=True))

    def document(self, uri: str) -> TextDocument | None:
        """An open document; None for what is not open."""
        documents: dict[str, TextDocument] = self.workspace.text_documents
        return documents.get(unquote(uri))  # pygls' way to name them.

    def lines_of(self, uri: str) -> Sequence[str]:
        """The lines of an open document; none of another one."""
        document = self.document(uri)
        return () if document is None else document.lines

    def watch_parent(self, pid: int) -> None:
        """End the session once the client's process is gone."""
        self.run_in_background(watch_parent(pid, self.on_parent_death))

    def run_in_background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run something that no request waits for; it ends with the session."""

        def ended(task: asyncio.Task[None]) -> None:
            self._background.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.error("what runs in the background has failed", exc_info=error)

        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(ended)

    async def close(self) -> None:
        """Stop the indexers and whatever else runs; return when that is done, whoever asked for it first."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for task in self._background:
            task.cancel()
        self._copies.close()
        await self.session.close()

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Log what went wrong. pygls would show it to the user, who can do nothing about it."""
        answered = isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError)
        logger.log(logging.INFO if answered else logging.ERROR, "%s: %s", source.__name__, error)

    def _wants_copies(self) -> bool:
        return self.settings.code_lens or self.settings.diagnostics != "off"

    async def _find_copies(self, params: Json) -> list[tuple[Folder, Groups]]:
        return (await self.session.duplicates(params)).answers

    def _copies_changed(self) -> None:
        """Have the client show what is known now."""
        for document in list(self.workspace.text_documents.values()):
            publish(self, document.uri)
        if self.capabilities.pulls_diagnostics and self.capabilities.refreshes_diagnostics:
            self.workspace_diagnostic_refresh(None)
        if self.capabilities.refreshes_code_lenses:
            self.workspace_code_lens_refresh(None)

    def _start_folder(self, folder: Folder) -> FolderIndexer:
        config = self.settings.indexer
        if folder.alone:
            # An index of its own: that of the whole folder, if there is one, is not to lose what lies deeper. Cells of
            # notebooks count as lying in a folder of the notebook's name.
            config = apart(replace(config, exclude=("*/", "!*.ipynb/", *config.exclude)))
        pause = self.settings.typing_pause / 1000
        watcher = self.settings.watcher
        watch = watcher == "indexer" or (watcher == "auto" and not self.capabilities.watches_files)
        return FolderIndexer(folder, config, self, self._start_indexer, pause=pause, watch=watch)
