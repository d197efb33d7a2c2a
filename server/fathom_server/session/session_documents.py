"""The documents and cells that the editor has open, passed to the indexers of the folders that hold them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fathom_indexer.types import UNTITLED
from fathom_server.protocol.convert import path_of
from fathom_server.session.notebooks import Notebooks

if TYPE_CHECKING:
    from fathom_server.session.folder_documents import OpenDocument
    from fathom_server.session.workspace_folders import WorkspaceFolders


class SessionDocuments:
    """The open documents of all folders. Each folder's part is a `FolderDocuments`."""

    def __init__(self, folders: WorkspaceFolders) -> None:
        self._folders = folders
        self._open: dict[str, tuple[str, OpenDocument]] = {}
        """URIs and documents by unquoted URI: a client may close a document with other escapes than it opened it."""
        self.notebooks = Notebooks()

    def path_of(self, uri: str) -> Path | str | None:
        """A document's path; a string for one that was never saved; None if it is not on this machine."""
        return self.notebooks.path_of(uri) or (uri if uri.startswith(UNTITLED) else path_of(uri))

    def changed(self, uri: str, document: OpenDocument) -> None:
        """A document was opened or changed."""
        self._open[unquote(uri)] = uri, document
        self._pass_on(uri, document)

    def closed(self, uri: str) -> None:
        """A document was closed."""
        uri, _ = self._open.pop(unquote(uri), ("", None))
        if (path := self.path_of(uri)) is not None:
            for indexer, relative in self._folders.holding(path):
                indexer.documents.closed(relative)
                indexer.folder.cells.pop(relative, None)

    def pass_all_on(self) -> None:
        """Pass all documents on after a folder was added or removed: other folders may hold them now."""
        for uri, document in self._open.values():
            self._pass_on(uri, document)

    def _pass_on(self, uri: str, document: OpenDocument) -> None:
        path = self.path_of(uri)
        if path is None:
            return
        for indexer, relative in self._folders.holding(path):
            if self.notebooks.path_of(uri) is not None:
                indexer.folder.cells[relative] = uri
            indexer.documents.changed(relative, document)
