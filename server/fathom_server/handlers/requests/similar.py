"""`fathom/similar`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from fathom_server.handlers.requests.errors import answering
from fathom_server.handlers.requests.results import result_of, streaming
from fathom_server.protocol.lsp_ext import SimilarParams

if TYPE_CHECKING:
    from fathom_indexer.wire.framing import Json
    from fathom_server.server import FathomServer
    from fathom_server.session.partial_results import MergedResults


async def similar(ls: FathomServer, params: Any = None) -> Json:
    """Functions like the one at a position of a document, as it is in the editor."""
    request = SimilarParams.from_json(params, ls.settings.limit)
    return result_of(await find(ls, request))


async def find(ls: FathomServer, request: SimilarParams) -> MergedResults:
    """The results for validated parameters. Raises `JsonRpcException`."""
    path = ls.session.path_of(request.uri)
    if path is None:
        raise JsonRpcInvalidParams(f"textDocument.uri must name a file on this machine, not {request.uri!r}")
    with answering():
        return await ls.session.similar(
            path,
            request.line + 1,
            request.limit,
            request.filters,
            request.explain,
            streaming(ls, request.partial_token),
        )
