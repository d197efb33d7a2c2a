"""Several servers on one workspace, with the real indexer: one process, and nothing lost when something dies."""

from __future__ import annotations

import asyncio
import contextlib
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

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with signals that Windows lacks"),
]

Connect = Callable[..., Awaitable[LanguageClient]]
Indexed = Callable[[LanguageClient], Awaitable[Any]]
Copy = Callable[[Path], Path]

BRIEFLY = {"linger": 0}

NEW = '''
def fold_paper_crane(side: float) -> list[str]:
    """Steps to make an origami bird out of a square sheet."""
    return [f"crease at {side / 2}", "tuck the wings", "bend the neck"]
'''


async def ask(client: LanguageClient, method: str, params: Any = None) -> Any:
    protocol: Any = client.protocol
    return await asyncio.wait_for(protocol.send_request_async(method, params), 60)


async def names(client: LanguageClient, query: str) -> list[str]:
    answer = await ask(client, "fathom/search", {"query": query, "limit": 3})
    return [hit["name"] for hit in answer["results"]]


async def roots(client: LanguageClient) -> list[Any]:
    answer: Any = await ask(client, "fathom/status")
    return list(answer["roots"])


def is_running(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def until(condition: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.05)

    await asyncio.wait_for(wait(), 60)


async def kill(client: LanguageClient) -> None:
    server: Any = client._server
    server.kill()
    await server.wait()


async def test_two_editors_share_one_indexer_and_what_it_knows(
    connect: Connect, indexed: Indexed, copy_workspace: Copy, tmp_path: Path
) -> None:
    folder = copy_workspace(tmp_path / "library")
    one, two = await asyncio.gather(connect(folder, options=BRIEFLY), connect(folder, options=BRIEFLY))
    [first] = (await indexed(one))["roots"]
    [second] = (await indexed(two))["roots"]
    assert first["pid"] == second["pid"]
    assert second["clients"] == 2
    assert await names(one, "money owed for a late book") == await names(two, "money owed for a late book")

    file = folder / "new.py"
    file.write_text(NEW, encoding="utf-8")
    one.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(file.as_uri())))
    await indexed(one)
    assert (await names(two, "make a bird from a sheet of paper"))[0] == "fold_paper_crane"

    await one.shutdown_session()
    assert (await names(two, "make a bird from a sheet of paper"))[0] == "fold_paper_crane"
    await two.shutdown_session()
    await until(lambda: not is_running(first["pid"]))


async def test_both_editors_recover_when_the_indexer_is_killed_under_load(
    connect: Connect, indexed: Indexed, copy_workspace: Copy, tmp_path: Path
) -> None:
    folder = copy_workspace(tmp_path / "library")
    clients = [await connect(folder, options=BRIEFLY) for _ in range(2)]
    [root] = (await indexed(clients[0]))["roots"]
    await indexed(clients[1])
    searches = [asyncio.create_task(names(client, f"question {number}")) for number in range(20) for client in clients]
    await asyncio.sleep(0.05)
    os.kill(root["pid"], signal.SIGKILL)
    outcomes = await asyncio.gather(*searches, return_exceptions=True)
    # Every request is answered: by the first indexer, by the one that comes after it, or with a clear error.
    for outcome in outcomes:
        assert isinstance(outcome, list) or (isinstance(outcome, JsonRpcException) and outcome.code == -32803), outcome
    assert any(isinstance(outcome, list) for outcome in outcomes)
    pids = set()
    for client in clients:
        [after] = (await indexed(client))["roots"]
        assert (after["state"], after["functions"]) == ("ready", root["functions"])
        assert await names(client, "money owed for a late book")
        assert "started again" in client.messages[0].message
        pids.add(after["pid"])
    assert len(pids) == 1
    assert root["pid"] not in pids


async def test_editors_that_are_killed_leave_no_orphan(
    connect: Connect, indexed: Indexed, copy_workspace: Copy, tmp_path: Path
) -> None:
    folder = copy_workspace(tmp_path / "library")
    one, two = await connect(folder, options=BRIEFLY), await connect(folder, options=BRIEFLY)
    [root] = (await indexed(one))["roots"]
    await indexed(two)
    await kill(one)
    assert await names(two, "money owed for a late book")
    [after] = await roots(two)
    assert (after["pid"], after["clients"]) == (root["pid"], 1)
    await kill(two)
    await until(lambda: not is_running(root["pid"]))


async def test_folders_come_and_go_with_their_indexers(
    connect: Connect, indexed: Indexed, copy_workspace: Copy, tmp_path: Path
) -> None:
    library, paper = copy_workspace(tmp_path / "library"), tmp_path / "paper"
    paper.mkdir()
    (paper / "crane.py").write_text(NEW, encoding="utf-8")
    client = await connect(library, options=BRIEFLY)

    def change(added: list[Path], removed: list[Path]) -> None:
        event = types.WorkspaceFoldersChangeEvent(
            added=[types.WorkspaceFolder(path.as_uri(), path.name) for path in added],
            removed=[types.WorkspaceFolder(path.as_uri(), path.name) for path in removed],
        )
        client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    change([paper], [])
    status = (await indexed(client))["roots"]
    assert [root["rootUri"] for root in status] == [library.as_uri(), paper.as_uri()]
    assert len({root["pid"] for root in status}) == len({root["indexPath"] for root in status}) == 2
    assert (await names(client, "make a bird from a sheet of paper"))[0] == "fold_paper_crane"

    change([], [paper])
    assert "fold_paper_crane" not in await names(client, "make a bird from a sheet of paper")
    await until(lambda: not is_running(status[1]["pid"]))
    assert is_running(status[0]["pid"])

    change([paper], [])
    await indexed(client)
    assert (await names(client, "make a bird from a sheet of paper"))[0] == "fold_paper_crane"
