"""Sends the open documents of one folder to its indexer."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.client import IndexerClient
from fathom_indexer.process.rpc import IndexerError
from fathom_indexer.types import UNTITLED
from fathom_server.languages import NAMES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

PAUSE = 0.15
"""Seconds without a change after which a document is sent to the indexer."""

LONGEST = 1_300_000
"""The most characters of a document or query. They fit into one message, whatever their encoding needs."""


class OpenDocument(Protocol):
    """The part of pygls' `TextDocument` that is used."""

    @property
    def source(self) -> str: ...

    @property
    def language_id(self) -> str | None: ...


def encoded(document: OpenDocument) -> bytes:
    """A document's text as bytes, as in a file."""
    return document.source.encode("utf-8", "surrogatepass")


class FolderDocuments:
    """The open documents of one folder.

    Changes are sent after a pause in typing, so that new functions are usually embedded before the user searches, and
    at the latest before a request. A new indexer is sent all documents.
    """

    def __init__(self, client: Callable[[], Awaitable[IndexerClient]], max_bytes: int, pause: float = PAUSE) -> None:
        """`client` returns the current indexer. A document of more than `max_bytes` counts as closed."""
        self._client = client
        self._max_bytes = max_bytes
        self._longest = min(max_bytes, LONGEST)
        self._pause = pause
        self._open: dict[str, OpenDocument] = {}
        self._untold: dict[str, None] = {}
        self._told: IndexerClient | None = None
        self._telling = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def changed(self, path: str, document: OpenDocument) -> None:
        """A document was opened or changed. `path` is relative to the folder or begins with `untitled:`."""
        self._open[path] = document
        self._soon(path)

    def closed(self, path: str) -> None:
        """A document was closed."""
        if self._open.pop(path, None) is not None:
            self._soon(path)

    async def too_large(self, path: str, file: Path) -> str | None:
        """A message if a document, or its file if it is not open, is too large to be searched; else None."""
        document = self._open.get(path)
        if document is not None and len(document.source) > LONGEST:
            return f"{path} has more than {LONGEST} characters, which is too long for an open document to be searched"
        try:
            size = len(encoded(document)) if document is not None else (await asyncio.to_thread(file.stat)).st_size
        except OSError:
            return None
        if size <= self._max_bytes:
            return None
        return (
            f"{path} is larger than {self._max_bytes} bytes and therefore not searched; "
            f"the setting maxFileBytes raises that limit"
        )

    async def tell(self, client: IndexerClient) -> None:
        """Send all changes and wait until the indexer has them. Raises `IndexerUnavailableError`."""
        telling = asyncio.create_task(self._tell_all(client))
        self._tasks.add(telling)
        telling.add_done_callback(self._tasks.discard)
        # Cancelling the caller must not cancel the transfer.
        await asyncio.shield(telling)

    def close(self) -> None:
        """Cancel what is still to be sent."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()

    async def _tell_all(self, client: IndexerClient) -> None:
        async with self._telling:
            if client is not self._told:
                self._told = client
                self._untold = dict.fromkeys(self._open)
            while self._untold:
                path = next(iter(self._untold))
                del self._untold[path]
                try:
                    await self._tell(client, path)
                except IndexerUnavailableError:
                    self._untold[path] = None
                    raise

    async def _tell(self, client: IndexerClient, path: str) -> None:
        document = self._open.get(path)
        try:
            if document is None or len(text := document.source) > self._longest:
                await client.close_document(path)
            else:
                language = (document.language_id or "") if path.startswith(UNTITLED) else ""
                await client.open_document(path, text, NAMES.get(language, language))
        except IndexerError as error:
            logger.warning("searches see the saved text of %s: %s", path, error)

    def _soon(self, path: str) -> None:
        self._untold[path] = None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._pause, self._start)

    def _start(self) -> None:
        task = asyncio.create_task(self._tell_the_client())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_the_client(self) -> None:
        try:
            await self.tell(await self._client())
        except IndexerUnavailableError as error:
            # The next indexer is sent all documents.
            logger.info("open documents were not sent to the indexer: %s", error)
