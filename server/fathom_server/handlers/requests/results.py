"""The answer of `fathom/search` and `fathom/similar`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_indexer.wire.conversion import function_to_json, hit_to_json, relevances
from fathom_server.protocol.convert import location_of, selection_of
from fathom_server.protocol.lsp_ext import LspHit, LspSearchResult

if TYPE_CHECKING:
    from fathom_indexer.types import Hit
    from fathom_indexer.wire.framing import Json
    from fathom_server.protocol.convert import Folder
    from fathom_server.server import FathomServer
    from fathom_server.session.partial_results import MergedResults, OnPartialResults


def result_of(merged: MergedResults) -> Json:
    """Merged results as an answer."""
    compared = None
    if merged.compared is not None:
        folder, function = merged.compared
        compared = LspHit(function_to_json(function), location_of(folder, function), selection_of(function))
    percents = relevances([hit.score for _, hit in merged.hits])
    results = [_lsp_hit(folder, hit, percent) for (folder, hit), percent in zip(merged.hits, percents, strict=True)]
    return LspSearchResult(results, merged.indexing, merged.complete, compared, merged.message).to_json()


def _lsp_hit(folder: Folder, hit: Hit, relevance: int) -> LspHit:
    shown = {**hit_to_json(hit, explain=bool(hit.explanation)), "relevance": relevance}
    return LspHit(shown, location_of(folder, hit.function), selection_of(hit.function))


def streaming(ls: FathomServer, token: int | str | None) -> OnPartialResults | None:
    """A callback that sends partial results; None if the client has not requested them.

    A partial result has the shape of the answer. The answer replaces it, because the order may change.
    """
    if token is None:
        return None
    return lambda merged: ls.progress(types.ProgressParams(token, result_of(merged)))
