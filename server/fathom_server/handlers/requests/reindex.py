"""`fathom/reindex`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fathom_server.handlers.requests.errors import answering
from fathom_server.protocol.lsp_ext import check_no_params

if TYPE_CHECKING:
    from fathom_server.server import FathomServer


async def reindex(ls: FathomServer, params: Any = None) -> None:
    """Have all workspace folders indexed from scratch. Answers before indexing is done."""
    check_no_params(params)
    with answering():
        await ls.session.reindex()
