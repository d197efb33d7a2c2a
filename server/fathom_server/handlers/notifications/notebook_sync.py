"""`notebookDocument/didOpen`, `didChange` and `didClose`: the cells are searched as the editor has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.handlers.notifications.text_sync import hide, show
from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom_server.server import FathomServer


def did_open(ls: FathomServer, params: types.DidOpenNotebookDocumentParams) -> None:
    """Have the cells searched. Where no folder is open, so are the files beside the notebook."""
    uri = params.notebook_document.uri
    _open(ls, uri, params.cell_text_documents)
    path = path_of(uri)
    if path is not None:
        ls.session.when_settled(lambda: ls.open_alone(path))


def did_change(ls: FathomServer, params: types.DidChangeNotebookDocumentParams) -> None:
    """Have the cells searched in their new form, those that came too, and those that went no more."""
    cells = params.change.cells
    if cells is None:
        return
    if cells.structure is not None:
        for gone in cells.structure.did_close or ():
            _close(ls, gone.uri)
        opened = cells.structure.did_open or ()
        for cell in opened:
            if ls.document(cell.uri) is None:  # It was closed and opened again. pygls does the one after the other.
                ls.workspace.put_text_document(cell, notebook_uri=params.notebook_document.uri)
        _open(ls, params.notebook_document.uri, opened)
    for changed in cells.text_content or ():
        show(ls, changed.document.uri)


def did_close(ls: FathomServer, params: types.DidCloseNotebookDocumentParams) -> None:
    """Have none of the cells found any more."""
    for cell in params.cell_text_documents:
        _close(ls, cell.uri)
    ls.session.notebooks.close(params.notebook_document.uri)


def _open(ls: FathomServer, notebook: str, cells: Sequence[types.TextDocumentItem]) -> None:
    for cell in cells:
        if ls.session.notebooks.path_of(cell.uri) is not None:
            _close(ls, cell.uri)  # It is opened once more, and what stood for it until now stands for nothing.
    ls.session.notebooks.open(notebook, cells)
    for cell in cells:
        show(ls, cell.uri)


def _close(ls: FathomServer, uri: str) -> None:
    hide(ls, uri)
    ls.session.notebooks.close_cell(uri)
