"""`workspace/didChangeWorkspaceFolders`, and how a folder is opened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fathom_server.protocol.convert import folder_of

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)


def did_change(ls: FathomServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Start to index the folders that were added, and stop for those that were removed."""
    ls.session.when_settled(lambda: _change(ls, params.event))


def _change(ls: FathomServer, event: types.WorkspaceFoldersChangeEvent) -> None:
    for folder in event.removed:
        ls.run_in_background(ls.session.remove(folder.uri))
    for folder in event.added:
        open_folder(ls, folder.uri)


def open_folder(ls: FathomServer, uri: str) -> None:
    """Index a workspace folder. One that is not on this machine is left out, with a warning."""
    folder = folder_of(uri)
    if folder is None:
        logger.warning("%s is no folder on this machine", uri)
        ls.warn(f"Fathom: {uri} is no folder on this machine and cannot be searched.")
        return
    ls.session.add(folder)
