"""One request to the indexers of many folders: all answers, and a message about the folders without one."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.rpc import IndexerError
from fathom_indexer.wire.messages import DuplicatesResponse, SearchResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fathom_server.protocol.convert import Folder

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer", SearchResponse, DuplicatesResponse)

EXISTENCE_TIMEOUT = 1.0
"""Seconds that the check whether a folder exists may take."""


class FolderGoneError(IndexerUnavailableError):
    """A workspace folder does not exist, or does not any more."""

    def __init__(self, folder: Folder) -> None:
        super().__init__(f"the folder {folder.path} does not exist (any more)")


async def check_exists(folder: Folder) -> None:
    """Raise `FolderGoneError` if a folder was deleted or moved. A disk that does not answer in time is no reason."""
    try:
        if await asyncio.wait_for(asyncio.to_thread(folder.path.is_dir), EXISTENCE_TIMEOUT):
            return
    except (OSError, asyncio.TimeoutError):
        return
    raise FolderGoneError(folder)


async def gather_answers(
    folders: Sequence[Folder], ask: Callable[[Folder], Awaitable[Answer]]
) -> tuple[list[tuple[Folder, Answer]], str]:
    """The answers of the folders that have one, and a message for the user about results that are missing.

    Raises an error of the request itself (`IndexerError` of the kind `query`), and the first folder's error if no
    existing folder has an answer.
    """
    outcomes = await asyncio.gather(*(ask(folder) for folder in folders), return_exceptions=True)
    answers: list[tuple[Folder, Answer]] = []
    errors: list[BaseException] = []
    for folder, outcome in zip(folders, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            errors.append(outcome)
        else:
            answers.append((folder, outcome))
    for error in errors:
        if isinstance(error, FolderGoneError):
            continue
        if not answers or (isinstance(error, IndexerError) and error.kind == "query"):
            raise error
        logger.warning("a folder is left out of the results: %s", error)
    if not errors:
        return answers, next((answer.message for _, answer in answers if answer.message), "")
    return answers, f"some results are missing: {errors[0]}" if answers else str(errors[0])
