"""Notebooks, with the real indexer: cells are searched as the editor has them, and results point into them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient

pytestmark = pytest.mark.asyncio

Connect = Callable[..., Awaitable[LanguageClient]]
Indexed = Callable[[LanguageClient], Awaitable[Any]]

ABLE = types.ClientCapabilities(
    notebook_document=types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities())
)
CRANE = '''def fold_paper_crane(side: float) -> list[str]:
    """Steps to make an origami bird out of a square sheet."""
    return [f"crease at {side / 2}", "tuck the wings", "bend the neck"]
'''
BIRD = "make a bird from a sheet of paper"
TEA = '''def steep(leaves: str, minutes: int) -> str:
    """How to brew a pot of tea."""
    return f"pour hot water over {leaves}, wait {minutes} minutes"
'''
BREW = "how a pot of tea is brewed"


class Notebook:
    """A notebook in one client, its cells named as VS Code names them."""

    def __init__(self, client: LanguageClient, uri: str) -> None:
        self.client = client
        self.uri = uri
        self.version = 1

    def cell(self, name: str) -> str:
        return self.uri.replace("file:", "vscode-notebook-cell:") + f"#{name}sZmlsZQ%3D%3D"

    def item(self, name: str, text: str, language: str) -> types.TextDocumentItem:
        return types.TextDocumentItem(self.cell(name), language, 1, text)

    def open(self, **cells: str) -> None:
        code = types.NotebookCellKind.Code
        document = types.NotebookDocument(
            self.uri, "jupyter-notebook", 1, [types.NotebookCell(code, self.cell(name)) for name in cells]
        )
        texts = [self.item(name, text, "python") for name, text in cells.items()]
        self.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(document, texts))

    def change(self, **cells: Any) -> None:
        self.version += 1
        change = types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(**cells))
        document = types.VersionedNotebookDocumentIdentifier(self.version, self.uri)
        self.client.notebook_document_did_change(types.DidChangeNotebookDocumentParams(document, change))

    def insert(self, at: int, name: str, text: str, language: str = "python") -> None:
        cell = types.NotebookCell(types.NotebookCellKind.Code, self.cell(name))
        array = types.NotebookCellArrayChange(at, 0, [cell])
        opened = [self.item(name, text, language)]
        self.change(structure=types.NotebookDocumentCellChangeStructure(array, opened))

    def remove(self, at: int, name: str) -> None:
        gone = [types.TextDocumentIdentifier(self.cell(name))]
        array = types.NotebookCellArrayChange(at, 1)
        self.change(structure=types.NotebookDocumentCellChangeStructure(array, did_close=gone))

    def type(self, name: str, line: int, text: str) -> None:
        here = types.Position(line, 0)
        edit = types.TextDocumentContentChangePartial(range=types.Range(here, here), text=text)
        document = types.VersionedTextDocumentIdentifier(self.version, self.cell(name))
        self.change(text_content=[types.NotebookDocumentCellContentChanges(document, [edit])])

    def close(self, *names: str) -> None:
        cells = [types.TextDocumentIdentifier(self.cell(name)) for name in names]
        document = types.NotebookDocumentIdentifier(self.uri)
        self.client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(document, cells))


async def ask(client: LanguageClient, method: str, params: Any) -> Any:
    protocol: Any = client.protocol
    return await asyncio.wait_for(protocol.send_request_async(method, params), 60)


async def hits(client: LanguageClient, query: str, **filters: Any) -> list[Any]:
    answer = await ask(client, "fathom/search", {"query": query, "limit": 5, "filters": filters})
    return list(answer["results"])


async def names(client: LanguageClient, query: str, **filters: Any) -> list[str]:
    return [hit["name"] for hit in await hits(client, query, **filters)]


@pytest.fixture
def root(copy_workspace: Callable[[Path], Path], tmp_path: Path) -> Path:
    return copy_workspace(tmp_path / "my library")


async def test_cells_are_searched_as_they_are_until_the_notebook_is_closed(
    connect: Connect, indexed: Indexed, root: Path
) -> None:
    client = await connect(root, capabilities=ABLE)
    await indexed(client)
    notebook = Notebook(client, (root / "notes" / "paper birds.ipynb").as_uri())
    notebook.open(W0="import math\n", W1=CRANE)
    best = (await hits(client, BIRD))[0]
    assert (best["name"], best["startLine"]) == ("fold_paper_crane", 1)
    assert best["path"] == "notes/paper birds.ipynb/paper birds-2.py"
    assert best["location"]["uri"] == notebook.cell("W1")
    assert best["location"]["range"]["start"] == {"line": 0, "character": 0}

    notebook.type("W1", 0, "import math\n\n")
    assert (await hits(client, BIRD))[0]["location"]["range"]["start"]["line"] == 2
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams(BIRD))
    assert symbols
    assert symbols[0].location.uri == notebook.cell("W1")
    place = {"textDocument": {"uri": notebook.cell("W1")}, "position": {"line": 3, "character": 0}}
    found = (await ask(client, "fathom/similar", place))["results"]
    assert found
    assert "fold_paper_crane" not in [hit["name"] for hit in found]

    # A cell in front of the others moves none of them, and one in a language that is not read is passed over.
    notebook.insert(0, "W2", TEA)
    notebook.insert(0, "W3", "select tea from pots", "sql")
    assert (await hits(client, BREW))[0]["location"]["uri"] == notebook.cell("W2")
    assert (await hits(client, BIRD))[0]["location"]["uri"] == notebook.cell("W1")
    assert "fold_paper_crane" in await names(client, BIRD, paths=["notes/"])
    assert "fold_paper_crane" not in await names(client, BIRD, paths=["!*.ipynb"])

    notebook.remove(3, "W1")
    assert "fold_paper_crane" not in await names(client, BIRD)
    assert (await names(client, BREW))[0] == "steep"
    notebook.close("W0", "W2", "W3")
    assert "steep" not in await names(client, BREW)


async def test_cells_of_what_is_left_out_or_elsewhere_are_not_found(
    connect: Connect, indexed: Indexed, root: Path, tmp_path: Path
) -> None:
    (root / ".gitignore").write_text("private.ipynb\n", encoding="utf-8")
    client = await connect(root, capabilities=ABLE)
    await indexed(client)
    for uri in ((root / "private.ipynb").as_uri(), (tmp_path / "else.ipynb").as_uri(), "git:/library/old.ipynb"):
        Notebook(client, uri).open(W0=CRANE)
        assert "fold_paper_crane" not in await names(client, BIRD)


async def test_a_notebook_that_was_never_saved(connect: Connect, indexed: Indexed, root: Path) -> None:
    client = await connect(root, capabilities=ABLE)
    await indexed(client)
    notebook = Notebook(client, "untitled:Untitled-1.ipynb")
    notebook.open(W0=CRANE)
    best = (await hits(client, BIRD))[0]
    assert (best["name"], best["location"]["uri"]) == ("fold_paper_crane", notebook.cell("W0"))
    notebook.close("W0")
    assert "fold_paper_crane" not in await names(client, BIRD)


async def test_a_notebook_without_a_folder_is_searched_with_the_files_beside_it(
    connect: Connect, indexed: Indexed, tmp_path: Path
) -> None:
    folder = tmp_path / "loose"
    folder.mkdir()
    (folder / "tea.py").write_text(TEA, encoding="utf-8")
    client = await connect(capabilities=ABLE)
    notebook = Notebook(client, (folder / "birds.ipynb").as_uri())
    notebook.open(W0=CRANE)
    await indexed(client)
    assert (await hits(client, BIRD))[0]["location"]["uri"] == notebook.cell("W0")
    assert (await names(client, BREW))[0] == "steep"


async def test_only_clients_that_have_notebooks_are_asked_for_them(connect: Connect, root: Path) -> None:
    for capabilities in (ABLE, types.ClientCapabilities()):
        client = await connect(initialize=False)
        result = await client.initialize_session(types.InitializeParams(capabilities=capabilities))
        assert (result.capabilities.notebook_document_sync is not None) == (capabilities is ABLE)
