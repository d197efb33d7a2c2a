"""Open documents that were not saved, with the real indexer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

from fathom_server.protocol.rpc import REQUEST_FAILED

pytestmark = pytest.mark.asyncio

Connect = Callable[..., Awaitable[LanguageClient]]
Indexed = Callable[[LanguageClient], Awaitable[Any]]

CRANE = '''def fold_paper_crane(side: float) -> list[str]:
    """Steps to make an origami bird out of a square sheet."""
    return [f"crease at {side / 2}", "tuck the wings", "bend the neck"]
'''
BIRD = "make a bird from a sheet of paper"


class Editor:
    """One document in one client."""

    def __init__(self, client: LanguageClient, uri: str) -> None:
        self.client = client
        self.uri = uri
        self.version = 1

    def open(self, text: str, language: str = "python") -> None:
        item = types.TextDocumentItem(self.uri, language, self.version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def insert(self, line: int, text: str) -> None:
        """Put text at the start of a zero-based line."""
        self.version += 1
        here = types.Position(line, 0)
        change = types.TextDocumentContentChangePartial(range=types.Range(here, here), text=text)
        document = types.VersionedTextDocumentIdentifier(version=self.version, uri=self.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def close(self) -> None:
        document = types.TextDocumentIdentifier(self.uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))


async def hits(client: LanguageClient, query: str = BIRD) -> list[Any]:
    protocol: Any = client.protocol
    answer = await asyncio.wait_for(protocol.send_request_async("fathom/search", {"query": query, "limit": 5}), 60)
    return list(answer["results"])


async def names(client: LanguageClient, query: str = BIRD) -> list[str]:
    return [hit["name"] for hit in await hits(client, query)]


async def similar(client: LanguageClient, uri: str, line: int) -> list[Any]:
    protocol: Any = client.protocol
    params = {"textDocument": {"uri": uri}, "position": {"line": line, "character": 0}}
    return list((await asyncio.wait_for(protocol.send_request_async("fathom/similar", params), 60))["results"])


@pytest.fixture
def root(copy_workspace: Callable[[Path], Path], tmp_path: Path) -> Path:
    return copy_workspace(tmp_path / "library")


async def test_a_search_sees_what_was_typed_until_the_document_is_closed(
    connect: Connect, indexed: Indexed, root: Path
) -> None:
    client = await connect(root)
    await indexed(client)
    file = root / "lending" / "fines.py"
    text = file.read_text()
    (charge,) = [hit for hit in await hits(client, "overdue_charge") if hit["name"] == "overdue_charge"]
    editor = Editor(client, file.as_uri())
    editor.open(text)
    editor.insert(0, CRANE + "\n\n")
    best = (await hits(client))[0]
    assert best["name"] == "fold_paper_crane"
    assert best["location"]["uri"] == file.as_uri()
    assert best["location"]["range"]["start"]["line"] == 0
    # What stands below has moved down, and a second edit moves everything.
    (moved,) = [hit for hit in await hits(client, "overdue_charge") if hit["name"] == "overdue_charge"]
    shift = moved["location"]["range"]["start"]["line"] - charge["location"]["range"]["start"]["line"]
    assert shift == 5
    editor.insert(0, "import math\n")
    assert (await hits(client))[0]["location"]["range"]["start"]["line"] == 1
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams(BIRD))
    assert symbols
    assert symbols[0].name == "fold_paper_crane"
    found = await similar(client, file.as_uri(), 2)
    assert found
    assert "fold_paper_crane" not in [hit["name"] for hit in found]

    editor.close()
    assert "fold_paper_crane" not in await names(client)
    assert file.read_text() == text


async def test_saving_keeps_what_is_found(connect: Connect, indexed: Indexed, root: Path) -> None:
    client = await connect(root)
    await indexed(client)
    file = root / "lending" / "fines.py"
    editor = Editor(client, file.as_uri())
    editor.open(file.read_text())
    editor.insert(0, CRANE + "\n\n")
    assert (await names(client)).count("fold_paper_crane") == 1
    file.write_text(CRANE + "\n\n" + file.read_text())
    client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(editor.uri)))
    assert (await names(client)).count("fold_paper_crane") == 1
    await indexed(client)
    assert (await names(client)).count("fold_paper_crane") == 1
    editor.close()
    assert (await names(client)).count("fold_paper_crane") == 1


async def test_other_editors_do_not_see_it_and_a_dead_one_takes_it_along(
    connect: Connect, indexed: Indexed, root: Path
) -> None:
    one, other = await connect(root), await connect(root)
    await indexed(other)
    editor = Editor(one, (root / "new.py").as_uri())
    editor.open(CRANE)
    assert (await names(one))[0] == "fold_paper_crane"
    assert "fold_paper_crane" not in await names(other)
    process: Any = one
    process._server.kill()
    await process._server.wait()
    assert "fold_paper_crane" not in await names(other)


async def test_a_new_indexer_hears_of_open_documents(connect: Connect, indexed: Indexed, root: Path) -> None:
    client = await connect(root)
    status = await indexed(client)
    editor = Editor(client, (root / "new.py").as_uri())
    editor.open(CRANE)
    assert (await names(client))[0] == "fold_paper_crane"
    os.kill(status["roots"][0]["pid"], signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    async def again() -> list[str]:
        while True:
            try:
                return await names(client)
            except JsonRpcException as error:
                assert error.code == REQUEST_FAILED
                await asyncio.sleep(0.2)

    assert (await asyncio.wait_for(again(), 120))[0] == "fold_paper_crane"


async def test_untitled_documents_are_searched_and_searched_from(
    connect: Connect, indexed: Indexed, root: Path
) -> None:
    client = await connect(root)
    await indexed(client)
    editor = Editor(client, "untitled:Untitled-1")
    editor.open(CRANE)
    assert (await hits(client))[0]["location"]["uri"] == "untitled:Untitled-1"
    assert await similar(client, editor.uri, 1)
    editor.close()
    assert "fold_paper_crane" not in await names(client)


async def test_documents_belong_to_the_folder_that_holds_them(
    connect: Connect, indexed: Indexed, root: Path, tmp_path: Path
) -> None:
    paper = tmp_path / "paper"
    paper.mkdir()
    client = await connect(root)
    await indexed(client)
    editor = Editor(client, (paper / "crane.py").as_uri())
    editor.open(CRANE)
    assert "fold_paper_crane" not in await names(client)
    folder = types.WorkspaceFolder(paper.as_uri(), "paper")
    event = types.WorkspaceFoldersChangeEvent([folder], [])
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    assert (await hits(client))[0]["location"]["uri"] == editor.uri
