"""The copies of a function, as the content of an LSP hover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.duplicates.diagnostics import describe
from fathom_server.protocol.convert import location_of, title_of

if TYPE_CHECKING:
    from fathom_server.duplicates.cache import Duplicate

_MAX_SHOWN = 10


def hover_content(duplicate: Duplicate, markdown: bool) -> types.MarkupContent:
    """A list of the copies; in Markdown each is a link."""
    lines = [describe(duplicate), ""]
    for folder, function in duplicate.others[:_MAX_SHOWN]:
        location = location_of(folder, function)
        title = title_of(function)
        lines.append(f"- [{_escaped(title)}]({location.uri}#L{function.start_line})" if markdown else f"- {title}")
    text = "\n".join([_escaped(lines[0]) if markdown else lines[0], *lines[1:]])
    return types.MarkupContent(types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText, text)


def _escaped(text: str) -> str:
    return "".join("\\" + character if character in "\\`*_{}[]<>#|!" else character for character in text)
