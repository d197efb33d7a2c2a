"""What the client can do, looked up once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pygls.capabilities import get_capability

if TYPE_CHECKING:
    from lsprotocol import types


@dataclass(frozen=True, slots=True)
class ClientCapabilities:
    """The optional parts of LSP that this server uses when the client has them."""

    work_done_progress: bool = False
    """The server may start progress of its own."""
    watches_files: bool = False
    """The server may ask the client to watch files."""

    @classmethod
    def resolve(cls, capabilities: types.ClientCapabilities) -> ClientCapabilities:
        return cls(
            work_done_progress=bool(get_capability(capabilities, "window.work_done_progress")),
            watches_files=bool(get_capability(capabilities, "workspace.did_change_watched_files.dynamic_registration")),
        )
