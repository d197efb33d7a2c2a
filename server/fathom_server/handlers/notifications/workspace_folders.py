"""`workspace/didChangeWorkspaceFolders`, and opening a folder."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fathom_server.protocol.convert import folder_of

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)


def did_change(ls: FathomServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Index the folders that were added, and stop indexing those that were removed."""
    ls.session.when_settled(lambda: _change(ls, params.event))


def _change(ls: FathomServer, event: types.WorkspaceFoldersChangeEvent) -> None:
    for folder in event.removed:
        ls.run_in_background(ls.session.remove(folder.uri))
    for folder in event.added:
        open_folder(ls, folder.uri)


def open_folder(ls: FathomServer, uri: str) -> None:
    """Index a workspace folder. For a folder that is not on this machine, show a warning instead."""
    folder = folder_of(uri)
    if folder is None:
        logger.warning("%s is not a folder on this machine", uri)
        ls.warn(f"Fathom: {uri} cannot be searched, because it is not a folder on this machine.")
        return
    ls.session.add(folder)
