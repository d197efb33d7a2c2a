"""`workspace/didCreateFiles`, `didRenameFiles` and `didDeleteFiles`: what the user does to files in the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.convert import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fathom_server.server import FathomServer

EVERYTHING = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**/*"), scheme="file")]
)
"""Files and folders alike."""


async def did_create(ls: FathomServer, params: types.CreateFilesParams) -> None:
    """Have what was created indexed."""
    await _changed(ls, [file.uri for file in params.files])


async def did_rename(ls: FathomServer, params: types.RenameFilesParams) -> None:
    """Have both names looked at: what moved keeps its vectors."""
    await _changed(ls, [uri for file in params.files for uri in (file.old_uri, file.new_uri)])


async def did_delete(ls: FathomServer, params: types.DeleteFilesParams) -> None:
    """Have what was deleted forgotten."""
    await _changed(ls, [file.uri for file in params.files])


async def _changed(ls: FathomServer, uris: Iterable[str]) -> None:
    paths = (path_of(uri) for uri in uris)
    await ls.session.changed(path for path in paths if path is not None)
