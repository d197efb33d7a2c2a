"""The copies that code lenses, diagnostics and hovers speak of, as of the last time that indexing ended."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fathom_indexer.errors import FathomError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fathom_indexer.process.client import Groups
    from fathom_indexer.wire.messages import Json
    from fathom_server.duplicates.line_edits import Edits
    from fathom_server.protocol.convert import Folder

logger = logging.getLogger(__name__)

DELAY = 1.0
"""Seconds without indexing after which copies are looked for, which may keep the indexer busy for seconds."""

MOST_GROUPS = 2000
"""How many groups of a folder are known at most."""

Place = tuple[str, str]
"""A folder's URI and a path in it."""

Member = tuple["Folder", "Json"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A function that has copies."""

    member: Member
    """Where it is: `protocol.clone_group_to_json` has the fields."""
    others: tuple[Member, ...]
    """The copies, the first of its group first."""
    kind: str
    similarity: float
    """The loosest and lowest of the group."""

    def after(self, edits: Edits) -> Copy | None:
        """The same in an edited document; None when the function itself was edited."""
        folder, clone = self.member
        shift = edits.shift(clone["startLine"], clone["endLine"])
        if shift is None:
            return None
        moved = {"startLine": clone["startLine"] + shift, "endLine": clone["endLine"] + shift}
        return replace(self, member=(folder, {**clone, **moved}))


class KnownCopies:
    """Looks for copies once indexing has ended, if somebody wants to know, and keeps them until the next time."""

    def __init__(
        self,
        find: Callable[[Json], Awaitable[Sequence[tuple[Folder, Groups]]]],
        on_change: Callable[[], None],
        delay: float = DELAY,
    ) -> None:
        """`find` takes the parameters of `fathom/duplicates`; `on_change` is called when others are known."""
        self._find = find
        self._on_change = on_change
        self._delay = delay
        self._looking: asyncio.Task[None] | None = None
        self._known: dict[Place, list[Copy]] = {}

    def look(self) -> None:
        """Look again, soon."""
        self.close()
        self._looking = asyncio.create_task(self._look())

    def forget(self) -> None:
        """Nobody wants to know any more."""
        self.close()
        self._known = {}

    def close(self) -> None:
        """Stop to look."""
        if self._looking is not None:
            self._looking.cancel()

    def of(self, folder: Folder, path: str) -> list[Copy]:
        """The functions of a file that have copies."""
        return self._known.get((folder.uri, path), [])

    async def _look(self) -> None:
        await asyncio.sleep(self._delay)
        try:
            found = await self._find({"limit": MOST_GROUPS})
        except FathomError as error:
            logger.warning("copies are not known: %s", error)
            return
        known: dict[Place, list[Copy]] = {}
        for folder, answer in found:
            for group in answer.groups:
                members: list[Member] = [(folder, clone) for clone in group["clones"]]
                for member in members:
                    others = tuple(other for other in members if other is not member)
                    copy = Copy(member, others, group["kind"], group["similarity"])
                    known.setdefault((folder.uri, member[1]["path"]), []).append(copy)
        if known != self._known:
            self._known = known
            self._on_change()
