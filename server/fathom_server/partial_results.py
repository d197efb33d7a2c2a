"""Merges the results of several folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fathom_indexer.process.client import OnPartial
    from fathom_indexer.types import FunctionRef, Hit
    from fathom_indexer.wire.messages import DuplicatesResponse, SearchResponse
    from fathom_server.convert import Folder


@dataclass(frozen=True, slots=True)
class Found:
    """Hits of all folders, best first. While `indexing`, some may be missing. Unless `complete`, the same question may
    be answered in a better order next time."""

    hits: list[tuple[Folder, Hit]]
    indexing: bool
    complete: bool = True
    compared: tuple[Folder, FunctionRef] | None = None
    """The function that others were compared with, if one was."""
    message: str = ""
    """The reason why some folder's hits are missing, for the user; empty if there is none."""


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """Groups of copies, folder by folder."""

    answers: list[tuple[Folder, DuplicatesResponse]]
    message: str = ""
    """The reason why some folder's groups are missing, for the user; empty if there is none."""


OnFound = Callable[[Found], None]


class PartialResults:
    """Merges the preliminary orders of several folders, and reports them once, when each folder has reported.

    Folders without an answer are not waited for. Nothing is reported when all answers are final by then: the answer
    itself follows at once.
    """

    def __init__(self, folders: Iterable[Folder], limit: int, report: OnFound | None) -> None:
        self._limit = limit
        self._report = report
        self._missing = set(folders)
        self._known: dict[Folder, SearchResponse] = {}
        self._preliminary: set[Folder] = set()

    @property
    def begun(self) -> bool:
        """Whether some folder has reported."""
        return bool(self._known)

    def noter(self, folder: Folder) -> OnPartial | None:
        """The function to call with a folder's preliminary order; None when the client wants none."""
        if self._report is None:
            return None

        def note(results: SearchResponse) -> None:
            self._preliminary.add(folder)
            self._note(folder, results)

        return note

    def final(self, folder: Folder, results: SearchResponse) -> None:
        """Record a folder's answer."""
        self._preliminary.discard(folder)
        self._note(folder, results)

    def leave_out(self, folder: Folder) -> None:
        """Record that a folder has no answer."""
        self._reported(folder)

    def _note(self, folder: Folder, results: SearchResponse) -> None:
        self._known[folder] = results
        self._reported(folder)

    def _reported(self, folder: Folder) -> None:
        if folder not in self._missing:
            return
        self._missing.remove(folder)
        if not self._missing and self._preliminary and self._report is not None:
            self._report(merged(list(self._known.items()), self._limit))


def merged(answers: list[tuple[Folder, SearchResponse]], limit: int) -> Found:
    """Merge hits by score. A function in two folders, one inside the other, counts once."""
    hits = [(folder, hit) for folder, results in answers for hit in results.hits]
    seen: set[tuple[Path, int, int]] = set()
    kept: list[tuple[Folder, Hit]] = []
    for folder, hit in sorted(hits, key=lambda found: found[1].score, reverse=True):
        location = (folder.path / hit.path, hit.function.start_line, hit.function.end_line)
        if location not in seen:
            seen.add(location)
            kept.append((folder, hit))
    compared = [(folder, results.compared) for folder, results in answers if results.compared is not None]
    return Found(
        kept[:limit],
        any(results.indexing for _, results in answers),
        all(results.complete for _, results in answers),
        compared[0] if compared else None,
        next((results.message for _, results in answers if results.message), ""),
    )
