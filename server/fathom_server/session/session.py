"""What lasts as long as the editor's session: the workspace folders, and what is asked of them all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from fathom_indexer.errors import IndexerUnavailableError, QueryError
from fathom_indexer.process.client import Groups, IndexerError, Results
from fathom_indexer.types import UNTITLED, Progress, Stage
from fathom_server.protocol.convert import path_of
from fathom_server.protocol.lsp_ext import RootStatus
from fathom_server.session.folder_documents import LONGEST
from fathom_server.session.folder_indexer import State
from fathom_server.session.notebooks import Notebooks
from fathom_server.session.partial_results import Found, FoundGroups, OnFound, PartialResults, merged
from fathom_server.session.progress import message_of
from fathom_server.session.watched_changes import WatchedChanges

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Iterable, Sequence

    from fathom_indexer.process.client import IndexerClient
    from fathom_indexer.types import Filters
    from fathom_indexer.wire.messages import Json
    from fathom_server.protocol.convert import Folder
    from fathom_server.session.folder_documents import OpenDocument
    from fathom_server.session.folder_indexer import FolderIndexer

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer", "Results", "Groups")

STATUS_TIMEOUT = 5.0
"""Seconds that a status may take; a status that comes late is of no use."""

LOOK_TIMEOUT = 1.0
"""Seconds that a look whether a folder is there may take."""


class FolderGoneError(IndexerUnavailableError):
    """A workspace folder does not exist, or does not any more."""

    def __init__(self, folder: Folder) -> None:
        super().__init__(f"the folder {folder.path} does not exist (any more)")


class Session:
    """The workspace folders and what is asked of them all.

    What changes the state (folders, documents) does so before it returns, so that the state follows from the order in
    which the client has told of changes. Where it returns something to await, that is the end of the work.
    """

    def __init__(
        self, start_folder: Callable[[Folder], FolderIndexer], on_folders: Callable[[], None] = lambda: None
    ) -> None:
        """`on_folders` is called when there are other folders than before."""
        self._start_folder = start_folder
        self._on_folders = on_folders
        self._indexers: dict[str, FolderIndexer] = {}
        self._closings: set[asyncio.Task[None]] = set()
        """Of indexers that were let go of."""
        self._closed = False
        self._documents: dict[str, tuple[str, OpenDocument]] = {}
        """Open documents with their URIs, by the latter without escapes: who closes one may write it otherwise."""
        self._watched = WatchedChanges(self.changed)
        self.notebooks = Notebooks()
        self._open = asyncio.Event()
        self._open.set()
        self._waiting: list[Callable[[], None]] = []
        """Changes that came while requests were held."""

    @property
    def indexers(self) -> list[FolderIndexer]:
        """Those of all folders."""
        return list(self._indexers.values())

    def hold(self) -> None:
        """Have requests wait until `release`: which folders there are, and with which settings, is not known yet."""
        self._open.clear()

    def release(self) -> None:
        """Make the changes that came meanwhile, and answer requests."""
        self._open.set()
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            change()

    def when_settled(self, change: Callable[[], None]) -> None:
        """Change the folders in turn: now, or behind what is still to be known."""
        if self._open.is_set():
            change()
        else:
            self._waiting.append(change)

    async def settled(self) -> None:
        """Wait until it is known which folders there are."""
        await self._open.wait()

    def restart(self) -> Coroutine[Any, Any, None]:
        """Let go of all indexers and start them anew, with the settings of now."""
        folders = [indexer.folder for indexer in self.indexers]
        ending = self._let_go(*self._indexers)
        for folder in folders:
            self.add(folder)
        return ending

    def add(self, folder: Folder) -> None:
        """Start to index a folder, unless that is done already."""
        if folder.uri not in self._indexers and not self._closed:
            self._indexers[folder.uri] = indexer = self._start_folder(folder)
            indexer.begin_after(self._closings)
            self._show_documents()
            self._on_folders()

    def remove(self, uri: str) -> Coroutine[Any, Any, None]:
        """Stop to index a folder."""
        known = uri in self._indexers
        ending = self._let_go(uri)
        if known:
            self._show_documents()
            self._on_folders()
        return ending

    def close(self) -> Coroutine[Any, Any, None]:
        """Let go of all indexers for good; the unshared ones have at most `links.STOP_GRACE` seconds to stop."""
        self._closed = True
        return self._let_go(*self._indexers)

    def _let_go(self, *uris: str) -> Coroutine[Any, Any, None]:
        """Forget these folders and close their indexers; what is returned waits for all that are being closed."""
        for uri in uris:
            if (indexer := self._indexers.pop(uri, None)) is not None:
                closing = asyncio.create_task(indexer.close())
                self._closings.add(closing)
                closing.add_done_callback(self._closings.discard)
        return self._end_of(*self._closings)

    async def _end_of(self, *closings: asyncio.Task[None]) -> None:
        # Whoever waits may lose interest; indexers are closed all the same.
        await asyncio.shield(asyncio.gather(*closings, return_exceptions=True))

    async def search(
        self,
        query: str,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnFound | None = None,
    ) -> Found:
        """Functions of all folders that answer a query; with the parts of their scores to `explain`.

        `on_partial` is told the first order once all folders that have an answer have one. A folder whose indexer is
        dead is waited for only while no other one has anything to say, and missing then: `Found.message` says so.
        Raises `QueryError` or `IndexerError` when the query is at fault, and the first folder's error when no folder
        has an answer.
        """
        if len(query) > LONGEST:
            raise QueryError(f"query must have at most {LONGEST} characters, not {len(query)}")
        await self._settle()
        folders = [indexer.folder for indexer in self.indexers]
        first = PartialResults(folders, limit, on_partial)

        async def search(folder: Folder) -> Results:
            note = first.noter(folder)
            try:
                results = await self._ask(
                    folder,
                    lambda client: client.search(query, limit, filters, explain, note),
                    patient=lambda: not first.begun,
                )
            except BaseException:
                first.leave_out(folder)
                raise
            results = replace(results, indexing=results.indexing and self._lacks_some(folder))
            first.final(folder, results)
            return results

        answers, message = await _answers(folders, search)
        return replace(merged(answers, limit), message=message)

    async def similar(
        self,
        path: Path | str,
        line: int,
        limit: int,
        filters: Filters,
        explain: bool = False,
        on_partial: OnFound | None = None,
    ) -> Found:
        """Functions like the one at a line (1-based) of a document, in the folder that holds it.

        `path` is as `path_of` gives it. Raises `QueryError` when the file is in none, `IndexerError`,
        and `IndexerUnavailableError`.
        """
        await self._settle()
        places = self._places(path)
        if not places:
            raise QueryError(f"{path} is in none of the workspace folders")
        folder, relative = places[0][0].folder, places[0][1]
        note = PartialResults([folder], limit, on_partial).noter(folder)
        try:
            results = await self._ask(
                folder, lambda client: client.similar_at(relative, line, limit, filters, explain, note)
            )
        except IndexerError as error:
            too_large = await places[0][0].documents.too_large(relative, folder.path / relative)
            if error.kind == "query" and too_large is not None:
                raise QueryError(too_large) from error
            raise
        results = replace(results, indexing=results.indexing and self._lacks_some(folder))
        return merged([(folder, results)], limit)

    async def duplicates(self, params: Json) -> FoundGroups:
        """Groups of copies in each folder that has an answer, and why others have none, as with `search`.

        Raises `IndexerError` and `IndexerUnavailableError`.
        """
        await self._settle()
        begun = asyncio.Event()

        async def duplicates(folder: Folder) -> Groups:
            groups = await self._ask(
                folder, lambda client: client.duplicates(params), patient=lambda: not begun.is_set()
            )
            begun.set()
            return replace(groups, indexing=groups.indexing and self._lacks_some(folder))

        answers, message = await _answers([indexer.folder for indexer in self.indexers], duplicates)
        return FoundGroups(answers, message)

    async def status(self) -> list[RootStatus]:
        """Every folder's state, with what is in its index or why that cannot be told."""
        await self._settle()
        return list(await asyncio.gather(*(_status(indexer) for indexer in self.indexers)))

    async def reindex(self) -> None:
        """Have all folders read anew. Raises `IndexerError` and `IndexerUnavailableError`, when all are asked."""
        await self._open.wait()

        async def reindex(indexer: FolderIndexer) -> None:
            indexer.was_complete = False
            await (await indexer.client()).reindex()

        outcomes = await asyncio.gather(*(reindex(indexer) for indexer in self.indexers), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    def _lacks_some(self, folder: Folder) -> bool:
        """Whether a folder that is being indexed is known to lack something."""
        indexer = self._indexers.get(folder.uri)
        return indexer is None or not indexer.lacks_nothing_known

    async def _settle(self) -> None:
        """Wait until it is known which folders there are, and the indexers of what has changed in them."""
        await self._watched.settle()
        await self._open.wait()

    async def _ask(
        self,
        folder: Folder,
        request: Callable[[IndexerClient], Awaitable[Answer]],
        patient: Callable[[], bool] = lambda: True,
    ) -> Answer:
        """As `FolderIndexer.ask`. When the folder's indexer is replaced meanwhile, the new one is asked.

        Raises `FolderGoneError` for a folder that is not there: what its index has is in no file.
        """
        if await _is_gone(folder):
            raise FolderGoneError(folder)
        while True:
            await self._open.wait()
            indexer = self._indexers.get(folder.uri)
            if indexer is None:
                raise IndexerUnavailableError(f"the folder {folder.name} is not open any more")
            try:
                return await indexer.ask(request, patient)
            except IndexerUnavailableError:
                if not indexer.closed:
                    raise

    def path_of(self, uri: str) -> Path | str | None:
        """Where a document is: a path, text for one that was never saved, None for what is not on this machine."""
        return self.notebooks.path_of(uri) or (uri if uri.startswith(UNTITLED) else path_of(uri))

    def place_of(self, uri: str) -> tuple[Folder, str] | None:
        """The innermost folder that holds a document, and its path there."""
        path = self.path_of(uri)
        places = [] if path is None else self._places(path)
        return (places[0][0].folder, places[0][1]) if places else None

    def document_changed(self, uri: str, document: OpenDocument) -> None:
        """A document was opened or changed: searches see it as it is now."""
        self._documents[unquote(uri)] = uri, document
        self._show(uri, document)

    def document_closed(self, uri: str) -> None:
        """A document was closed: searches see the file again."""
        uri, _ = self._documents.pop(unquote(uri), ("", None))
        if (path := self.path_of(uri)) is not None:
            for indexer, relative in self._places(path):
                indexer.documents.closed(relative)
                indexer.folder.cells.pop(relative, None)

    def _show(self, uri: str, document: OpenDocument) -> None:
        path = self.path_of(uri)
        if path is None:
            return
        for indexer, relative in self._places(path):
            if self.notebooks.path_of(uri) is not None:
                indexer.folder.cells[relative] = uri
            indexer.documents.changed(relative, document)

    def _show_documents(self) -> None:
        """The folders are others than before, and so may be those that hold a document."""
        for uri, document in self._documents.values():
            self._show(uri, document)

    def watched(self, paths: Iterable[Path]) -> None:
        """As `changed`, for what the client has watched: told burst by burst, at the latest before a question."""
        self._watched.add(paths)

    def watch_files(self) -> None:
        """Have the indexers watch the files: the client does not after all."""
        for indexer in self.indexers:
            indexer.watch_files()

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

    def _places(self, path: Path | str) -> list[tuple[FolderIndexer, str]]:
        """The folders that hold a document, with its path there; the innermost first.

        One that was never saved, whose path is text, is in the first folder.
        """
        if isinstance(path, str):
            return [(indexer, path) for indexer in self.indexers[:1]]
        # The client may name the folder by a symbolic link and the file by its real path, or the reverse.
        return self._holding(path) or self._holding(path.resolve())

    def _holding(self, path: Path) -> list[tuple[FolderIndexer, str]]:
        places = [
            (indexer, relative)
            for indexer in self._indexers.values()
            if (relative := indexer.folder.relative(path)) is not None
        ]
        return sorted(places, key=lambda place: len(place[1]))


async def _answers(
    folders: Sequence[Folder], ask: Callable[[Folder], Awaitable[Answer]]
) -> tuple[list[tuple[Folder, Answer]], str]:
    """What all folders answer that have an answer, and in words for the user what is missing and why.

    Raises what is the question's fault, and the first error where no folder that is there has an answer.
    """
    outcomes = await asyncio.gather(*(ask(folder) for folder in folders), return_exceptions=True)
    answers: list[tuple[Folder, Answer]] = []
    errors: list[BaseException] = []
    for folder, outcome in zip(folders, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            errors.append(outcome)
        else:
            answers.append((folder, outcome))
    there = [error for error in errors if not isinstance(error, FolderGoneError)]
    for error in there:
        if not answers or (isinstance(error, IndexerError) and error.kind == "query"):
            raise error
        logger.warning("a folder is left out of the results: %s", error)
    if not errors:
        return answers, next((answer.message for _, answer in answers if answer.message), "")
    return answers, f"some results are missing: {errors[0]}" if answers else str(errors[0])


async def _is_gone(folder: Folder) -> bool:
    """Whether a folder was deleted or moved. One on a disk that does not answer counts as there."""
    try:
        return not await asyncio.wait_for(asyncio.to_thread(folder.path.is_dir), LOOK_TIMEOUT)
    except (OSError, asyncio.TimeoutError):
        return False


async def _status(indexer: FolderIndexer) -> RootStatus:
    async def ask() -> Json:
        if await _is_gone(indexer.folder):
            raise FolderGoneError(indexer.folder)
        return await (await indexer.client()).status()

    index: Json = {}
    error = None
    try:
        index = await asyncio.wait_for(ask(), STATUS_TIMEOUT)
    except asyncio.TimeoutError:
        error = f"the indexer is {'starting' if indexer.state is State.STARTING else 'busy'}"
    except (IndexerError, IndexerUnavailableError) as failure:
        error = str(failure)
    return RootStatus(indexer.folder.uri, indexer.state.value, error, index, indexer.trouble or _activity(index))


def _activity(index: Json) -> str | None:
    """That results may be missing, and how far indexing is; None when it is done."""
    if not index.get("indexing"):
        return None
    doing = "has not begun"
    if isinstance(progress := index.get("progress"), dict):
        doing = f"is {message_of(Progress(Stage(progress['stage']), progress['done'], progress['total']))}"
    return f"indexing {doing}; results may be missing until it is done"
