"""`textDocument/codeLens`: how many copies a function has, for those who want to know (the setting `codeLens`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.handlers.requests.commands import SHOW_COPIES

if TYPE_CHECKING:
    from fathom_server.server import FathomServer


async def code_lens(ls: FathomServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    """A lens above each function that has copies."""
    if not ls.settings.code_lens:
        return []
    uri = params.text_document.uri
    lenses: list[types.CodeLens] = []
    for copy in ls.copies_in(uri):
        start = types.Position(copy.member[1]["startLine"] - 1, 0)
        here = {"textDocument": {"uri": uri}, "position": {"line": start.line, "character": 0}}
        command = types.Command(f"{len(copy.others)} similar", SHOW_COPIES, arguments=[here])
        lenses.append(types.CodeLens(types.Range(start, start), command=command))
    return lenses
