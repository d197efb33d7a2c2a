"""What `fathom/search` and `fathom/similar` both answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_indexer.wire.messages import relevance
from fathom_server.protocol.convert import location_of, selection_of
from fathom_server.protocol.lsp_ext import LspHit, LspSearchResult

if TYPE_CHECKING:
    from fathom_indexer.wire.messages import Json
    from fathom_server.protocol.convert import Folder
    from fathom_server.server import FathomServer
    from fathom_server.session.partial_results import MergedResults, OnPartialResults


def result_of(found: MergedResults) -> Json:
    """The answer that holds what was found."""
    compared = None if found.compared is None else _with_location(*found.compared)
    best = found.hits[0][1]["score"] if found.hits else 0.0
    results = [
        _with_location(folder, {**hit, "relevance": relevance(hit["score"], best)}) for folder, hit in found.hits
    ]
    return LspSearchResult(results, found.indexing, found.complete, compared, found.message).to_json()


def _with_location(folder: Folder, hit: Json) -> LspHit:
    return LspHit(hit, location_of(folder, hit), selection_of(hit))


def streaming(ls: FathomServer, token: int | str | None) -> OnPartialResults | None:
    """What sends a first order as a partial result; None for a client that wants none.

    It has the shape of the answer, which replaces it: a final order is no continuation of the first one.
    """
    if token is None:
        return None
    return lambda found: ls.progress(types.ProgressParams(token, result_of(found)))
