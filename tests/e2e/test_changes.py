"""Files that change while the server runs, with the real indexer."""

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

NEW = '''
def fold_paper_crane(side: float) -> list[str]:
    """Steps to make an origami bird out of a square sheet."""
    return [f"crease at {side / 2}", "tuck the wings", "bend the neck"]
'''


async def names(client: LanguageClient, query: str) -> list[str]:
    protocol: Any = client.protocol
    answer = await asyncio.wait_for(protocol.send_request_async("fathom/search", {"query": query, "limit": 3}), 60)
    return [hit["name"] for hit in answer["results"]]


def save(client: LanguageClient, file: Path) -> None:
    client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(file.as_uri())))


async def test_a_saved_file_is_found_in_its_new_form(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    client = await connect(root)
    await indexed(client)
    assert "fold_paper_crane" not in await names(client, "make a bird from a sheet of paper")

    file = root / "lending" / "fines.py"
    file.write_text(NEW, encoding="utf-8")
    save(client, file)
    await indexed(client)
    assert (await names(client, "make a bird from a sheet of paper"))[0] == "fold_paper_crane"
    assert "overdue_charge" not in await names(client, "money owed for a book brought back late")

    created = root / "new.py"
    created.write_text(NEW.replace("fold_paper_crane", "crane_again"), encoding="utf-8")
    save(client, created)
    file.unlink()
    client.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams([types.FileEvent(file.as_uri(), types.FileChangeType.Deleted)])
    )
    await indexed(client)
    found = await names(client, "make a bird from a sheet of paper")
    assert found[0] == "crane_again"
    assert "fold_paper_crane" not in found


async def test_what_changed_while_no_server_ran_is_found_at_the_next_start(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    client = await connect(root)
    await indexed(client)
    await client.shutdown_session()
    (root / "new.py").write_text(NEW, encoding="utf-8")
    client = await connect(root)
    await indexed(client)
    assert (await names(client, "make a bird from a sheet of paper"))[0] == "fold_paper_crane"


async def test_two_folders_are_searched_together(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    library = copy_workspace(tmp_path / "library")
    paper = tmp_path / "paper"
    paper.mkdir()
    (paper / "crane.py").write_text(NEW, encoding="utf-8")
    client = await connect(library, paper)
    status = await indexed(client)
    assert [root["rootUri"] for root in status["roots"]] == [library.as_uri(), paper.as_uri()]
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams("fold a bird from paper"))
    assert symbols
    assert symbols[0].name == "fold_paper_crane"
    location = symbols[0].location
    assert isinstance(location, types.Location)
    assert location.uri == (paper / "crane.py").as_uri()
    assert "overdue_charge" in await names(client, "money owed for a book brought back late")


async def test_a_folder_that_is_missing_is_told_and_found_once_it_is_there(
    connect: Connect, indexed: Indexed, tmp_path: Path
) -> None:
    root = tmp_path / "later"
    client = await connect(root)
    protocol: Any = client.protocol
    status = await asyncio.wait_for(protocol.send_request_async("fathom/status", {}), 60)
    assert "later" in status["roots"][0]["error"]
    root.mkdir()
    (root / "crane.py").write_text(NEW, encoding="utf-8")
    await indexed(client)
    assert (await names(client, "make a bird"))[0] == "fold_paper_crane"
