"""`fathom/duplicates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom_indexer.wire.conversion import clone_group_to_json, clone_to_json
from fathom_server.handlers.requests.errors import answering
from fathom_server.protocol.convert import location_of, selection_of
from fathom_server.protocol.lsp_ext import LspHit, duplicates_request

if TYPE_CHECKING:
    from fathom_indexer.types import Clone
    from fathom_indexer.wire.framing import Json
    from fathom_server.protocol.convert import Folder
    from fathom_server.server import FathomServer


async def duplicates(ls: FathomServer, params: Any = None) -> Json:
    """Groups of functions that are copies of each other, folder by folder."""
    request = duplicates_request(params, ls.settings.limit)
    with answering():
        result = await ls.session.duplicates(request)
    groups = [
        {**clone_group_to_json(group), "clones": [_clone(folder, clone) for clone in group.clones]}
        for folder, answer in result.answers
        for group in answer.groups
    ]
    message = {"message": result.message} if result.message else {}
    return {**message, "groups": groups, "indexing": any(answer.indexing for _, answer in result.answers)}


def _clone(folder: Folder, clone: Clone) -> Json:
    function = clone.function
    return LspHit(clone_to_json(clone), location_of(folder, function), selection_of(function)).to_json()
