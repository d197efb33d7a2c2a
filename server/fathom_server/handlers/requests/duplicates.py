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
    """Functions that are copies of each other, folder by folder."""
    wanted = DuplicatesParams.from_json(params, ls.settings.limit)
    asked = {**wanted.options, "limit": wanted.limit, "filters": filters_to_json(wanted.filters)}
    with answering():
        found = await ls.session.duplicates(asked)
    groups = [
        {
            **group,
            "clones": [
                LspHit(clone, location_of(folder, clone), selection_of(clone)).to_json() for clone in group["clones"]
            ],
        }
        for folder, answer in found.answers
        for group in answer.groups
    ]
    message = {"message": found.message} if found.message else {}
    return {**message, "groups": groups, "indexing": any(answer.indexing for _, answer in found.answers)}
