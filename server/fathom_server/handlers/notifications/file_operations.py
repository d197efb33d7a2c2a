"""`workspace/didCreateFiles`, `didRenameFiles` and `didDeleteFiles`: what the user does to files in the editor."""

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
"""Files and folders alike."""


def did_create(ls: FathomServer, params: types.CreateFilesParams) -> None:
    """Have what was created indexed."""
    _changed(ls, [file.uri for file in params.files])


def did_rename(ls: FathomServer, params: types.RenameFilesParams) -> None:
    """Have both names looked at: what moved keeps its vectors."""
    _changed(ls, [uri for file in params.files for uri in (file.old_uri, file.new_uri)])


def did_delete(ls: FathomServer, params: types.DeleteFilesParams) -> None:
    """Have what was deleted forgotten."""
    _changed(ls, [file.uri for file in params.files])


def _changed(ls: FathomServer, uris: Iterable[str]) -> None:
    paths = [path for path in map(path_of, uris) if path is not None]
    ls.run_in_background(ls.session.changed(paths))
