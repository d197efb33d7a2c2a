"""`notebookDocument/didOpen`, `didChange` and `didClose`: cells are searched as the editor has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_server.handlers.notifications import text_sync
from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lsprotocol import types

    from fathom_server.server import FathomServer


def did_open(ls: FathomServer, params: types.DidOpenNotebookDocumentParams) -> None:
    """Search the cells, and the files beside the notebook if no folder is open."""
    uri = params.notebook_document.uri
    _open(ls, uri, params.cell_text_documents)
    path = path_of(uri)
    if path is not None:
        ls.session.when_settled(lambda: ls.open_alone(path))


def did_change(ls: FathomServer, params: types.DidChangeNotebookDocumentParams) -> None:
    """Search the changed and new cells as they are now, and forget the removed ones."""
    cells = params.change.cells
    if cells is None:
        return
    if cells.structure is not None:
        for removed in cells.structure.did_close or ():
            _close(ls, removed.uri)
        opened = cells.structure.did_open or ()
        for cell in opened:
            # Of a cell that is closed and opened in one change, pygls closes the document last.
            if ls.document(cell.uri) is None:
                ls.workspace.put_text_document(cell, notebook_uri=params.notebook_document.uri)
        _open(ls, params.notebook_document.uri, opened)
    for changed in cells.text_content or ():
        text_sync.update(ls, changed.document.uri)


def did_close(ls: FathomServer, params: types.DidCloseNotebookDocumentParams) -> None:
    """Forget the cells."""
    for cell in params.cell_text_documents:
        _close(ls, cell.uri)
    ls.session.notebooks.close(params.notebook_document.uri)


def _open(ls: FathomServer, notebook: str, cells: Sequence[types.TextDocumentItem]) -> None:
    for cell in cells:
        if ls.session.notebooks.path_of(cell.uri) is not None:
            _close(ls, cell.uri)  # It is open already: its previous path must not stay in the index.
    ls.session.notebooks.open(notebook, cells)
    for cell in cells:
        text_sync.update(ls, cell.uri)


def _close(ls: FathomServer, uri: str) -> None:
    text_sync.close(ls, uri)
    ls.session.notebooks.close_cell(uri)
