"""`workspace/didChangeWatchedFiles`: the client watches the files and reports changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)


async def register(ls: FathomServer) -> None:
    """Have the client watch the files if it can; otherwise the indexers watch them.

    This needs dynamic registration: LSP has no static server capability for it.
    """
    if ls.settings.watcher != "auto" or not ls.capabilities.watches_files:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions(
        # The indexer applies the ignore rules, and needs the changes of ignore files.
        watchers=[types.FileSystemWatcher(glob_pattern="**/*")]
    )
    registration = types.Registration(
        id="fathom-watched-files", method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options
    )
    try:
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    except Exception as error:
        logger.warning("the client refused to watch files, so the indexers do: %s", error)
        ls.session.watch_files()


def did_change(ls: FathomServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Pass on files that were changed, created or deleted."""
    paths = (path_of(change.uri) for change in params.changes)
    ls.session.watched(path for path in paths if path is not None)
