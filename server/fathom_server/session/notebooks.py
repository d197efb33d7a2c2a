"""Cells of open notebooks, each searched like a file of its language.

A cell has a path below the notebook's path, where no file can exist: `nb/churn.ipynb/churn-3.py`. Patterns that match
the notebook therefore match its cells, and the extension determines the language. The file name contains the
notebook's name, because the encoder reads file names.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lsprotocol import types

from fathom_indexer.types import UNTITLED
from fathom_server.languages import ENDINGS
from fathom_server.protocol.convert import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable

WANTED_CELLS = types.NotebookDocumentSyncOptions(
    [
        types.NotebookDocumentFilterWithCells(
            notebook="*", cells=[types.NotebookCellLanguage(language) for language in ENDINGS]
        )
    ]
)
"""The cells that the server asks clients with notebooks to synchronize."""


class Notebooks:
    """The paths of open cells."""

    def __init__(self) -> None:
        self._cells: dict[str, Path | str] = {}
        self._numbers: dict[str, int] = {}
        """The last number used in each notebook. A cell that is moved keeps its number, and with it its vectors."""

    def open(self, notebook: str, cells: Iterable[types.TextDocumentItem]) -> None:
        """Cells of a notebook were opened."""
        home = notebook if notebook.startswith(UNTITLED) else path_of(notebook)
        if home is None:
            return
        stem = PurePosixPath(notebook.removeprefix(UNTITLED)).stem if isinstance(home, str) else home.stem
        for cell in cells:
            if (ending := ENDINGS.get(cell.language_id)) is not None:
                number = self._numbers[notebook] = self._numbers.get(notebook, 0) + 1
                name = f"{stem}-{number}{ending}"
                self._cells[cell.uri] = f"{home}/{name}" if isinstance(home, str) else home / name

    def close_cell(self, uri: str) -> None:
        """A cell was closed or removed."""
        self._cells.pop(uri, None)

    def close(self, notebook: str) -> None:
        """A notebook was closed, after its cells."""
        self._numbers.pop(notebook, None)

    def path_of(self, uri: str) -> Path | str | None:
        """A cell's path; a string in a notebook that was never saved; None if the URI is not an open cell."""
        return self._cells.get(uri)
