"""`fathom/status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom_indexer import __version__
from fathom_server.protocol.lsp_ext import StatusResult, check_no_params

if TYPE_CHECKING:
    from fathom_indexer.wire.framing import Json
    from fathom_server.server import FathomServer


async def status(ls: FathomServer, params: Any = None) -> Json:
    """The state of each workspace folder: what is indexed, and why the rest is not."""
    check_no_params(params)
    return StatusResult(__version__, await ls.session.status()).to_json()
