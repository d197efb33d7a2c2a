"""`textDocument/didOpen`, `didChange`, `didClose` and `didSave`. pygls keeps the text, the indexer is told of it.

None is a coroutine: those begin after everything that came in the same read, a document's end before its beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.duplicates.diagnostics import publish
from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from fathom_server.server import FathomServer


def did_open(ls: FathomServer, params: types.DidOpenTextDocumentParams) -> None:
    """Have the document searched as the editor has it, and the file's functions seen to before others."""
    uri = params.text_document.uri
    show(ls, uri)
    ls.saved.saved(uri, ls.lines_of(uri))
    path = path_of(uri)
    if path is not None:
        ls.session.when_settled(lambda: _begin(ls, uri, path))


def _begin(ls: FathomServer, uri: str, path: Path) -> None:
    """Somebody works with a file now."""
    ls.open_alone(path)
    if ls.settings.diagnostics != "off" and ls.document(uri) is not None:
        publish(ls, uri)
    ls.run_in_background(ls.session.opened(path))


def did_change(ls: FathomServer, params: types.DidChangeTextDocumentParams) -> None:
    """Have the document searched in its new form."""
    show(ls, params.text_document.uri)


def did_close(ls: FathomServer, params: types.DidCloseTextDocumentParams) -> None:
    """Have the file searched again."""
    hide(ls, params.text_document.uri)
    ls.saved.closed(params.text_document.uri)


def show(ls: FathomServer, uri: str) -> None:
    """Have a document searched as it is now."""
    if (document := ls.document(uri)) is not None:
        ls.session.document_changed(uri, document)


def hide(ls: FathomServer, uri: str) -> None:
    """A document is closed: nothing is to be found in it or said about it that is not saved."""
    ls.session.document_closed(uri)
    if ls.settings.diagnostics != "off" and not ls.capabilities.pulls_diagnostics:
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def did_save(ls: FathomServer, params: types.DidSaveTextDocumentParams) -> None:
    """Have the saved file indexed in its new form."""
    uri = params.text_document.uri
    if (document := ls.document(uri)) is not None:
        ls.saved.saved(uri, document.lines)
    path = path_of(uri)
    if path is not None:
        ls.run_in_background(ls.session.changed([path]))
