"""Filters on a search, from what the user wrote to the ids that may be returned."""

from __future__ import annotations

from collections.abc import Iterable

import pathspec

from fathom_indexer.errors import QueryError
from fathom_indexer.types import Filters, Kind


def check_filters(filters: Filters, languages: Iterable[str]) -> None:
    """Raises `QueryError` for a kind or language that does not exist or a glob that cannot be read."""
    _check("kind", filters.kinds, [kind.value for kind in Kind])
    _check("language", filters.languages, sorted(languages))
    _path_spec(filters)


def allowed_ids(labels: Iterable[tuple[int, str, str, str]], filters: Filters) -> frozenset[int]:
    """Ids of the functions that pass, given (id, path, language, kind) of each."""
    spec = _path_spec(filters)
    languages, kinds = set(filters.languages), set(filters.kinds)
    paths: dict[str, bool] = {}
    allowed = set()
    for function_id, path, language, kind in labels:
        if (languages and language not in languages) or (kinds and kind not in kinds):
            continue
        if spec is not None:
            if path not in paths:
                paths[path] = spec.match_file(path)
            if not paths[path]:
                continue
        allowed.add(function_id)
    return frozenset(allowed)


def _path_spec(filters: Filters) -> pathspec.GitIgnoreSpec | None:
    if not filters.paths:
        return None
    patterns = list(filters.paths)
    if all(pattern.startswith("!") for pattern in patterns):
        patterns.insert(0, "*")
    try:
        return pathspec.GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise QueryError(f"the path filter {' '.join(filters.paths)!r} cannot be read: {error}") from error


def _check(what: str, wanted: Iterable[str], known: list[str]) -> None:
    for value in wanted:
        if value not in known:
            raise QueryError(f"unknown {what} {value!r}; there are: {', '.join(known)}")
