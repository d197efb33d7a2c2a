"""The client's capabilities, resolved once, and the server's capabilities that pygls does not announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pygls.capabilities import get_capability

from fathom_server.protocol.lsp_ext import PROTOCOL_VERSION

if TYPE_CHECKING:
    from lsprotocol import types


@dataclass(frozen=True, slots=True)
class ClientCapabilities:
    """The optional parts of LSP that this server uses if the client supports them."""

    work_done_progress: bool = False
    """The server may create work-done progress."""
    watches_files: bool = False
    """The server may register for changes of watched files."""
    configuration: bool = False
    """The server may request settings (`workspace/configuration`)."""
    registers_configuration: bool = False
    """The server may register for changes of settings."""
    resolves_symbol_ranges: bool = False
    """Symbols may have no ranges; the client requests them (`workspaceSymbol/resolve`)."""
    newer_symbol_kinds: bool = False
    """Symbols may have kinds that the first version of LSP did not define."""
    code_action_literals: bool = False
    """Code actions may be literals with kinds; otherwise they are commands."""
    pulls_diagnostics: bool = False
    """The client requests diagnostics; otherwise the server publishes them."""
    refreshes_diagnostics: bool = False
    """The server may have the client request diagnostics again."""
    related_information: bool = False
    """Diagnostics may have related information."""
    refreshes_code_lenses: bool = False
    """The server may have the client request code lenses again."""
    shows_documents: bool = False
    """The server may have the client open a document."""
    markdown_hovers: bool = False
    """Hovers may be Markdown."""
    shows_status: bool = False
    """The client takes `fathom/status` notifications (`experimental.fathomStatus`)."""

    @classmethod
    def resolve(cls, capabilities: types.ClientCapabilities) -> ClientCapabilities:
        def has(name: str) -> bool:
            return bool(get_capability(capabilities, name))

        def lists(name: str, value: str) -> bool:
            return value in (get_capability(capabilities, name) or ())

        experimental = capabilities.experimental
        return cls(
            work_done_progress=has("window.work_done_progress"),
            watches_files=has("workspace.did_change_watched_files.dynamic_registration"),
            configuration=has("workspace.configuration"),
            registers_configuration=has("workspace.did_change_configuration.dynamic_registration"),
            resolves_symbol_ranges=lists("workspace.symbol.resolve_support.properties", "location.range"),
            newer_symbol_kinds=has("workspace.symbol.symbol_kind.value_set"),
            code_action_literals=has("text_document.code_action.code_action_literal_support"),
            pulls_diagnostics=get_capability(capabilities, "text_document.diagnostic") is not None,
            refreshes_diagnostics=has("workspace.diagnostics.refresh_support"),
            related_information=has("text_document.publish_diagnostics.related_information")
            or has("text_document.diagnostic.related_information"),
            refreshes_code_lenses=has("workspace.code_lens.refresh_support"),
            shows_documents=has("window.show_document.support"),
            markdown_hovers=lists("text_document.hover.content_format", "markdown"),
            shows_status=isinstance(experimental, dict) and experimental.get("fathomStatus") is True,
        )


def announce(server: types.ServerCapabilities, client: ClientCapabilities) -> None:
    """Add the capabilities that pygls does not announce."""
    server.experimental = {"fathom": {"version": PROTOCOL_VERSION}}
    if not client.code_action_literals:
        server.code_action_provider = True  # Kinds may be announced only to clients with code action literals.
