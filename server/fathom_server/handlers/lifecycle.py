"""`initialize`, `initialized`, `shutdown`. pygls answers them (and `exit`); these run in between."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fathom_server.capabilities import ClientCapabilities
from fathom_server.config import read_settings
from fathom_server.handlers import watched_files
from fathom_server.handlers.workspace_folders import open_folder

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)


def initialize(ls: FathomServer, params: types.InitializeParams) -> None:
    """Remember what the client is and wants. Starts nothing: the answer must not wait for the index."""
    ls.capabilities = ClientCapabilities.resolve(params.capabilities)
    ls.settings, ls.settings_warnings = read_settings(params.initialization_options)


async def initialized(ls: FathomServer, params: types.InitializedParams) -> None:
    """The client is ready: watch over it, start to index, and have it tell of changed files."""
    if ls.process_id is not None:
        ls.watch_parent(ls.process_id)
    for warning in ls.settings_warnings:
        logger.warning(warning)
        ls.warn(warning)
    for uri in _folder_uris(ls):
        open_folder(ls, uri)
    await watched_files.register(ls)


async def shutdown(ls: FathomServer, params: None) -> None:
    """Stop the indexers before the answer, so that none outlives the session."""
    await ls.close()


def _folder_uris(ls: FathomServer) -> list[str]:
    """The workspace folders; for clients that know no folders, the one root."""
    folders = [folder.uri for folder in ls.workspace.folders.values()]
    if not folders and ls.workspace.root_uri:
        folders = [ls.workspace.root_uri]
    return folders
