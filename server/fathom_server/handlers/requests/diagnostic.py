"""`textDocument/diagnostic`: copies, for clients that ask. Others are told through `diagnostics.publish`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.duplicates.diagnostics import diagnostics_of

if TYPE_CHECKING:
    from fathom_server.server import FathomServer


async def diagnostic(
    ls: FathomServer, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    """What is to be said about a document."""
    items = diagnostics_of(ls, params.text_document.uri)
    result_id = hashlib.sha256(repr(items).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if params.previous_result_id == result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id)
    return types.RelatedFullDocumentDiagnosticReport(items, result_id=result_id)
