"""`textDocument/didOpen` and `didSave`. pygls keeps track of open documents; what is searched is what is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_server.convert import path_of

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_server.server import FathomServer


async def did_open(ls: FathomServer, params: types.DidOpenTextDocumentParams) -> None:
    """Have the file's functions seen to before others."""
    path = path_of(params.text_document.uri)
    if path is not None:
        await ls.session.opened(path)


async def did_save(ls: FathomServer, params: types.DidSaveTextDocumentParams) -> None:
    """Have the saved file indexed in its new form."""
    path = path_of(params.text_document.uri)
    if path is not None:
        await ls.session.changed([path])
