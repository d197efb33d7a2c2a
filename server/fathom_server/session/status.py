"""The state of the workspace folders: each in detail, and all of them in one value for a status bar."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.rpc import IndexerError
from fathom_indexer.types import Progress, Stage
from fathom_server.protocol.lsp_ext import RootStatus
from fathom_server.session.fan_out import check_exists
from fathom_server.session.folder_indexer import State
from fathom_server.session.progress import message_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fathom_indexer.wire.framing import Json
    from fathom_server.session.folder_indexer import FolderIndexer

TIMEOUT = 5.0
"""Seconds to wait for an indexer's answer. A status that comes later is of no use to the user."""


def overall_status(indexers: Iterable[FolderIndexer]) -> Json:
    """The parameters of a `fathom/status` notification."""
    indexers = list(indexers)
    dead = [indexer for indexer in indexers if indexer.state is State.DEAD]
    troubled = [indexer for indexer in indexers if indexer.trouble is not None]
    message: Any = next((indexer.trouble for indexer in (*dead, *troubled) if indexer.trouble), None)
    return {
        "health": "error" if dead else "warning" if troubled else "ok",
        "quiescent": all(indexer.quiescent for indexer in indexers),
        "message": message,
    }


async def folder_status(indexer: FolderIndexer) -> RootStatus:
    """A folder's state, with the contents of its index or the reason why they are not known."""

    async def ask() -> Json:
        await check_exists(indexer.folder)
        return await (await indexer.client()).status()

    index: Json = {}
    error = None
    try:
        index = await asyncio.wait_for(ask(), TIMEOUT)
    except asyncio.TimeoutError:
        error = f"the indexer is {'starting' if indexer.state is State.STARTING else 'busy'}"
    except (IndexerError, IndexerUnavailableError) as failure:
        error = str(failure)
    return RootStatus(indexer.folder.uri, indexer.state.value, error, index, indexer.trouble or _activity(index))


def _activity(index: Json) -> str | None:
    """How far indexing is, and that results may be missing; None if it is done."""
    if not index.get("indexing"):
        return None
    doing = "has not begun"
    if isinstance(progress := index.get("progress"), dict):
        doing = f"is {message_of(Progress(Stage(progress['stage']), progress['done'], progress['total']))}"
    return f"indexing {doing}; results may be missing until it is done"
