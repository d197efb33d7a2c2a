"""`textDocument/hover` on the first line of a function that has copies, with the setting `diagnostics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.duplicates.hovers import hover_content
from fathom_server.protocol.convert import line_range

if TYPE_CHECKING:
    from fathom_server.duplicates.feature import DuplicateFeature
    from fathom_server.server import FathomServer


async def hover(ls: FathomServer, duplicates: DuplicateFeature, params: types.HoverParams) -> types.Hover | None:
    """The copies of the function that begins on the line."""
    if ls.settings.diagnostics == "off":
        return None
    uri, line = params.text_document.uri, params.position.line
    for duplicate in duplicates.in_document(uri):
        if duplicate.member[1].start_line == line + 1:
            content = hover_content(duplicate, ls.capabilities.markdown_hovers)
            return types.Hover(content, line_range(ls.lines_of(uri), line, ls.workspace.position_codec))
    return None
