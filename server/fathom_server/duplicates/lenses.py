"""Functions that have copies, as LSP code lenses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.command_names import SHOW_COPIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fathom_server.duplicates.cache import Duplicate


def lenses_of(uri: str, duplicates: Iterable[Duplicate]) -> list[types.CodeLens]:
    """A lens above each function that has copies, with their number; its command shows them."""
    lenses: list[types.CodeLens] = []
    for duplicate in duplicates:
        start = types.Position(duplicate.member[1].start_line - 1, 0)
        here = {"textDocument": {"uri": uri}, "position": {"line": start.line, "character": 0}}
        command = types.Command(f"{len(duplicate.others)} similar", SHOW_COPIES, arguments=[here])
        lenses.append(types.CodeLens(types.Range(start, start), command=command))
    return lenses
