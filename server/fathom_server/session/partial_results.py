"""Merges the results of several folders, and the partial results that come before them."""

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
    from fathom_server.protocol.convert import Folder


@dataclass(frozen=True, slots=True)
class MergedResults:
    """Hits of all folders, best first. While `indexing`, some may be missing. Unless `complete`, a later request may
    return a better order."""

    hits: list[tuple[Folder, Hit]]
    indexing: bool
    complete: bool = True
    compared: tuple[Folder, FunctionRef] | None = None
    """The function that others were compared with, if one was."""
    message: str = ""
    """Why the hits of a folder are missing, as a message for the user; empty if none are."""


@dataclass(frozen=True, slots=True)
class FolderGroups:
    """Groups of duplicates, folder by folder."""

    answers: list[tuple[Folder, DuplicatesResponse]]
    message: str = ""
    """Why the groups of a folder are missing, as a message for the user; empty if none are."""


OnPartialResults = Callable[[MergedResults], None]


class PartialResults:
    """Merges the partial results of several folders into one, sent when each folder has sent partial or final results.

    Folders that fail are not waited for. If all folders have final results by then, no partial result is sent, because
    the answer follows at once.
    """

    def __init__(self, folders: Iterable[Folder], limit: int, report: OnPartialResults | None) -> None:
        self._limit = limit
        self._report = report
        self._missing = set(folders)
        self._known: dict[Folder, SearchResponse] = {}
        self._preliminary: set[Folder] = set()

    @property
    def begun(self) -> bool:
        """Whether a folder has sent results."""
        return bool(self._known)

    def noter(self, folder: Folder) -> OnPartial | None:
        """The callback for a folder's partial results; None if the client does not request them."""
        if self._report is None:
            return None

        def note(results: SearchResponse) -> None:
            self._preliminary.add(folder)
            self._note(folder, results)

        return note

    def final(self, folder: Folder, results: SearchResponse) -> None:
        """A folder has sent its answer."""
        self._preliminary.discard(folder)
        self._note(folder, results)

    def leave_out(self, folder: Folder) -> None:
        """A folder has failed."""
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


def merged(answers: list[tuple[Folder, SearchResponse]], limit: int) -> MergedResults:
    """The hits of all folders by score. A function in two nested folders counts once."""
    hits = [(folder, hit) for folder, results in answers for hit in results.hits]
    seen: set[tuple[Path, int, int]] = set()
    kept: list[tuple[Folder, Hit]] = []
    for folder, hit in sorted(hits, key=lambda found: found[1].score, reverse=True):
        location = (folder.path / hit.path, hit.function.start_line, hit.function.end_line)
        if location not in seen:
            seen.add(location)
            kept.append((folder, hit))
    compared = [(folder, results.compared) for folder, results in answers if results.compared is not None]
    return MergedResults(
        kept[:limit],
        any(results.indexing for _, results in answers),
        all(results.complete for _, results in answers),
        compared[0] if compared else None,
        next((results.message for _, results in answers if results.message), ""),
    )
