"""Takes the user to functions through messages and `window/showDocument`, for editors without a plugin."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.convert import location_of, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom_indexer.types import FunctionRef
    from fathom_server.protocol.convert import Folder
    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)

MAX_TARGETS = 5
"""The most functions that a message offers; longer messages are hard to read."""


@dataclass(frozen=True, slots=True)
class Target:
    """A location with the title that the user sees."""

    title: str
    location: types.Location


def target_of(folder: Folder, function: FunctionRef) -> Target:
    """The target that leads to a function."""
    return Target(title_of(function), location_of(folder, function))


async def offer(ls: FathomServer, message: str, targets: Sequence[Target]) -> None:
    """Let the user choose a target and go there. Clients that cannot show documents get the titles in a message."""
    offered = targets[:MAX_TARGETS]
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
        logger.warning("the client could not offer a choice: %s", error)


async def go_to(ls: FathomServer, target: Target) -> None:
    """Have the editor open a location."""
    start = target.location.range.start
    try:
        await ls.window_show_document_async(
            types.ShowDocumentParams(target.location.uri, take_focus=True, selection=types.Range(start, start))
        )
    except Exception as error:
        logger.warning("the client could not open %s: %s", target.location.uri, error)
