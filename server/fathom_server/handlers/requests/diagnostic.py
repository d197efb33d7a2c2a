"""`textDocument/diagnostic`: functions that have copies, for clients that request diagnostics."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.duplicates.diagnostics import diagnostics_of

if TYPE_CHECKING:
    from fathom_server.duplicates.feature import DuplicateFeature
    from fathom_server.server import FathomServer


async def diagnostic(
    ls: FathomServer, duplicates: DuplicateFeature, params: types.DocumentDiagnosticParams
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    """The diagnostics of a document, or that they are the ones that the client has."""
    uri = params.text_document.uri
    items = diagnostics_of(ls, uri, duplicates.in_document(uri))
    result_id = hashlib.sha256(repr(items).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if params.previous_result_id == result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id)
    return types.RelatedFullDocumentDiagnosticReport(items, result_id=result_id)
