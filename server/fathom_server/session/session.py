"""The state that lasts as long as the editor's session: workspace folders, open documents, and requests about them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.rpc import IndexerError
from fathom_server.session.queries import Queries
from fathom_server.session.session_documents import SessionDocuments
from fathom_server.session.startup_gate import StartupGate
from fathom_server.session.status import folder_status
from fathom_server.session.watched_changes import WatchedChanges
from fathom_server.session.workspace_folders import WorkspaceFolders

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from fathom_indexer.types import Filters
    from fathom_indexer.wire.messages import DuplicatesRequest
    from fathom_server.protocol.convert import Folder
    from fathom_server.protocol.lsp_ext import RootStatus
    from fathom_server.session.folder_documents import OpenDocument
    from fathom_server.session.folder_indexer import FolderIndexer
    from fathom_server.session.notebooks import Notebooks
    from fathom_server.session.partial_results import FolderGroups, MergedResults, OnPartialResults

logger = logging.getLogger(__name__)


class Session:
    """The workspace folders and open documents of one client.

    Methods that change the state (folders, documents) do so before they return, so that the state follows the order of
    the client's messages. If such a method returns a coroutine, it waits for the end of the work.
    """

    def __init__(
        self, start_folder: Callable[[Folder], FolderIndexer], on_folders: Callable[[], None] = lambda: None
    ) -> None:
        """`start_folder` starts a folder's indexer; `on_folders` is called when a folder was added or removed."""
        self._on_folders = on_folders
        self._folders = WorkspaceFolders(start_folder, self._folders_changed)
        self._documents = SessionDocuments(self._folders)
        self._gate = StartupGate()
        self._watched = WatchedChanges(self.changed)
        self._queries = Queries(self._folders, self._gate, self._settle)

    # Folders

    @property
    def indexers(self) -> list[FolderIndexer]:
        """The indexers of all folders."""
        return self._folders.indexers

    def hold(self) -> None:
        """Have requests wait until `release`: the workspace folders and their settings are not known yet."""
        self._gate.hold()

    def release(self) -> None:
        """Make the changes that were held, and answer requests."""
        self._gate.release()

    def when_settled(self, change: Callable[[], None]) -> None:
        """Change the folders now, or at `release` while requests are held."""
        self._gate.when_open(change)

    async def settled(self) -> None:
        """Wait until the workspace folders are known."""
        await self._gate.wait()

    def restart(self) -> Coroutine[Any, Any, None]:
        """Close all indexers and start new ones, with the current settings."""
        return self._folders.restart()

    def add(self, folder: Folder) -> None:
        """Index a folder, unless it is open already."""
        self._folders.add(folder)

    def remove(self, uri: str) -> Coroutine[Any, Any, None]:
        """Stop indexing a folder."""
        return self._folders.remove(uri)

    def close(self) -> Coroutine[Any, Any, None]:
        """Close all indexers for good."""
        return self._folders.close()

    def _folders_changed(self) -> None:
        self._documents.pass_all_on()
        self._on_folders()

    # Requests

    async def search(
        self,
        query: str,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnPartialResults | None = None,
    ) -> MergedResults:
        """Functions of all folders that answer a query; with the parts of their scores if `explain` is set.

        `on_partial` is called with partial results once every folder that has an answer has sent some. A request waits
        for a folder whose indexer has ended only while no other folder has results. Results of such a folder may be
        missing; `MergedResults.message` then says so. Raises `QueryError` or `IndexerError` for an invalid query, and
        the first folder's error if no folder has an answer.
        """
        return await self._queries.search(query, limit, filters, explain, on_partial)

    async def similar(
        self,
        path: Path | str,
        line: int,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnPartialResults | None = None,
    ) -> MergedResults:
        """Functions like the one at a line (1-based) of a document, in the folder that holds it.

        `path` is a result of `path_of`. Raises `QueryError` if no folder holds the file, `IndexerError`, and
        `IndexerUnavailableError`.
        """
        return await self._queries.similar(path, line, limit, filters, explain, on_partial)

    async def duplicates(self, request: DuplicatesRequest) -> FolderGroups:
        """Groups of duplicates in each folder. As in `search`, a message says which folders have no answer.

        Raises `IndexerError` and `IndexerUnavailableError`.
        """
        return await self._queries.duplicates(request)

    async def status(self) -> list[RootStatus]:
        """The status of every folder."""
        await self._settle()
        return list(await asyncio.gather(*(folder_status(indexer) for indexer in self.indexers)))

    async def reindex(self) -> None:
        """Have all folders indexed from scratch. All are asked before an `IndexerError` or
        `IndexerUnavailableError` is raised."""
        await self._gate.wait()

        async def reindex(indexer: FolderIndexer) -> None:
            indexer.was_complete = False
            await (await indexer.client()).reindex()

        outcomes = await asyncio.gather(*(reindex(indexer) for indexer in self.indexers), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _settle(self) -> None:
        """Wait until the folders are known and their indexers have been told of all watched changes."""
        await self._watched.settle()
        await self._gate.wait()

    # Documents and files

    @property
    def notebooks(self) -> Notebooks:
        """The cells of open notebooks."""
        return self._documents.notebooks

    def path_of(self, uri: str) -> Path | str | None:
        """A document's path; a string for one that was never saved; None if it is not on this machine."""
        return self._documents.path_of(uri)

    def place_of(self, uri: str) -> tuple[Folder, str] | None:
        """The innermost folder that holds a document, and its path relative to it."""
        path = self.path_of(uri)
        places = [] if path is None else self._folders.holding(path)
        return (places[0][0].folder, places[0][1]) if places else None

    def document_changed(self, uri: str, document: OpenDocument) -> None:
        """A document was opened or changed: searches see its text instead of the file's."""
        self._documents.changed(uri, document)

    def document_closed(self, uri: str) -> None:
        """A document was closed: searches see the file again."""
        self._documents.closed(uri)

    def watched(self, paths: Iterable[Path]) -> None:
        """As `changed`, for files that the client watches: debounced, but passed on before the next request."""
        self._watched.add(paths)

    def watch_files(self) -> None:
        """Have the indexers watch the files, because the client does not."""
        for indexer in self.indexers:
            indexer.watch_files()

    async def changed(self, paths: Iterable[Path]) -> None:
        """Files were changed, created or deleted. An indexer that is not running finds the changes when it starts."""
        await self._gate.wait()
        changes: dict[FolderIndexer, list[str]] = {}
        for path in paths:
            for indexer, relative in self._folders.holding(path):
                changes.setdefault(indexer, []).append(relative)
        for indexer, relatives in changes.items():
            try:
                await (await indexer.client()).update(relatives)
            except (IndexerError, IndexerUnavailableError) as error:
                logger.warning("the indexer was not told of %d changed files: %s", len(relatives), error)

    async def opened(self, path: Path) -> None:
        """A file was opened: its functions are indexed before others. Failure to tell the indexer is ignored."""
        for indexer, relative in self._folders.holding(path):
            try:
                await (await indexer.client()).prioritize([relative])
            except (IndexerError, IndexerUnavailableError) as error:
                logger.debug("the indexer was not told that %s is open: %s", relative, error)
