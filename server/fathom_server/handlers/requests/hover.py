"""`textDocument/hover` on the first line of a function that has copies, where diagnostics are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.duplicates.diagnostics import describe
from fathom_server.handlers.navigation import title_of
from fathom_server.protocol.convert import line_range, location_of

if TYPE_CHECKING:
    from fathom_server.duplicates.cache import Copy
    from fathom_server.server import FathomServer

_MOST_SHOWN = 10


async def hover(ls: FathomServer, params: types.HoverParams) -> types.Hover | None:
    """The copies, each with where it is."""
    if ls.settings.diagnostics == "off":
        return None
    uri, line = params.text_document.uri, params.position.line
    for copy in ls.copies_in(uri):
        if copy.member[1]["startLine"] == line + 1:
            markdown = ls.capabilities.markdown_hovers
            kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
            content = types.MarkupContent(kind, _text(copy, markdown))
            return types.Hover(content, line_range(ls.lines_of(uri), line, ls.workspace.position_codec))
    return None


def _text(copy: Copy, markdown: bool) -> str:
    lines = [describe(copy), ""]
    for folder, clone in copy.others[:_MOST_SHOWN]:
        location = location_of(folder, clone)
        title = title_of(clone)
        lines.append(f"- [{_escaped(title)}]({location.uri}#L{clone['startLine']})" if markdown else f"- {title}")
    return "\n".join([_escaped(lines[0]) if markdown else lines[0], *lines[1:]])


def _escaped(text: str) -> str:
    return "".join("\\" + character if character in "\\`*_{}[]<>#|!" else character for character in text)
