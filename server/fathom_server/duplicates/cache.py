"""The duplicates that lenses, diagnostics and hovers show, as of the last time that indexing ended."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fathom_indexer.errors import FathomError
from fathom_indexer.wire.messages import DuplicatesRequest, DuplicatesResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fathom_indexer.types import FunctionRef
    from fathom_server.duplicates.line_edits import LineEdits
    from fathom_server.protocol.convert import Folder

logger = logging.getLogger(__name__)

DELAY = 1.0
"""Seconds between the end of indexing and the request for duplicates, which may keep the indexer busy for seconds."""

MAX_GROUPS = 2000
"""The most groups of a folder that are kept."""

FileKey = tuple[str, str]
"""A folder's URI and a path relative to it."""

Member = tuple["Folder", "FunctionRef"]
"""A function of a group of duplicates, with its folder."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A function that has copies."""

    member: Member
    """The function itself."""
    others: tuple[Member, ...]
    """Its copies, the group's first member first."""
    kind: str
    """The loosest kind of the group: `exact`, `renamed` or `near`."""
    similarity: float
    """The lowest similarity in the group, 0 to 1."""

    def after(self, edits: LineEdits) -> Duplicate | None:
        """The same function in an edited document; None if the function itself was edited."""
        folder, function = self.member
        shift = edits.shift(function.start_line, function.end_line)
        if shift is None:
            return None
        moved = replace(function, start_line=function.start_line + shift, end_line=function.end_line + shift)
        return replace(self, member=(folder, moved))


class DuplicateCache:
    """Requests all duplicates once indexing has ended, and keeps them until the next time."""

    def __init__(
        self,
        find: Callable[[DuplicatesRequest], Awaitable[Sequence[tuple[Folder, DuplicatesResponse]]]],
        on_change: Callable[[], None],
        delay: float = DELAY,
    ) -> None:
        """`find` requests the groups of all folders; `on_change` is called when the duplicates changed."""
        self._find = find
        self._on_change = on_change
        self._delay = delay
        self._refreshing: asyncio.Task[None] | None = None
        self._by_file: dict[FileKey, list[Duplicate]] = {}

    def refresh(self) -> None:
        """Request the duplicates again after the delay."""
        self.close()
        self._refreshing = asyncio.create_task(self._refresh())

    def clear(self) -> None:
        """Forget all duplicates."""
        self.close()
        self._by_file = {}

    def close(self) -> None:
        """Cancel a refresh that is in progress."""
        if self._refreshing is not None:
            self._refreshing.cancel()

    def in_file(self, folder: Folder, path: str) -> list[Duplicate]:
        """The functions of a file that have copies."""
        return self._by_file.get((folder.uri, path), [])

    async def _refresh(self) -> None:
        await asyncio.sleep(self._delay)
        try:
            answers = await self._find(DuplicatesRequest(MAX_GROUPS))
        except FathomError as error:
            logger.warning("the duplicates could not be requested: %s", error)
            return
        by_file: dict[FileKey, list[Duplicate]] = {}
        for folder, answer in answers:
            for group in answer.groups:
                members: list[Member] = [(folder, clone.function) for clone in group.clones]
                for member in members:
                    others = tuple(other for other in members if other is not member)
                    duplicate = Duplicate(member, others, group.kind.value, round(group.similarity, 4))
                    by_file.setdefault((folder.uri, member[1].path), []).append(duplicate)
        if by_file != self._by_file:
            self._by_file = by_file
            self._on_change()
