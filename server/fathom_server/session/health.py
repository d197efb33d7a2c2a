"""What a status bar shows: how the folders fare, told when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom_server.session.folder_indexer import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fathom_indexer.wire.messages import Json
    from fathom_server.session.folder_indexer import FolderIndexer


def health_of(indexers: Iterable[FolderIndexer]) -> Json:
    """The parameters of a `fathom/status` notification."""
    indexers = list(indexers)
    dead = [indexer for indexer in indexers if indexer.state is State.DEAD]
    troubled = [indexer for indexer in indexers if indexer.trouble is not None]
    message: Any = next((indexer.trouble for indexer in (*dead, *troubled) if indexer.trouble), None)
    return {
        "health": "error" if dead else "warning" if troubled else "ok",
        "quiescent": all(indexer.quiescent for indexer in indexers),
        "message": message,
    }
