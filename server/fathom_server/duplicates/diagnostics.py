"""Functions that are copies of others, as diagnostics: made here, asked for or published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.handlers.navigation import title_of
from fathom_server.protocol.convert import line_range, location_of

if TYPE_CHECKING:
    from fathom_server.duplicates.cache import Copy
    from fathom_server.server import FathomServer

SOURCE = "fathom"

_SEVERITIES = {
    "hint": types.DiagnosticSeverity.Hint,
    "information": types.DiagnosticSeverity.Information,
    "warning": types.DiagnosticSeverity.Warning,
    "error": types.DiagnosticSeverity.Error,
}

_NAMES = {"exact": "Copy", "renamed": "Renamed copy", "near": "Near-duplicate"}

_MOST_RELATED = 10


def publish(ls: FathomServer, uri: str) -> None:
    """Tell a client that does not ask."""
    if not ls.capabilities.pulls_diagnostics:
        ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics_of(ls, uri)))


def diagnostics_of(ls: FathomServer, uri: str) -> list[types.Diagnostic]:
    """A diagnostic on the first line of each function that has copies; none unless they are wanted."""
    severity = _SEVERITIES.get(ls.settings.diagnostics)
    return [] if severity is None else [_diagnostic(ls, uri, copy, severity) for copy in ls.copies_in(uri)]


def _diagnostic(ls: FathomServer, uri: str, copy: Copy, severity: types.DiagnosticSeverity) -> types.Diagnostic:
    related = [
        types.DiagnosticRelatedInformation(location_of(folder, clone), title_of(clone))
        for folder, clone in copy.others[:_MOST_RELATED]
    ]
    return types.Diagnostic(
        range=line_range(ls.lines_of(uri), copy.member[1]["startLine"] - 1, ls.workspace.position_codec),
        message=describe(copy),
        severity=severity,
        code=copy.kind,
        source=SOURCE,
        related_information=related if ls.capabilities.related_information else None,
    )


def describe(copy: Copy) -> str:
    """A copy in a sentence."""
    (_, first), *others = copy.others
    more = f" and {len(others)} more" if others else ""
    alike = f", {copy.similarity:.0%} alike" if copy.kind == "near" else ""
    return f"{_NAMES[copy.kind]} of {title_of(first)}{more}{alike}"
