"""What `fathom/search` and `fathom/similar` both answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_indexer.wire.conversion import function_to_json, hit_to_json, relevance
from fathom_server.convert import location_of, selection_of
from fathom_server.lsp_ext import LspHit, SearchAnswer

if TYPE_CHECKING:
    from fathom_indexer.types import Hit
    from fathom_indexer.wire.framing import Json
    from fathom_server.convert import Folder
    from fathom_server.partial_results import Found, OnFound
    from fathom_server.server import FathomServer


def result_of(found: Found) -> Json:
    """The answer that holds what was found."""
    compared = None
    if found.compared is not None:
        folder, function = found.compared
        compared = LspHit(function_to_json(function), location_of(folder, function), selection_of(function))
    best = found.hits[0][1].score if found.hits else 0.0
    results = [_lsp_hit(folder, hit, best) for folder, hit in found.hits]
    return SearchAnswer(results, found.indexing, found.complete, compared, found.message).to_json()


def _lsp_hit(folder: Folder, hit: Hit, best: float) -> LspHit:
    shown = {**hit_to_json(hit, explain=bool(hit.explanation)), "relevance": relevance(hit.score, best)}
    return LspHit(shown, location_of(folder, hit.function), selection_of(hit.function))


def streaming(ls: FathomServer, token: int | str | None) -> OnFound | None:
    """What sends a first order as a partial result; None for a client that wants none.

    It has the shape of the answer, which replaces it: a final order is no continuation of the first one.
    """
    if token is None:
        return None
    return lambda found: ls.progress(types.ProgressParams(token, result_of(found)))
