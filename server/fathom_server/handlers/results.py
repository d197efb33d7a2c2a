"""What `fathom/search` and `fathom/similar` both answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_server.convert import location_of
from fathom_server.lsp_ext import LspHit, SearchResult

if TYPE_CHECKING:
    from fathom_indexer.protocol import Json
    from fathom_server.session import Found


def result_of(found: Found) -> Json:
    """The answer that holds what was found."""
    results = [LspHit(hit, location_of(folder, hit)) for folder, hit in found.hits]
    return SearchResult(results, found.indexing, found.complete).to_json()
