"""Functions that have copies, as LSP diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_server.protocol.convert import line_range, location_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fathom_server.duplicates.cache import Duplicate
    from fathom_server.server import FathomServer

SOURCE = "fathom"

_SEVERITIES = {
    "hint": types.DiagnosticSeverity.Hint,
    "information": types.DiagnosticSeverity.Information,
    "warning": types.DiagnosticSeverity.Warning,
    "error": types.DiagnosticSeverity.Error,
}

_NAMES = {"exact": "Copy", "renamed": "Renamed copy", "near": "Near-duplicate"}

_MAX_RELATED = 10


def diagnostics_of(ls: FathomServer, uri: str, duplicates: Iterable[Duplicate]) -> list[types.Diagnostic]:
    """A diagnostic on the first line of each function that has copies; none if the setting `diagnostics` is `off`."""
    severity = _SEVERITIES.get(ls.settings.diagnostics)
    return [] if severity is None else [_diagnostic(ls, uri, duplicate, severity) for duplicate in duplicates]


def _diagnostic(
    ls: FathomServer, uri: str, duplicate: Duplicate, severity: types.DiagnosticSeverity
) -> types.Diagnostic:
    related = [
        types.DiagnosticRelatedInformation(location_of(folder, function), title_of(function))
        for folder, function in duplicate.others[:_MAX_RELATED]
    ]
    return types.Diagnostic(
        range=line_range(ls.lines_of(uri), duplicate.member[1].start_line - 1, ls.workspace.position_codec),
        message=describe(duplicate),
        severity=severity,
        code=duplicate.kind,
        source=SOURCE,
        related_information=related if ls.capabilities.related_information else None,
    )


def describe(duplicate: Duplicate) -> str:
    """One sentence about a function that has copies."""
    (_, first), *others = duplicate.others
    more = f" and {len(others)} more" if others else ""
    alike = f", {duplicate.similarity:.0%} alike" if duplicate.kind == "near" else ""
    return f"{_NAMES[duplicate.kind]} of {title_of(first)}{more}{alike}"
