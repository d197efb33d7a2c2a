"""Keeps the duplicates of the open documents and has the client show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.duplicates.cache import DuplicateCache
from fathom_server.duplicates.diagnostics import diagnostics_of
from fathom_server.duplicates.line_edits import SavedTexts
from fathom_server.protocol.convert import path_of
from fathom_server.server_observer import ServerObserver

if TYPE_CHECKING:
    from fathom_indexer.wire.messages import DuplicatesRequest, DuplicatesResponse
    from fathom_server.config import Settings
    from fathom_server.duplicates.cache import Duplicate
    from fathom_server.protocol.convert import Folder
    from fathom_server.server import FathomServer


class DuplicateFeature(ServerObserver):
    """The state behind code lenses, diagnostics, hovers and the command `fathom/showCopies`.

    Requires one of the settings `codeLens` and `diagnostics`; otherwise no duplicates are known.
    """

    def __init__(self, server: FathomServer) -> None:
        self._server = server
        self._saved = SavedTexts()
        self._cache = DuplicateCache(self._find, self._show)

    def in_document(self, uri: str) -> list[Duplicate]:
        """The functions of a document that have copies, at their lines in the document as it is now.

        Functions that were edited since the document was saved are left out.
        """
        place = self._server.session.place_of(uri)
        if place is None or not (duplicates := self._cache.in_file(*place)):
            return []
        edits = self._saved.edits(uri, self._server.lines_of(uri))
        return [moved for duplicate in duplicates if (moved := duplicate.after(edits)) is not None]

    def settings_changed(self, before: Settings) -> None:
        """Request, forget or show the duplicates as the settings ask."""
        settings = self._server.settings
        changed = (settings.code_lens, settings.diagnostics) != (before.code_lens, before.diagnostics)
        if not self._enabled():
            self._cache.clear()
        elif changed:
            self._cache.refresh()
        if changed:
            self._show()

    def index_updated(self) -> None:
        """Request the duplicates again."""
        if self._enabled():
            self._cache.refresh()

    def document_opened(self, uri: str) -> None:
        """Publish what is known of a file, once the settings are known."""
        self._saved.saved(uri, self._server.lines_of(uri))
        if path_of(uri) is not None:
            self._server.session.when_settled(lambda: self._publish_opened(uri))

    def document_saved(self, uri: str) -> None:
        """Take the document's lines for those of its file."""
        if (document := self._server.document(uri)) is not None:
            self._saved.saved(uri, document.lines)

    def document_closed(self, uri: str) -> None:
        """Withdraw the diagnostics that were published."""
        if self._server.settings.diagnostics != "off" and not self._server.capabilities.pulls_diagnostics:
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        self._saved.closed(uri)

    def closing(self) -> None:
        """Cancel a request for duplicates that is in progress."""
        self._cache.close()

    def _enabled(self) -> bool:
        return self._server.settings.code_lens or self._server.settings.diagnostics != "off"

    async def _find(self, request: DuplicatesRequest) -> list[tuple[Folder, DuplicatesResponse]]:
        return (await self._server.session.duplicates(request)).answers

    def _show(self) -> None:
        """Publish diagnostics of all open documents, or have the client request them again, and the lenses."""
        server, capabilities = self._server, self._server.capabilities
        for document in list(server.workspace.text_documents.values()):
            self._publish(document.uri)
        if capabilities.pulls_diagnostics and capabilities.refreshes_diagnostics:
            server.workspace_diagnostic_refresh(None)
        if capabilities.refreshes_code_lenses:
            server.workspace_code_lens_refresh(None)

    def _publish_opened(self, uri: str) -> None:
        if self._server.settings.diagnostics != "off" and self._server.document(uri) is not None:
            self._publish(uri)

    def _publish(self, uri: str) -> None:
        """Publish diagnostics to a client that does not request them."""
        if not self._server.capabilities.pulls_diagnostics:
            diagnostics = diagnostics_of(self._server, uri, self.in_document(uri))
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))
