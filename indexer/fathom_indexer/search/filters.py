"""Filters on a search, from what the user wrote to the ids that may be returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pathspec

from fathom_indexer.errors import QueryError
from fathom_indexer.types import Filters, Kind


def check_filters(filters: Filters, languages: Iterable[str]) -> None:
    """Raises `QueryError` for a kind or language that does not exist or a glob that cannot be read."""
    _check("kind", filters.kinds, [kind.value for kind in Kind])
    _check("language", filters.languages, sorted(languages))
    _path_specs(filters)


def allowed_ids(labels: Iterable[tuple[int, str, str, str]], filters: Filters) -> frozenset[int]:
    """Ids of the functions that pass, given (id, path, language, kind) of each."""
    in_file = path_filter(filters)
    languages, kinds = set(filters.languages), set(filters.kinds)
    paths: dict[str, bool] = {}
    allowed = set()
    for function_id, path, language, kind in labels:
        if (languages and language not in languages) or (kinds and kind not in kinds):
            continue
        if path not in paths:
            paths[path] = in_file is None or in_file(path)
        if paths[path]:
            allowed.add(function_id)
    return frozenset(allowed)


def path_filter(filters: Filters) -> Callable[[str], bool] | None:
    """Says of a path whether its file passes; None where every one does."""
    if not filters.paths:
        return None
    wanted, unwanted = _path_specs(filters)
    return lambda path: (not wanted or bool(wanted.match_file(path))) and not unwanted.match_file(path)


def _path_specs(filters: Filters) -> tuple[pathspec.GitIgnoreSpec, pathspec.GitIgnoreSpec]:
    """What to let through and what to take out again: `!` is no negation here, so the order does not matter."""
    try:
        return (
            pathspec.GitIgnoreSpec.from_lines(glob for glob in filters.paths if not glob.startswith("!")),
            pathspec.GitIgnoreSpec.from_lines(glob[1:] for glob in filters.paths if glob.startswith("!")),
        )
    except ValueError as error:
        raise QueryError(f"the path filter {' '.join(filters.paths)!r} cannot be read: {error}") from error


def _check(what: str, wanted: Iterable[str], known: list[str]) -> None:
    for value in wanted:
        if value not in known:
            raise QueryError(f"unknown {what} {value!r}; there are: {', '.join(known)}")
