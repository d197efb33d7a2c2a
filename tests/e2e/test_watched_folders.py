"""Files that change outside the editor, with clients that do and do not watch them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient

from fathom_indexer.config import Config
from fathom_indexer.process.system_watch import EVERYTHING
from fathom_indexer.process.watching import Watcher

pytestmark = pytest.mark.asyncio

Connect = Callable[..., Awaitable[LanguageClient]]
Indexed = Callable[[LanguageClient], Awaitable[Any]]

CRANE = '''def fold_paper_crane(side: float) -> list[str]:
    """Steps to make an origami bird out of a square sheet."""
    return [f"crease at {side / 2}", "tuck the wings", "bend the neck"]
'''
PATIENCE = 120

WATCHES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
    )
)


async def search(client: LanguageClient) -> list[tuple[str, str]]:
    """Which functions there are about paper birds, with the names of their files."""
    protocol: Any = client.protocol
    params = {"query": "make a bird from a sheet of paper", "limit": 3}
    answer = await asyncio.wait_for(protocol.send_request_async("fathom/search", params), 60)
    return [
        (hit["name"], hit["location"]["uri"].rpartition("/")[2]) for hit in answer["results"] if "fold" in hit["name"]
    ]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async def poll() -> None:
        while not await condition():
            await asyncio.sleep(0.05)

    await asyncio.wait_for(poll(), PATIENCE)


async def found(client: LanguageClient, *expected: tuple[str, str]) -> None:
    """Wait until just these are found."""

    async def as_expected() -> bool:
        return await search(client) == list(expected)

    await until(as_expected)


async def functions(client: LanguageClient) -> int:
    protocol: Any = client.protocol
    status = await protocol.send_request_async("fathom/status", {})
    return int(status["roots"][0].get("functions", -1))


async def test_a_client_that_watches_nothing_misses_nothing(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    client = await connect(root)
    await indexed(client)
    file = root / "birds.py"
    file.write_text(CRANE)
    await found(client, ("fold_paper_crane", "birds.py"))
    file.write_text(CRANE.replace("crane", "swan"))
    await found(client, ("fold_paper_swan", "birds.py"))
    file.rename(root / "lending" / "swans.py")
    await found(client, ("fold_paper_swan", "swans.py"))
    (root / "new" / "folder").mkdir(parents=True)
    (root / "lending" / "swans.py").rename(root / "new" / "folder" / "moved.py")
    await found(client, ("fold_paper_swan", "moved.py"))
    shutil.rmtree(root / "new")
    await found(client)


async def test_a_storm_of_files_is_survived(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    client = await connect(root)
    await indexed(client)
    before = await functions(client)
    # All of one name and text, so that there is little to embed.
    for number in range(1000):
        folder = root / "storm" / str(number)
        folder.mkdir(parents=True)
        (folder / "crane.py").write_text(CRANE)

    async def all_known() -> bool:
        return await functions(client) == before + 1000

    await until(all_known)
    await indexed(client)
    assert ("fold_paper_crane", "crane.py") in await search(client)
    shutil.rmtree(root / "storm")

    async def all_gone() -> bool:
        return await functions(client) == before

    await until(all_gone)
    await found(client)


async def test_what_a_client_watches_is_known_to_the_next_search(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    client = await connect(root, capabilities=WATCHES)
    await indexed(client)
    changes = []
    for number in range(1000):
        file = root / "storm" / str(number) / "crane.py"
        file.parent.mkdir(parents=True)
        file.write_text(CRANE)
        changes.append(types.FileEvent(file.as_uri(), types.FileChangeType.Created))
    for start in range(0, len(changes), 50):
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(changes[start : start + 50]))
    await indexed(client)
    assert ("fold_paper_crane", "crane.py") in await search(client)


async def test_watching_can_be_turned_off(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    client = await connect(root, options={"watcher": "off"})
    await indexed(client)
    # A watcher like the indexer's own tells when that one would have heard of the file.
    told: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def note(paths: Sequence[str]) -> None:
        for path in paths:
            loop.call_soon_threadsafe(told.put_nowait, path)

    async def hears(path: str) -> None:
        while await told.get() != path:
            pass

    watcher = Watcher(root.resolve(), Config(), note, lambda problem: note([problem]))
    watcher.start()
    await asyncio.wait_for(hears(EVERYTHING), PATIENCE)
    (root / "birds.py").write_text(CRANE)
    await asyncio.wait_for(hears("birds.py"), PATIENCE)
    watcher.stop()
    await indexed(client)
    assert await search(client) == []


async def test_a_folder_that_is_deleted_and_made_anew_is_followed(
    connect: Connect, indexed: Indexed, copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    (root / "birds.py").write_text(CRANE)
    client = await connect(root)
    await indexed(client)
    await found(client, ("fold_paper_crane", "birds.py"))
    away = tmp_path / "away"
    root.rename(away)
    protocol: Any = client.protocol
    answer = await asyncio.wait_for(protocol.send_request_async("fathom/search", {"query": "a paper bird"}), 60)
    assert answer["results"] == []
    assert "does not exist" in answer["message"]
    status = await protocol.send_request_async("fathom/status", {})
    assert "does not exist" in status["roots"][0]["error"]
    away.rename(root)
    await found(client, ("fold_paper_crane", "birds.py"))

    async def nothing_is_wrong() -> bool:
        [folder] = (await protocol.send_request_async("fathom/status", {}))["roots"]
        return folder.get("message") is None and folder["error"] is None

    await until(nothing_is_wrong)
    shutil.rmtree(root)
    root.mkdir()
    (root / "swans.py").write_text(CRANE.replace("crane", "swan"))
    await found(client, ("fold_paper_swan", "swans.py"))
    # It is watched as before, instead of being scanned only at a search.
    (root / "inside").mkdir()
    (root / "inside" / "geese.py").write_text(CRANE.replace("crane", "goose"))

    async def both() -> bool:
        return await functions(client) == 2

    await until(both)
