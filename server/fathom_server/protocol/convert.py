"""Conversion between Fathom's terms (folders, relative paths, 1-based lines) and LSP's (URIs, 0-based ranges)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from lsprotocol import types
from pygls.uris import to_fs_path

from fathom_indexer.types import UNTITLED, FunctionRef, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pygls.workspace import PositionCodec

    from fathom_server.protocol.capabilities import ClientCapabilities

_DECLARATION_LINES = 20
"""How many lines below a function's first line (decorators, comments) its name is searched for."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A workspace folder: its URI as the client writes it, and its path."""

    uri: str
    path: Path

    real_path: Path
    """The same with symbolic links resolved."""
    alone: bool = False
    """Not opened itself, but only a file in it: its subfolders are not searched."""
    cells: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    """URIs of notebook cells by the paths that stand for them (`session/notebooks.py`)."""

    @property
    def name(self) -> str:
        return self.path.name or str(self.path)

    def relative(self, path: Path) -> str | None:
        """A file's path relative to the folder, with forward slashes; None if the file is not in it."""
        path = Path(os.path.normpath(path))
        for folder in (self.path, self.real_path):
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return None

    def uri_of(self, relative: str) -> str:
        """The URI of a file of the folder. It extends the folder's own URI, so clients recognise it.

        A document that was never saved has its URI for a path.
        """
        if relative in self.cells or relative.startswith(UNTITLED):
            return self.cells.get(relative, relative)
        return self.uri.removesuffix("/") + "/" + quote(relative, errors="surrogateescape")


def path_of(uri: str) -> Path | None:
    """The path of a URI; None if it is not a file on this machine (`untitled:`, `git:`, ...)."""
    try:
        path = to_fs_path(uri)
    except ValueError:
        return None
    return Path(path) if path and "\0" not in path else None


def folder_of(uri: str) -> Folder | None:
    """The folder of a URI; None if it is not on this machine."""
    path = path_of(uri)
    return None if path is None else Folder(uri, Path(os.path.normpath(path)), path.resolve())


def location_of(folder: Folder, function: FunctionRef) -> types.Location:
    """A function's location: whole lines, from the start of the first line to the start of the line after the last."""
    return types.Location(
        uri=folder.uri_of(function.path),
        range=types.Range(types.Position(function.start_line - 1, 0), types.Position(function.end_line, 0)),
    )


def selection_of(function: FunctionRef) -> types.Range | None:
    """The range of a function's name, in UTF-16 code units; None if it has no name."""
    name = function.name_range
    if name is None:
        return None
    return types.Range(types.Position(name.line - 1, name.start), types.Position(name.line - 1, name.end))


def title_of(function: FunctionRef) -> str:
    """A function in a few words: its name, path and first line."""
    name = function.qualified_name or PurePosixPath(function.path).name
    return f"{name} ({function.path}:{function.start_line})"


def symbol_of(folder: Folder, function: FunctionRef, client: ClientCapabilities) -> types.WorkspaceSymbol:
    """A function as a symbol. Code outside functions has no name and gets the name of its file.

    For clients that resolve ranges, the symbol has no range; its data has the lines for `name_range`.
    """
    lazy = client.resolves_symbol_ranges
    name = function.name or PurePosixPath(function.path).name
    container = function.qualified_name.removesuffix(function.name).rstrip(".") or function.path
    location = location_of(folder, function)
    if selection := selection_of(function):
        location = types.Location(location.uri, selection)
    # The line of the name: decorators and comments above it may contain the name, too.
    first = function.start_line if function.name_range is None else function.name_range.line
    return types.WorkspaceSymbol(
        name=name,
        kind=symbol_kind(function.kind, client.newer_symbol_kinds),
        location=types.LocationUriOnly(location.uri) if lazy else location,
        container_name=container,
        data={"startLine": first, "endLine": function.end_line} if lazy else None,
    )


def line_range(lines: Sequence[str], line: int, codec: PositionCodec) -> types.Range:
    """The text of a 0-based line without surrounding space; the start of the line if its text is not known."""
    text = lines[line] if line < len(lines) else ""
    indent = codec.client_num_units(text[: len(text) - len(text.lstrip())])
    end = max(indent, codec.client_num_units(text.rstrip()))
    return types.Range(types.Position(line, indent), types.Position(line, end))


def name_range(lines: Sequence[str], first: int, last: int, name: str, codec: PositionCodec) -> types.Range:
    """The range of a function's name in its lines (1-based, inclusive); its first line if the name is not found."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for number in range(first - 1, min(last, len(lines), first + _DECLARATION_LINES)):
        if name and (found := word.search(lines[number])):
            start, end = (codec.client_num_units(lines[number][:column]) for column in found.span())
            return types.Range(types.Position(number, start), types.Position(number, end))
    return line_range(lines, first - 1, codec)


def symbol_kind(kind: str, newer: bool = True) -> types.SymbolKind:
    """The nearest kind of LSP symbol; one of LSP's first version unless the client supports `newer` kinds."""
    nearest = _SYMBOL_KINDS[Kind(kind)]
    return nearest if newer or nearest.value <= types.SymbolKind.Array.value else types.SymbolKind.Class


_SYMBOL_KINDS: dict[Kind, types.SymbolKind] = {
    Kind.FUNCTION: types.SymbolKind.Function,
    Kind.METHOD: types.SymbolKind.Method,
    Kind.CONSTRUCTOR: types.SymbolKind.Constructor,
    Kind.CLOSURE: types.SymbolKind.Function,
    Kind.MACRO: types.SymbolKind.Function,
    Kind.CLASS: types.SymbolKind.Class,
    Kind.INTERFACE: types.SymbolKind.Interface,
    Kind.STRUCT: types.SymbolKind.Struct,
    Kind.ENUM: types.SymbolKind.Enum,
    Kind.TRAIT: types.SymbolKind.Interface,
    Kind.OBJECT: types.SymbolKind.Object,
    Kind.NAMESPACE: types.SymbolKind.Namespace,
    Kind.TYPE: types.SymbolKind.Class,
    Kind.MODULE: types.SymbolKind.Module,
}
