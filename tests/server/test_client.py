"""The client of an indexer process, against processes that work and that fail."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.client import Events, IndexerClient
from fathom_indexer.process.rpc import IndexerError
from fathom_indexer.types import Filters, Progress, Stage
from fathom_indexer.wire.messages import LocationQuery, SearchRequest, SearchResponse, SnippetQuery, WordsQuery

pytestmark = pytest.mark.asyncio

Command = Callable[[str], tuple[str, ...]]
NO_EVENTS = Events()


async def start(
    command: tuple[str, ...], root: Path, events: Events = NO_EVENTS, config: Config | None = None, timeout: float = 60
) -> IndexerClient:
    return await IndexerClient.start(root, config or Config(), events, command=command, timeout=timeout)


async def test_it_asks_and_is_answered(fake_indexer: Command, tmp_path: Path) -> None:
    client = await start(fake_indexer("answer"), tmp_path)
    results = await client.search(SearchRequest(WordsQuery("pay"), 3, Filters(kinds=("method",))))
    assert [hit.function.name for hit in results.hits] == ["settle"]
    assert results.indexing is False
    await client.search(SearchRequest(LocationQuery("a.py", 4), 5))
    await client.search(SearchRequest(SnippetQuery("def f(): pass"), 5))
    await client.update(["a.py", "b.py"])
    await client.reindex()
    heard = (await client.status())["heard"]
    assert [(message["method"], message["params"]) for message in heard] == [
        ("search", {"query": "pay", "limit": 3, "filters": {"paths": [], "languages": [], "kinds": ["method"]}}),
        ("similar", {"path": "a.py", "line": 4, "limit": 5, "filters": {"paths": [], "languages": [], "kinds": []}}),
        (
            "similar",
            {"snippet": "def f(): pass", "limit": 5, "filters": {"paths": [], "languages": [], "kinds": []}},
        ),
        ("update", {"paths": ["a.py", "b.py"]}),
        ("reindex", {}),
        ("status", {}),
    ]
    await client.shutdown()
    assert await client.wait() == "exit code 0"


async def test_paths_do_not_depend_on_where_the_process_runs(
    fake_indexer: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FATHOM_CACHE_DIR", "here")
    (tmp_path / "code").mkdir()
    client = await start(fake_indexer("answer"), Path("code"), config=Config(model="models/mine", threads=2))
    status = await client.status()
    arguments = status["arguments"]
    config = json.loads(arguments[arguments.index("--config") + 1])
    assert arguments[arguments.index("--root") + 1] == str(tmp_path / "code")
    assert config["cache_dir"] == str(tmp_path / "here")
    assert config["model"] == str(tmp_path / "code" / "models" / "mine")
    assert config["threads"] == 2
    # A workspace with a module of its own called `json` must not have it imported.
    assert Path(status["cwd"]) not in (tmp_path, tmp_path / "code")
    await client.shutdown()


async def test_events_are_reported(fake_indexer: Command, tmp_path: Path) -> None:
    heard: list[object] = []
    events = Events(lambda: heard.append("ready"), heard.append, heard.append)
    client = await start(fake_indexer("chatty"), tmp_path, events)
    await client.status()
    assert heard == ["ready", Progress(Stage.EMBED, 1, 2), "the disk is full"]
    await client.shutdown()


async def test_a_first_order_comes_before_the_answer(fake_indexer: Command, tmp_path: Path) -> None:
    client = await start(fake_indexer("streams"), tmp_path)
    partial: list[SearchResponse] = []
    results = await client.search(SearchRequest(WordsQuery("pay"), 3), on_partial=partial.append)
    assert [(part.hits[0].function.name, part.complete) for part in partial] == [("first", False)]
    assert [hit.function.name for hit in results.hits] == ["settle"]
    await client.search(SearchRequest(LocationQuery("a.py", 1), 3), on_partial=partial.append)
    assert len(partial) == 2
    await client.search(SearchRequest(WordsQuery("pay"), 3))
    assert len(partial) == 2
    await client.shutdown()


async def test_an_error_comes_with_who_is_at_fault(fake_indexer: Command, tmp_path: Path) -> None:
    client = await start(fake_indexer("answer"), tmp_path)
    with pytest.raises(IndexerError, match="klingon") as error:
        await client.search(SearchRequest(WordsQuery("wrong"), 3))
    assert error.value.kind == "query"
    await client.shutdown()


async def test_all_who_wait_are_told_when_the_process_dies(fake_indexer: Command, tmp_path: Path) -> None:
    client = await start(fake_indexer("die"), tmp_path)
    outcomes = await asyncio.gather(
        *(client.search(SearchRequest(WordsQuery("q"), 1)) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(outcome, IndexerUnavailableError) and "exit code 3" in str(outcome) for outcome in outcomes)
    with pytest.raises(IndexerUnavailableError):
        await client.status()
    assert await client.wait() == "exit code 3"
    await client.shutdown()


async def test_a_process_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(IndexerUnavailableError, match="could not be started"):
        await start((str(tmp_path / "no-such-program"),), tmp_path)


async def test_a_process_that_stalls_costs_no_more_than_the_timeout(fake_indexer: Command, tmp_path: Path) -> None:
    client = await start(fake_indexer("stall"), tmp_path, timeout=0.2)
    with pytest.raises(IndexerUnavailableError, match="did not answer"):
        await client.search(SearchRequest(WordsQuery("q"), 1))
    await client.shutdown(grace=0.2)
    assert await client.wait() != "exit code 0"


async def test_garbage_between_the_answers_does_no_harm(fake_indexer: Command, tmp_path: Path) -> None:
    client = await start(fake_indexer("garbage"), tmp_path)
    assert (await client.status())["root"] == str(tmp_path)
    for request in (
        client.search(SearchRequest(WordsQuery("q"), 1)),
        client.search(SearchRequest(SnippetQuery("x"), 1)),
    ):
        with pytest.raises(IndexerError) as error:
            await request
        assert error.value.kind == "internal"
    assert (await client.status())["root"] == str(tmp_path)
    await client.shutdown()


async def test_a_request_whose_caller_is_cancelled_is_cancelled(fake_indexer: Command, tmp_path: Path) -> None:
    client = await start(fake_indexer("mute"), tmp_path)
    search = asyncio.create_task(client.search(SearchRequest(WordsQuery("q"), 1)))
    await asyncio.sleep(0)
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    heard = (await client.status())["heard"]
    assert {"method": "cancel", "params": {"id": heard[0]["id"]}} in heard
    await client.shutdown()


def heavy_modules(module: str) -> str:
    heavy = "{'torch', 'onnxruntime', 'tree_sitter', 'numpy', 'tokenizers', 'sqlite3'}"
    script = f"import {module}, sys; print(sorted({heavy} & set(sys.modules)))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.strip()


@pytest.mark.parametrize("module", ["fathom_indexer.process.client", "fathom_server.server, fathom_server.handlers"])
async def test_the_server_imports_nothing_heavy(module: str) -> None:
    assert heavy_modules(module) == "[]"
