"""Paths of the cells of notebooks."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from fathom_indexer.languages import language_of_path
from fathom_indexer.languages.registry import ALL_LANGUAGES
from fathom_server.languages import ENDINGS, NAMES
from fathom_server.session.notebooks import Notebooks


def item(uri: str, language: str = "python") -> types.TextDocumentItem:
    return types.TextDocumentItem(uri, language, 1, "")


def test_an_ending_says_the_language_of_a_cell() -> None:
    for name, ending in ENDINGS.items():
        language = language_of_path(f"a{ending}")
        assert language is not None
        assert language.name == NAMES[name]
    assert set(NAMES.values()) == {language.name for language in ALL_LANGUAGES}


def test_a_cell_keeps_its_path_while_others_come_and_go(tmp_path: Path) -> None:
    notebooks = Notebooks()
    notebook = tmp_path / "churn.ipynb"
    notebooks.open(notebook.as_uri(), [item("cell:a"), item("cell:b", "markdown"), item("cell:c", "julia")])
    assert notebooks.path_of("cell:a") == notebook / "churn-1.py"
    assert notebooks.path_of("cell:b") is None
    assert notebooks.path_of("cell:c") == notebook / "churn-2.jl"
    notebooks.close_cell("cell:a")
    notebooks.open(notebook.as_uri(), [item("cell:d")])
    assert notebooks.path_of("cell:a") is None
    assert notebooks.path_of("cell:c") == notebook / "churn-2.jl"
    assert notebooks.path_of("cell:d") == notebook / "churn-3.py"


def test_a_notebook_that_is_opened_again_has_the_same_paths(tmp_path: Path) -> None:
    notebooks = Notebooks()
    uri = (tmp_path / "churn.ipynb").as_uri()
    for _ in range(2):
        notebooks.open(uri, [item("cell:a")])
        assert notebooks.path_of("cell:a") == tmp_path / "churn.ipynb" / "churn-1.py"
        notebooks.close_cell("cell:a")
        notebooks.close(uri)


def test_notebooks_without_a_file() -> None:
    notebooks = Notebooks()
    notebooks.open("untitled:Untitled-1.ipynb", [item("cell:a")])
    notebooks.open("git:/old.ipynb", [item("cell:b")])
    assert notebooks.path_of("cell:a") == "untitled:Untitled-1.ipynb/Untitled-1-1.py"
    assert notebooks.path_of("cell:b") is None
