"""`workspace/didChangeWatchedFiles`: the client watches the files and tells what changed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)


async def register(ls: FathomServer) -> None:
    """Ask a client that can watch files to do so. Where none does, the indexers do.

    pygls cannot announce this method by itself: it has no place among the server's static capabilities.
    """
    if ls.settings.watcher != "auto" or not ls.capabilities.watches_files:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions(
        # Ignore rules are the indexer's to know, and ignore files are among what is watched.
        watchers=[types.FileSystemWatcher(glob_pattern="**/*")]
    )
    registration = types.Registration(
        id="fathom-watched-files", method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options
    )
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except Exception as error:
        logger.warning("the client does not watch files after all: %s", error)
        ls.session.watch_files()


def did_change(ls: FathomServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Have the files that were changed, created or deleted looked at again."""
    paths = (path_of(change.uri) for change in params.changes)
    ls.session.watched(path for path in paths if path is not None)
