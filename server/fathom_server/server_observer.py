"""How a feature takes part in the session without the server knowing the feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fathom_server.config import Settings


class ServerObserver:
    """Base class of features that react to events of the session. `FathomServer.observers` lists them."""

    def settings_changed(self, before: Settings) -> None:
        """The client's settings were read; `FathomServer.settings` has the new ones."""

    def index_updated(self) -> None:
        """The index of a folder is up to date again."""

    def document_opened(self, uri: str) -> None:
        """A text document was opened."""

    def document_saved(self, uri: str) -> None:
        """A text document was saved."""

    def document_closed(self, uri: str) -> None:
        """A text document or a cell of a notebook was closed."""

    def closing(self) -> None:
        """The session ends: stop background work."""
