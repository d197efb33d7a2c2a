"""`initialized`: opens the workspace folders once the client's settings are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_server.handlers.notifications import configuration, watched_files
from fathom_server.handlers.notifications.workspace_folders import open_folder

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_server.server import FathomServer


def initialized(ls: FathomServer, params: types.InitializedParams) -> None:
    """Watch the client's process, index its folders, and register for file and settings changes."""
    if ls.process_id is not None:
        ls.watch_parent(ls.process_id)
    ls.session.hold()
    ls.run_in_background(_begin(ls, _folder_uris(ls)))


async def _begin(ls: FathomServer, folders: list[str]) -> None:
    """Open the folders that the client had at `initialized`. Later folder changes wait until this is done."""
    try:
        if ls.capabilities.configuration:
            await configuration.pull(ls)
        else:
            ls.configure(ls.section)
        for uri in folders:
            open_folder(ls, uri)
        ls.status_changed()
    finally:
        ls.session.release()
    await watched_files.register(ls)
    await configuration.register(ls)


def _folder_uris(ls: FathomServer) -> list[str]:
    """The workspace folders; the root for clients without workspace folders."""
    folders = [folder.uri for folder in ls.workspace.folders.values()]
    if not folders and ls.workspace.root_uri:
        folders = [ls.workspace.root_uri]
    return folders
