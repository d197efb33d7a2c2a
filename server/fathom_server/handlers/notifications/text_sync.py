"""`textDocument/didOpen`, `didChange`, `didClose` and `didSave`. pygls keeps the text; the indexer is told of it.

None of them is a coroutine: a coroutine starts after all messages of the same read, so that a document could be closed
before it is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from pathlib import Path

    from lsprotocol import types

    from fathom_server.server import FathomServer


def did_open(ls: FathomServer, params: types.DidOpenTextDocumentParams) -> None:
    """Search the document's text instead of its file, and index the file's functions before others."""
    uri = params.text_document.uri
    update(ls, uri)
    path = path_of(uri)
    if path is not None:
        ls.session.when_settled(lambda: _opened(ls, path))
    for observer in ls.observers:
        observer.document_opened(uri)


def _opened(ls: FathomServer, path: Path) -> None:
    ls.open_alone(path)
    ls.run_in_background(ls.session.opened(path))


def did_change(ls: FathomServer, params: types.DidChangeTextDocumentParams) -> None:
    """Search the document's new text."""
    update(ls, params.text_document.uri)


def did_close(ls: FathomServer, params: types.DidCloseTextDocumentParams) -> None:
    """Search the file again."""
    close(ls, params.text_document.uri)


def did_save(ls: FathomServer, params: types.DidSaveTextDocumentParams) -> None:
    """Index the saved file."""
    uri = params.text_document.uri
    for observer in ls.observers:
        observer.document_saved(uri)
    path = path_of(uri)
    if path is not None:
        ls.run_in_background(ls.session.changed([path]))


def update(ls: FathomServer, uri: str) -> None:
    """Search a document as it is now."""
    if (document := ls.document(uri)) is not None:
        ls.session.document_changed(uri, document)


def close(ls: FathomServer, uri: str) -> None:
    """Forget the text of a document or cell that was closed."""
    ls.session.document_closed(uri)
    for observer in ls.observers:
        observer.document_closed(uri)
