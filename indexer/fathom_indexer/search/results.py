"""A ranking as the response that a client gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fathom_indexer.search.copies import CopyKey, fold_copies
from fathom_indexer.search.ranking import Ranking
from fathom_indexer.search.signals import explain
from fathom_indexer.search.snippet import snippet
from fathom_indexer.storage import IndexReader, StoredFunction
from fathom_indexer.types import Contribution, FunctionRef, Hit
from fathom_indexer.wire.messages import SearchResponse

OVERLAPPING = 20
"""More hits than wanted are looked up, so that enough are left without copies and what surrounds a function."""


def response(
    store: IndexReader,
    ranking: Ranking,
    limit: int,
    fold: CopyKey | None,
    gone: Callable[[str], bool],
    compared: StoredFunction | None = None,
) -> SearchResponse:
    """The first `limit` hits of a ranking, without those of files that are `gone`, copies folded by `fold`.

    `compared` is the function that others were compared with: itself and what encloses or is inside it are left out.
    """
    shown = ranking.ranked[: limit + OVERLAPPING]
    stored = store.functions([function_id for function_id, _ in shown])
    missing = {path for path in {found.path for found in stored.values()} if gone(path)}
    hits = [
        _hit(stored[function_id], score, explain(function_id, ranking.signals))
        for function_id, score in shown
        if function_id in stored
        and stored[function_id].path not in missing
        and (compared is None or not _overlap(stored[function_id], compared))
    ]
    hits = hits[:limit] if fold is None else fold_copies(hits, limit, fold)
    return SearchResponse(
        # Snippets are made last, since they need the whole text of a function.
        hits=tuple(replace(hit, snippet=snippet(hit.source)) for hit in hits if hit.source is not None),
        candidates=len(ranking.ranked),
        reranked=ranking.reranked,
        complete=ranking.complete,
        compared=None if compared is None else FunctionRef.of(compared.path, compared.function),
        final=ranking.final,
    )


def _hit(stored: StoredFunction, score: float, explanation: tuple[Contribution, ...]) -> Hit:
    return Hit(FunctionRef.of(stored.path, stored.function), score, "", explanation, source=stored.function)


def _overlap(one: StoredFunction, other: StoredFunction) -> bool:
    """Whether two functions share code of one file."""
    if one.path != other.path:
        return False
    return one.function.start_byte < other.function.end_byte and other.function.start_byte < one.function.end_byte
