"""`workspace/symbol`: search by meaning for every client, without a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_indexer.types import Filters
from fathom_server.convert import symbol_of
from fathom_server.handlers.errors import answering

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_server.server import FathomServer


async def workspace_symbol(ls: FathomServer, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    """Functions that answer the query. An empty one, which clients send to list all symbols, has no answer."""
    if not params.query.strip():
        return []
    with answering():
        found = await ls.session.search(params.query, ls.settings.limit, Filters())
    return [symbol_of(folder, hit) for folder, hit in found.hits]
