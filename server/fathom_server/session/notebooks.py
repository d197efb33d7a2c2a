"""Cells of open notebooks, each searched as if it were a file of its language.

What stands for a cell is a path below the notebook's own, where no file can be: `nb/churn.ipynb/churn-3.py`. So rules
that leave out or filter the notebook hold for its cells, the ending says the language, and the name is the notebook's,
which search takes for a hint of what the code is about.
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
"""What a client that has notebooks is asked to tell of them; pygls asks no other."""


class Notebooks:
    """Which path stands for which cell, as long as the cell is open."""

    def __init__(self) -> None:
        self._cells: dict[str, Path | str] = {}
        self._numbers: dict[str, int] = {}
        """Numbers given in each notebook. A cell keeps its own, wherever it is moved: its vectors hang on its name."""

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
        """A cell was closed or taken out."""
        self._cells.pop(uri, None)

    def close(self, notebook: str) -> None:
        """A notebook was closed, after its cells."""
        self._numbers.pop(notebook, None)

    def path_of(self, uri: str) -> Path | str | None:
        """What stands for a cell, as text for one of a notebook that was never saved; None for what is no open cell."""
        return self._cells.get(uri)
