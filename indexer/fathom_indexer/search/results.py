"""A ranking as the results that a client is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fathom_indexer.search.copies import CopyKey, fold_copies
from fathom_indexer.search.ranking import Ranking
from fathom_indexer.search.signals import explain
from fathom_indexer.search.snippet import snippet
from fathom_indexer.storage import IndexReader, StoredFunction
from fathom_indexer.types import Function, Hit, Place, SearchResult

OVERLAPPING = 20
"""More hits than wanted are looked up, so that enough are left without copies and what surrounds a function."""


def results(
    store: IndexReader,
    ranking: Ranking,
    limit: int,
    fold: CopyKey | None,
    gone: Callable[[str], bool],
    compared: StoredFunction | None = None,
) -> SearchResult:
    """The first `limit` hits of a ranking, without those of files that are `gone`, copies folded by `fold`.

    `compared` is the function that others were compared with: itself and what encloses or is inside it are left out.
    """
    shown = ranking.ranked[: limit + OVERLAPPING]
    stored = store.functions([function_id for function_id, _ in shown])
    missing = {path for path in {found.path for found in stored.values()} if gone(path)}
    hits = [
        Hit(
            stored[function_id].path,
            stored[function_id].function,
            score,
            "",
            explain(function_id, ranking.signals),
        )
        for function_id, score in shown
        if function_id in stored and stored[function_id].path not in missing
    ]
    if compared is not None:
        hits = [hit for hit in hits if hit.path != compared.path or not _overlap(hit.function, compared.function)]
    hits = hits[:limit] if fold is None else fold_copies(hits, limit, fold)
    with_snippets = tuple(replace(hit, snippet=snippet(hit.function)) for hit in hits)
    place = None if compared is None else Place(compared.path, compared.function)
    return SearchResult(with_snippets, len(ranking.ranked), ranking.reranked, ranking.complete, place, ranking.final)


def _overlap(one: Function, other: Function) -> bool:
    return one.start_byte < other.end_byte and other.start_byte < one.end_byte
