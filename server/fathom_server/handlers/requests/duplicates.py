"""`fathom/duplicates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom_indexer.wire.messages import filters_to_json
from fathom_server.handlers.requests.errors import answering
from fathom_server.protocol.convert import location_of, selection_of
from fathom_server.protocol.lsp_ext import DuplicatesParams, LspHit

if TYPE_CHECKING:
    from fathom_indexer.wire.messages import Json
    from fathom_server.server import FathomServer


async def duplicates(ls: FathomServer, params: Any = None) -> Json:
    """Groups of functions that are copies of each other, folder by folder."""
    request = DuplicatesParams.from_json(params, ls.settings.limit)
    asked = {**request.options, "limit": request.limit, "filters": filters_to_json(request.filters)}
    with answering():
        result = await ls.session.duplicates(asked)
    groups = [
        {
            **group,
            "clones": [
                LspHit(clone, location_of(folder, clone), selection_of(clone)).to_json() for clone in group["clones"]
            ],
        }
        for folder, answer in result.answers
        for group in answer.groups
    ]
    message = {"message": result.message} if result.message else {}
    return {**message, "groups": groups, "indexing": any(answer.indexing for _, answer in result.answers)}
