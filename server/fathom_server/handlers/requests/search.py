"""`fathom/search`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom_server.handlers.requests.errors import answering
from fathom_server.handlers.requests.results import result_of, streaming
from fathom_server.protocol.lsp_ext import SearchParams
from fathom_server.session.partial_results import MergedResults

if TYPE_CHECKING:
    from fathom_indexer.wire.framing import Json
    from fathom_server.server import FathomServer


# The parameters have no type, because pygls leaves a request with invalid typed parameters without an answer.
async def search(ls: FathomServer, params: Any = None) -> Json:
    """Functions that answer a query in words."""
    request = SearchParams.from_json(params, ls.settings.limit)
    if not request.query.strip():
        return result_of(MergedResults([], indexing=False))
    with answering():
        found = await ls.session.search(
            request.query, request.limit, request.filters, request.explain, streaming(ls, request.partial_token)
        )
    return result_of(found)
