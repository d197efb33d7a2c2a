"""The language server: pygls' machinery, with Fathom's session in it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from fathom_indexer import __version__
from fathom_indexer.process.client import IndexerClient
from fathom_server.capabilities import ClientCapabilities
from fathom_server.config import Settings
from fathom_server.parent import watch_parent
from fathom_server.progress import NoProgress, Reporter, WorkDoneProgress
from fathom_server.rpc import FathomProtocol, make_converter
from fathom_server.session import FolderIndexer, Session, StartIndexer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fathom_server.convert import Folder

logger = logging.getLogger(__name__)


class FathomServer(LanguageServer):
    """State of one client's session. The handlers in `handlers/` do the talking."""

    protocol: FathomProtocol

    def __init__(self, start_indexer: StartIndexer = IndexerClient.share) -> None:
        super().__init__("fathom", __version__, protocol_cls=FathomProtocol, converter_factory=make_converter)
        self.capabilities = ClientCapabilities()
        self.settings = Settings()
        self.settings_warnings: list[str] = []
        self.session = Session(self._start_folder)
        self._start_indexer = start_indexer
        self.on_parent_death: Callable[[], None] = lambda: None
        self._background: set[asyncio.Task[None]] = set()

    @property
    def exit_code(self) -> int:
        """What the process should end with: LSP wants 0 after `shutdown` and 1 without it."""
        return 0 if self.protocol.shutdown_requested else 1

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, message))

    def reporter(self, title: str) -> Reporter:
        """A display of progress, if the client has one."""
        return WorkDoneProgress(self, title) if self.capabilities.work_done_progress else NoProgress()

    def watch_parent(self, pid: int) -> None:
        """End the session once the client's process is gone."""
        self.run_in_background(watch_parent(pid, self.on_parent_death))

    def run_in_background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run something that no request waits for; it ends with the session."""
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """Stop the indexers and whatever else runs."""
        for task in self._background:
            task.cancel()
        await self.session.close()

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Log what went wrong outside a request. pygls would show it to the user, who can do nothing about it."""
        logger.error("%s: %s", source.__name__, error)

    def _start_folder(self, folder: Folder) -> FolderIndexer:
        return FolderIndexer(folder, self.settings.indexer, self, self._start_indexer)
