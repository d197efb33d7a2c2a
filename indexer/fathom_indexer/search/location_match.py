"""Functions at the lines that a query names: the innermost one first, then its neighbours; frames in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fathom_indexer.search.locations import Hunk, Location
from fathom_indexer.search.query import Query, QueryKind
from fathom_indexer.storage import FunctionSummary, IndexReader

_NEIGHBOURS = 10
_NEIGHBOUR = 0.6
"""The first neighbour; further ones count less, down to a third of it."""
_MOST_FRAMES = 30
_FILES_OF_A_NAME = 10
"""So many files are taken where a query names one by a name that many have."""

_INSTALLED = frozenset({"node_modules", "site-packages", "dist-packages", "vendor", "registry", "gems", "mod"})
"""Folders of packages that are installed: what is below them stands in no folder of the workspace beside them."""


def location_values(store: IndexReader, query: Query, allowed: frozenset[int] | None) -> dict[int, float]:
    """How well functions are what stands at the query's locations; those elsewhere are left out.

    The function at the only location has 1. Of several, each one has 1 more than the next, so that their order holds
    whatever else speaks for one of them. Neighbours have less than 1, and so have all functions of a file that is named
    without a line.
    """
    wanted = [Location(hunk.path, 1) for hunk in query.hunks] or list(query.locations)
    if not wanted:
        return {}
    paths = _resolve(store, wanted)
    chosen = {path for found in paths.values() for path in found}
    if not chosen:
        return {}
    by_path: dict[str, list[FunctionSummary]] = {path: [] for path in chosen}
    for summary in store.summaries(sorted(store.ids_where(in_file=chosen.__contains__))).values():
        if allowed is None or summary.id in allowed:
            by_path[summary.path].append(summary)
    if query.hunks:
        return _in_order(_touched(store, query.hunks, paths, by_path))
    first: dict[int, None] = {}
    around: dict[int, float] = {}
    for location in wanted:
        for path in paths.get(location.path, ()):
            nearest = _nearest(location.line, by_path[path]) if location.line else by_path[path]
            if location.line and nearest:
                first[nearest[0].id] = None
                nearest = nearest[1:_NEIGHBOURS]
            if query.kind is not QueryKind.ERROR:
                for rank, summary in enumerate(nearest):
                    value = _NEIGHBOUR * (1 - rank / 1.5 / _NEIGHBOURS) if location.line else _NEIGHBOUR
                    around[summary.id] = max(value, around.get(summary.id, 0.0))
    return {**around, **_in_order(list(first)[:_MOST_FRAMES])}


def _in_order(ids: Sequence[int]) -> dict[int, float]:
    return {function_id: float(len(ids) - rank) for rank, function_id in enumerate(ids)}


def _resolve(store: IndexReader, wanted: Iterable[Location]) -> dict[str, list[str]]:
    """The files of the workspace that each path of a query means; paths that mean none are left out."""
    by_name: dict[str, set[str]] = {}
    for location in wanted:
        by_name.setdefault(_name(location.path), set()).add(location.path)
    found: dict[str, dict[str, int]] = {}

    def note(path: str) -> bool:
        for asked in by_name.get(_name(path), ()):
            if agreement := _agreement(asked.casefold(), path.casefold()):
                found.setdefault(asked, {})[path] = agreement
        return False

    store.ids_where(in_file=note)
    return {
        asked: sorted(
            (path for path in agreements if agreements[path] == max(agreements.values())),
            key=lambda path: (path.count("/"), path),
        )[:_FILES_OF_A_NAME]
        for asked, agreements in found.items()
    }


def _name(path: str) -> str:
    return path.rpartition("/")[2].casefold()


def _agreement(asked: str, path: str) -> int:
    """How surely a path of a query, maybe from above the root or from another checkout, means a file; 0: not at all."""
    if path == asked:
        return 1_000
    if path.endswith("/" + asked):
        return 500
    common = 0
    for one, other in zip(reversed(asked.split("/")), reversed(path.split("/")), strict=False):
        if one != other:
            break
        common += 1
    above = asked.split("/")[:-common]
    if not _INSTALLED.isdisjoint(above):
        return 0
    whole = common == path.count("/") + 1
    return 100 + common if whole else common if common >= 2 else 0


def _nearest(line: int, summaries: Sequence[FunctionSummary]) -> list[FunctionSummary]:
    """The units of a file by their distance from a line, smaller ones first among those around it."""
    return sorted(
        summaries,
        key=lambda item: (
            max(item.start_line - line, line - item.end_line, 0),
            item.end_line - item.start_line,
            item.start_line,
            item.id,
        ),
    )


def _touched(
    store: IndexReader,
    hunks: Sequence[Hunk],
    paths: Mapping[str, Sequence[str]],
    by_path: Mapping[str, Sequence[FunctionSummary]],
) -> list[int]:
    """The functions that a diff changes, those with most changed lines first."""
    lines: dict[int, int] = {}
    texts: dict[str, str] = {}
    for hunk in hunks:
        for path in paths.get(hunk.path, ()):
            if path not in texts:
                texts[path] = "\n".join(stored.function.text for stored in store.functions_of(path))
            # The file may be the one from before the change or the one from after it.
            done = bool(hunk.added) and sum(line in texts[path] for line in hunk.added) * 2 > len(hunk.added)
            for line in hunk.after if done else hunk.before:
                for summary in _nearest(line, by_path[path])[:1]:
                    lines[summary.id] = lines.get(summary.id, 0) + 1
    return sorted(lines, key=lambda item: -lines[item])[:_MOST_FRAMES]
