"""`textDocument/codeLens`: the number of copies above each function that has some, with the setting `codeLens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom_server.duplicates.lenses import lenses_of

if TYPE_CHECKING:
    from lsprotocol import types

    from fathom_server.duplicates.feature import DuplicateFeature
    from fathom_server.server import FathomServer


async def code_lens(
    ls: FathomServer, duplicates: DuplicateFeature, params: types.CodeLensParams
) -> list[types.CodeLens]:
    """A lens above each function that has copies."""
    uri = params.text_document.uri
    return lenses_of(uri, duplicates.in_document(uri)) if ls.settings.code_lens else []
