"""One module a method or family of methods. `register` is the table of what the server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server import lsp_ext
from fathom_server.handlers import (
    duplicates,
    lifecycle,
    search,
    similar,
    status,
    text_sync,
    watched_files,
    workspace_folders,
    workspace_symbol,
)

if TYPE_CHECKING:
    from fathom_server.server import FathomServer


def register(server: FathomServer) -> None:
    """Have the server answer these methods; the rest of LSP's bookkeeping is pygls'."""
    server.feature(types.INITIALIZE)(lifecycle.initialize)
    server.feature(types.INITIALIZED)(lifecycle.initialized)
    server.feature(types.SHUTDOWN)(lifecycle.shutdown)

    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(text_sync.did_open)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(text_sync.did_save)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(watched_files.did_change)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(workspace_folders.did_change)

    server.feature(types.WORKSPACE_SYMBOL)(workspace_symbol.workspace_symbol)
    server.feature(lsp_ext.SEARCH)(search.search)
    server.feature(lsp_ext.SIMILAR)(similar.similar)
    server.feature(lsp_ext.DUPLICATES)(duplicates.duplicates)
    server.feature(lsp_ext.STATUS)(status.status)
