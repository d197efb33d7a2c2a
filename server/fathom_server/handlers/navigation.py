"""Shows places to a user whose editor has no plugin: a message to choose from, and the document that is chosen."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.convert import location_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom_indexer.wire.messages import Json
    from fathom_server.protocol.convert import Folder
    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)

MOST = 5
"""How many places a message offers; more are unreadable."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place with the name that users know it by."""

    title: str
    location: types.Location


def target_of(folder: Folder, hit: Json) -> Target:
    """A hit or a clone as a place to go to."""
    return Target(title_of(hit), location_of(folder, hit))


def title_of(hit: Json) -> str:
    """A hit or a clone in few words: its name and where it is."""
    name = hit["qualifiedName"] or PurePosixPath(hit["path"]).name
    return f"{name} ({hit['path']}:{hit['startLine']})"


async def offer(ls: FathomServer, message: str, targets: Sequence[Target]) -> None:
    """Let the user choose one of the targets and go there. Clients that cannot are told of them."""
    offered = targets[:MOST]
    try:
        if not ls.capabilities.shows_documents or not offered:
            named = "; ".join(target.title for target in offered)
            text = f"{message}: {named}" if named else message
            ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
            return
        chosen = await ls.window_show_message_request_async(
            types.ShowMessageRequestParams(
                types.MessageType.Info, message, [types.MessageActionItem(target.title) for target in offered]
            )
        )
        for target in offered:
            if chosen is not None and chosen.title == target.title:
                await go_to(ls, target)
                return
    except Exception as error:
        logger.warning("the client shows no choice: %s", error)


async def go_to(ls: FathomServer, target: Target) -> None:
    """Have the editor open a place."""
    start = target.location.range.start
    try:
        await ls.window_show_document_async(
            types.ShowDocumentParams(target.location.uri, take_focus=True, selection=types.Range(start, start))
        )
    except Exception as error:
        logger.warning("the client does not open %s: %s", target.location.uri, error)
