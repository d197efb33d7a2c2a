"""`workspace/symbol`: semantic search for clients without a plugin."""

from __future__ import annotations

import asyncio
import codecs
import logging
from typing import TYPE_CHECKING

from lsprotocol import converters, types

from fathom_indexer.types import Filters
from fathom_server.handlers.requests.errors import answering
from fathom_server.protocol.convert import name_range, symbol_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom_indexer.types import Hit
    from fathom_server.protocol.convert import Folder
    from fathom_server.server import FathomServer
    from fathom_server.session.partial_results import MergedResults

logger = logging.getLogger(__name__)

_CONVERTER = converters.get_converter()


async def workspace_symbol(ls: FathomServer, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    """Functions that answer the query. An empty query, which clients send to list all symbols, returns none.

    A client cannot remove partial results. If it requests them, it gets the preliminary results, and then those that
    only the final results have.
    """
    if not params.query.strip():
        return []
    token = params.partial_result_token
    sent: set[tuple[str, int]] = set()

    def symbols(found: MergedResults) -> list[types.WorkspaceSymbol]:
        new = [(folder, hit) for folder, hit in found.hits if _key(folder, hit) not in sent]
        sent.update(_key(folder, hit) for folder, hit in new)
        return [symbol_of(folder, hit.function, ls.capabilities) for folder, hit in new]

    def send(found: MergedResults) -> None:
        if token is not None and (news := symbols(found)):
            ls.progress(types.ProgressParams(token, [_CONVERTER.unstructure(symbol) for symbol in news]))

    with answering():
        found = await ls.session.search(
            params.query, ls.settings.limit, Filters(), on_partial=None if token is None else send
        )
    if found.message or (found.indexing and not found.hits):
        # The answer has no field for a message.
        ls.show_once(f"Fathom: {found.message or 'still indexing, nothing found yet. Try again soon'}.")
    if token is None:
        return symbols(found)
    send(found)
    return []


async def resolve(ls: FathomServer, symbol: types.WorkspaceSymbol) -> types.WorkspaceSymbol:
    """The symbol with the range of its name in the document as it is now."""
    await ls.session.settled()
    uri, data = symbol.location.uri, symbol.data
    place = ls.session.place_of(uri)
    if not isinstance(data, dict) or place is None:
        return symbol
    start, end = data.get("startLine"), data.get("endLine")
    if not isinstance(start, int) or not isinstance(end, int) or not 1 <= start <= end:
        return symbol
    lines = ls.lines_of(uri) or await asyncio.to_thread(_read_lines, *place, ls.settings.max_file_bytes)
    name = name_range(lines, start, end, symbol.name, ls.workspace.position_codec)
    return types.WorkspaceSymbol(
        types.Location(uri, name), symbol.name, symbol.kind, container_name=symbol.container_name
    )


def _read_lines(folder: Folder, relative: str, max_bytes: int) -> Sequence[str]:
    """A file's lines; empty if it is unreadable, larger than `max_bytes`, or a link to a file outside the folder."""
    path = (folder.path / relative).resolve()
    try:
        if not path.is_relative_to(folder.real_path) or path.stat().st_size > max_bytes:
            return ()
        with path.open("rb") as stream:
            is_utf16 = stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        # Unlike `str.splitlines`, a text stream splits lines as editors do.
        with path.open(encoding="utf-16" if is_utf16 else "utf-8-sig", errors="replace") as text:
            return text.readlines()
    except OSError as error:
        logger.info("%s cannot be read: %s", path, error)
        return ()


def _key(folder: Folder, hit: Hit) -> tuple[str, int]:
    return folder.uri_of(hit.path), hit.function.start_line
