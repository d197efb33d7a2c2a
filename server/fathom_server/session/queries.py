"""Searches and other questions about all workspace folders: sent to their indexers, and the answers merged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from fathom_indexer.errors import IndexerUnavailableError, QueryError
from fathom_indexer.process.rpc import IndexerError
from fathom_indexer.wire.messages import (
    DuplicatesRequest,
    DuplicatesResponse,
    LocationQuery,
    SearchRequest,
    SearchResponse,
    WordsQuery,
)
from fathom_server.session.fan_out import Answer, check_exists, gather_answers
from fathom_server.session.folder_documents import LONGEST
from fathom_server.session.partial_results import FolderGroups, MergedResults, OnPartialResults, PartialResults, merged

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from fathom_indexer.process.client import IndexerClient
    from fathom_indexer.types import Filters
    from fathom_server.protocol.convert import Folder
    from fathom_server.session.startup_gate import StartupGate
    from fathom_server.session.workspace_folders import WorkspaceFolders


class Queries:
    """Requests that change nothing, and may therefore be repeated when an indexer ends."""

    def __init__(self, folders: WorkspaceFolders, gate: StartupGate, settle: Callable[[], Awaitable[None]]) -> None:
        """`settle` waits until the folders and the changes of their files are known."""
        self._folders = folders
        self._gate = gate
        self._settle = settle

    async def search(
        self, query: str, limit: int, filters: Filters, explain: bool, on_partial: OnPartialResults | None
    ) -> MergedResults:
        """As `Session.search`."""
        if len(query) > LONGEST:
            raise QueryError(f"query must have at most {LONGEST} characters, not {len(query)}")
        await self._settle()
        folders = [indexer.folder for indexer in self._folders.indexers]
        partial = PartialResults(folders, limit, on_partial)
        request = SearchRequest(WordsQuery(query), limit, filters, explain)

        async def search(folder: Folder) -> SearchResponse:
            note = partial.noter(folder)
            try:
                results = await self._ask(
                    folder,
                    lambda client: client.search(request, note),
                    patient=lambda: not partial.begun,
                )
            except BaseException:
                partial.leave_out(folder)
                raise
            results = replace(results, indexing=results.indexing and self._may_lack_functions(folder))
            partial.final(folder, results)
            return results

        answers, message = await gather_answers(folders, search)
        return replace(merged(answers, limit), message=message)

    async def similar(
        self,
        path: Path | str,
        line: int,
        limit: int,
        filters: Filters,
        explain: bool,
        on_partial: OnPartialResults | None,
    ) -> MergedResults:
        """As `Session.similar`."""
        await self._settle()
        places = self._folders.holding(path)
        if not places:
            raise QueryError(f"{path} is in none of the workspace folders")
        indexer, relative = places[0]
        folder = indexer.folder
        note = PartialResults([folder], limit, on_partial).noter(folder)
        request = SearchRequest(LocationQuery(relative, line), limit, filters, explain)
        try:
            results = await self._ask(folder, lambda client: client.search(request, note))
        except IndexerError as error:
            too_large = await indexer.documents.too_large(relative, folder.path / relative)
            if error.kind == "query" and too_large is not None:
                raise QueryError(too_large) from error
            raise
        results = replace(results, indexing=results.indexing and self._may_lack_functions(folder))
        return merged([(folder, results)], limit)

    async def duplicates(self, request: DuplicatesRequest) -> FolderGroups:
        """As `Session.duplicates`."""
        await self._settle()
        answered = asyncio.Event()

        async def duplicates(folder: Folder) -> DuplicatesResponse:
            groups = await self._ask(
                folder, lambda client: client.duplicates(request), patient=lambda: not answered.is_set()
            )
            answered.set()
            return replace(groups, indexing=groups.indexing and self._may_lack_functions(folder))

        answers, message = await gather_answers([indexer.folder for indexer in self._folders.indexers], duplicates)
        return FolderGroups(answers, message)

    def _may_lack_functions(self, folder: Folder) -> bool:
        """Whether the index of a folder that is being indexed may lack functions."""
        indexer = self._folders.indexer_of(folder)
        return indexer is None or not indexer.lacks_nothing_known

    async def _ask(
        self,
        folder: Folder,
        request: Callable[[IndexerClient], Awaitable[Answer]],
        patient: Callable[[], bool] = lambda: True,
    ) -> Answer:
        """As `FolderIndexer.ask`. If the folder's indexer is replaced meanwhile, the new one is asked.

        Raises `FolderGoneError` for a folder that does not exist: its index names files that do not exist either.
        """
        await check_exists(folder)
        while True:
            await self._gate.wait()
            indexer = self._folders.indexer_of(folder)
            if indexer is None:
                raise IndexerUnavailableError(f"the folder {folder.name} is not open any more")
            try:
                return await indexer.ask(request, patient)
            except IndexerUnavailableError:
                if not indexer.closed:
                    raise
