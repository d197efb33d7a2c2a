"""`workspace/didCreateFiles`, `didRenameFiles` and `didDeleteFiles`: file operations in the editor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fathom_server.server import FathomServer

EVERYTHING = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**/*"), scheme="file")]
)
"""All files and folders."""


def did_create(ls: FathomServer, params: types.CreateFilesParams) -> None:
    """Index the new files."""
    _changed(ls, [file.uri for file in params.files])


def did_rename(ls: FathomServer, params: types.RenameFilesParams) -> None:
    """Index the files under their new names; their vectors are kept."""
    _changed(ls, [uri for file in params.files for uri in (file.old_uri, file.new_uri)])


def did_delete(ls: FathomServer, params: types.DeleteFilesParams) -> None:
    """Remove the deleted files from the index."""
    _changed(ls, [file.uri for file in params.files])


def _changed(ls: FathomServer, uris: Iterable[str]) -> None:
    paths = [path for path in map(path_of, uris) if path is not None]
    ls.run_in_background(ls.session.changed(paths))
