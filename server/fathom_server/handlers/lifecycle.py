"""`initialize`, `initialized`, `shutdown`. pygls answers them (and `exit`); these run in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.capabilities import ClientCapabilities
from fathom_server.handlers import configuration, watched_files
from fathom_server.handlers.workspace_folders import open_folder

if TYPE_CHECKING:
    from fathom_server.server import FathomServer


def initialize(ls: FathomServer, params: types.InitializeParams) -> None:
    """Remember what the client is and wants. Starts nothing: the answer must not wait for the index."""
    ls.capabilities = ClientCapabilities.resolve(params.capabilities)
    ls.protocol.trace = params.trace or types.TraceValue.Off
    ls.initialization_options = params.initialization_options


def initialized(ls: FathomServer, params: types.InitializedParams) -> None:
    """The client is ready: watch over it, start to index, and have it tell of changed files."""
    if ls.process_id is not None:
        ls.watch_parent(ls.process_id)
    ls.session.hold()
    ls.run_in_background(_begin(ls, _folder_uris(ls)))


async def _begin(ls: FathomServer, folders: list[str]) -> None:
    """Open the folders that there were when the client was ready; what it has changed since comes after."""
    try:
        if ls.capabilities.configuration:
            await configuration.pull(ls)
        else:
            ls.configure(ls.section)
        for uri in folders:
            open_folder(ls, uri)
        ls.noticed()
    finally:
        ls.session.release()
    await watched_files.register(ls)
    await configuration.register(ls)


async def shutdown(ls: FathomServer, params: None) -> None:
    """Stop the indexers before the answer, so that none outlives the session."""
    await ls.close()


def _folder_uris(ls: FathomServer) -> list[str]:
    """The workspace folders; for clients that know no folders, the one root."""
    folders = [folder.uri for folder in ls.workspace.folders.values()]
    if not folders and ls.workspace.root_uri:
        folders = [ls.workspace.root_uri]
    return folders
