"""The open workspace folders, each with its indexer, and which of them hold a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from fathom_server.protocol.convert import Folder
    from fathom_server.session.folder_indexer import FolderIndexer


class WorkspaceFolders:
    """Changes take effect before a method returns. A coroutine that is returned waits for the end of the work."""

    def __init__(self, start: Callable[[Folder], FolderIndexer], on_change: Callable[[], None]) -> None:
        """`start` starts the indexer of a folder; `on_change` is called when a folder was added or removed."""
        self._start = start
        self._on_change = on_change
        self._indexers: dict[str, FolderIndexer] = {}
        """By the folder's URI."""
        self._closing: set[asyncio.Task[None]] = set()
        """Tasks that close the indexers of removed folders."""
        self._closed = False

    @property
    def indexers(self) -> list[FolderIndexer]:
        """The indexers of all folders."""
        return list(self._indexers.values())

    def indexer_of(self, folder: Folder) -> FolderIndexer | None:
        """A folder's current indexer; None if the folder is not open any more."""
        return self._indexers.get(folder.uri)

    def add(self, folder: Folder) -> None:
        """Index a folder, unless it is open already."""
        if folder.uri not in self._indexers and not self._closed:
            self._indexers[folder.uri] = indexer = self._start(folder)
            indexer.begin_after(self._closing)
            self._on_change()

    def remove(self, uri: str) -> Coroutine[Any, Any, None]:
        """Stop indexing a folder."""
        known = uri in self._indexers
        end = self._close_indexers(uri)
        if known:
            self._on_change()
        return end

    def restart(self) -> Coroutine[Any, Any, None]:
        """Close all indexers and start new ones, with the current settings."""
        folders = [indexer.folder for indexer in self.indexers]
        end = self._close_indexers(*self._indexers)
        for folder in folders:
            self.add(folder)
        return end

    def close(self) -> Coroutine[Any, Any, None]:
        """Close all indexers for good. Those that are not shared get a few seconds to stop."""
        self._closed = True
        return self._close_indexers(*self._indexers)

    def holding(self, path: Path | str) -> list[tuple[FolderIndexer, str]]:
        """The folders that hold a document, with its path in each; the innermost first.

        A document that was never saved, whose path is a string, belongs to the first folder.
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

    def _close_indexers(self, *uris: str) -> Coroutine[Any, Any, None]:
        """Forget these folders and close their indexers. The coroutine waits for all indexers that are closing."""
        for uri in uris:
            if (indexer := self._indexers.pop(uri, None)) is not None:
                closing = asyncio.create_task(indexer.close())
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)
        return _end_of(*self._closing)


async def _end_of(*tasks: asyncio.Task[None]) -> None:
    # Cancelling the caller must not cancel the tasks.
    await asyncio.shield(asyncio.gather(*tasks, return_exceptions=True))
