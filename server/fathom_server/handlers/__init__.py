"""One module per method or family of methods. `register` is the table of all methods that the server handles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from fathom_server.duplicates.feature import DuplicateFeature
from fathom_server.handlers.notifications import (
    configuration,
    file_operations,
    initialized,
    notebook_sync,
    text_sync,
    watched_files,
    workspace_folders,
)
from fathom_server.handlers.requests import (
    code_action,
    code_lens,
    commands,
    diagnostic,
    duplicates,
    hover,
    lifecycle,
    reindex,
    search,
    similar,
    status,
    workspace_symbol,
)
from fathom_server.protocol import lsp_ext

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fathom_server.server import FathomServer


def register(server: FathomServer) -> None:
    """Register all handlers. pygls itself handles the rest of LSP, such as the text of open documents."""
    known = DuplicateFeature(server)
    server.observers.append(known)

    server.feature(types.INITIALIZE)(lifecycle.initialize)
    server.feature(types.INITIALIZED)(initialized.initialized)
    server.feature(types.SHUTDOWN)(lifecycle.shutdown)

    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(text_sync.did_open)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(text_sync.did_change)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(text_sync.did_close)
    server.feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(text_sync.did_save)
    server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)(notebook_sync.did_open)
    server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)(notebook_sync.did_change)
    server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)(notebook_sync.did_close)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(watched_files.did_change)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(workspace_folders.did_change)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(configuration.did_change)
    server.feature(types.WORKSPACE_DID_CREATE_FILES, file_operations.EVERYTHING)(file_operations.did_create)
    server.feature(types.WORKSPACE_DID_RENAME_FILES, file_operations.EVERYTHING)(file_operations.did_rename)
    server.feature(types.WORKSPACE_DID_DELETE_FILES, file_operations.EVERYTHING)(file_operations.did_delete)

    symbols = types.WorkspaceSymbolOptions(resolve_provider=True)
    server.feature(types.WORKSPACE_SYMBOL, symbols)(workspace_symbol.workspace_symbol)
    server.feature(types.WORKSPACE_SYMBOL_RESOLVE)(workspace_symbol.resolve)
    actions = types.CodeActionOptions(code_action_kinds=[code_action.KIND])
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, actions)(code_action.code_action)
    server.feature(types.TEXT_DOCUMENT_CODE_LENS)(_with_duplicates(code_lens.code_lens, known))
    server.feature(types.TEXT_DOCUMENT_HOVER)(_with_duplicates(hover.hover, known))
    about_one_file = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False)
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, about_one_file)(_with_duplicates(diagnostic.diagnostic, known))

    server.feature(lsp_ext.SEARCH)(search.search)
    server.feature(lsp_ext.SIMILAR)(similar.similar)
    server.feature(lsp_ext.DUPLICATES)(duplicates.duplicates)
    server.feature(lsp_ext.STATUS)(status.status)
    server.feature(lsp_ext.REINDEX)(reindex.reindex)
    commands.register(server, known)


def _with_duplicates(
    handler: Callable[[FathomServer, DuplicateFeature, Any], Awaitable[Any]], known: DuplicateFeature
) -> Callable[[FathomServer, Any], Awaitable[Any]]:
    """A handler as pygls calls it, bound to the known duplicates."""

    async def handle(ls: FathomServer, params: Any) -> Any:
        return await handler(ls, known, params)

    return handle
