"""`initialize` and `shutdown`: what the server does besides the answers of pygls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.capabilities import ClientCapabilities

if TYPE_CHECKING:
    from fathom_server.server import FathomServer


def initialize(ls: FathomServer, params: types.InitializeParams) -> None:
    """Keep the client's capabilities and options. Starts nothing, because the answer must not wait for an index."""
    ls.capabilities = ClientCapabilities.resolve(params.capabilities)
    ls.protocol.trace = params.trace or types.TraceValue.Off
    ls.initialization_options = params.initialization_options


async def shutdown(ls: FathomServer, params: None) -> None:
    """Stop the indexers before the answer, so that no process outlives the session."""
    await ls.close()
