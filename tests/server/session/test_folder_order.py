"""Folders and settings that change in many orders, many in one write: the latest change counts, at every pace."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fathom_indexer.config import Config
from fathom_indexer.process.client import Events, IndexerClient
from fathom_server.handlers import register
from fathom_server.protocol.transport import _serve
from fathom_server.server import FathomServer

TESTS = Path(__file__).parents[2]

A, B, C = FOLDERS = tuple(str(TESTS / name) for name in ("server", "e2e", "support"))
"""Existing folders. The tests neither read nor write in them."""

Step = tuple[str, tuple[str, ...], tuple[str, ...], int]
"""`folders` with what is added and removed, or `settings` with a number of threads."""

some = st.lists(st.sampled_from(FOLDERS), max_size=2, unique=True).map(tuple)
steps = st.tuples(st.just("folders"), some, some, st.just(0)) | st.tuples(
    st.just("settings"), st.just(()), st.just(()), st.integers(1, 3)
)


def framed(value: Any) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **value}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def entries(paths: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"uri": f"file://{path}", "name": path} for path in paths]


def notification(step: Step) -> bytes:
    kind, added, removed, threads = step
    if kind == "settings":
        params: dict[str, Any] = {"settings": {"fathom": {"threads": threads}}}
        return framed({"method": "workspace/didChangeConfiguration", "params": params})
    event = {"added": entries(added), "removed": entries(removed)}
    return framed({"method": "workspace/didChangeWorkspaceFolders", "params": {"event": event}})


@dataclass
class Indexers:
    """Fake indexers that take `pace` iterations of the event loop for each operation."""

    pace: int
    running: dict[str, int] = field(default_factory=dict)
    """The threads of the running ones, by folder."""

    async def dawdle(self) -> None:
        for _ in range(self.pace):
            await asyncio.sleep(0)

    async def start(self, root: Path, config: Config, events: Events, /) -> IndexerClient:
        await self.dawdle()
        assert str(root) not in self.running, "a folder has two indexers"
        self.running[str(root)] = config.threads
        return Indexer(self, str(root))  # type: ignore[return-value]


class Indexer:
    def __init__(self, all_of_them: Indexers, root: str) -> None:
        self.all_of_them, self.root = all_of_them, root
        self.ended = asyncio.Event()

    async def wait(self) -> str:
        await self.ended.wait()
        return "as it was told"

    async def shutdown(self) -> None:
        await self.all_of_them.dawdle()
        self.all_of_them.running.pop(self.root)
        self.ended.set()

    async def watch(self) -> None:
        pass

    async def status(self) -> dict[str, Any]:
        return {"root": self.root}


class Client:
    """Receives the server's output; answers requests for settings as told."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.reader = reader
        self.answered: dict[Any, Any] = {}
        self.asked: list[Any] = []
        self.news = asyncio.Event()

    def write(self, data: bytes) -> None:
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        if message.get("method") == "workspace/configuration":
            self.asked.append(message["id"])
        elif "method" in message and "id" in message:
            self.reader.feed_data(framed({"id": message["id"], "result": None}))
        elif "id" in message:
            self.answered[message["id"]] = message
        self.news.set()

    def close(self) -> None:
        pass

    async def until(self, condition: Any) -> None:
        while not condition():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 60)


@dataclass
class Session:
    server: FathomServer
    reader: asyncio.StreamReader
    client: Client
    indexers: Indexers

    async def folders(self) -> dict[str, int]:
        """The folders that the client is told are open, and with how many threads each is indexed."""
        self.reader.feed_data(framed({"id": "status", "method": "fathom/status"}))
        await self.client.until(lambda: "status" in self.client.answered)
        roots = self.client.answered.pop("status")["result"]["roots"]
        assert all(root["error"] is None for root in roots)
        assert {root["rootUri"].removeprefix("file://") for root in roots} == set(self.indexers.running)
        return self.indexers.running


async def conversation(pace: int, capabilities: Any, *first: str) -> Session:
    reader = asyncio.StreamReader()
    client, indexers = Client(reader), Indexers(pace)
    server = FathomServer(indexers.start)
    register(server)
    params = {"capabilities": capabilities, "workspaceFolders": entries(first)}
    reader.feed_data(framed({"id": "first", "method": "initialize", "params": params}))
    server.run_in_background(_serving(server, reader, client))
    await client.until(lambda: "first" in client.answered)
    return Session(server, reader, client, indexers)


async def _serving(server: FathomServer, reader: asyncio.StreamReader, client: Client) -> None:
    await _serve(server, reader, client)  # type: ignore[arg-type]


INITIALIZED = framed({"method": "initialized", "params": {}})


def expected(taken: list[Step], *first: str) -> dict[str, int]:
    """The model: folders by the order of events, all with the latest settings."""
    known = dict.fromkeys(first)
    threads = Config().threads
    for kind, added, removed, number in taken:
        if kind == "settings":
            threads = number
        for path in removed:
            known.pop(path, None)
        for path in added:
            known[path] = None
    return dict.fromkeys(known, threads)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=8), st.integers(0, 4), st.integers(0, 8))
@example([("folders", (C,), (A,), 0), ("folders", (), (C,), 0)], 1, 0)
@example([("settings", (), (), 2), ("folders", (), (A,), 0)], 1, 0)
@example([("settings", (), (), 2), ("folders", (A,), (A,), 0), ("settings", (), (), 3)], 3, 0)
@example([("folders", (B,), (), 0), ("settings", (), (), 2)], 2, 2)
def test_folders_are_as_the_order_of_events_has_it(taken: list[Step], pace: int, begins: int) -> None:
    """`begins`: how many of the steps come after `initialized`, in the same write."""

    async def run() -> dict[str, int]:
        session = await conversation(pace, {}, A)
        parts = [notification(step) for step in taken]
        parts.insert(max(0, len(parts) - begins), INITIALIZED)
        session.reader.feed_data(b"".join(parts))
        found = dict(await session.folders())
        session.reader.feed_eof()
        await session.server.close()
        assert session.indexers.running == {}
        return found

    assert asyncio.run(run()) == expected(taken, A)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_settings_that_are_asked_for_are_those_of_the_latest_question(order: tuple[int, int]) -> None:
    async def run() -> dict[str, int]:
        session = await conversation(2, {"workspace": {"configuration": True}}, A, B)
        client, reader = session.client, session.reader
        gone = notification(("folders", (), (B,), 0))
        reader.feed_data(INITIALIZED + notification(("settings", (), (), 1)) + gone)
        await client.until(lambda: len(client.asked) == 2)
        for number in order:
            reader.feed_data(framed({"id": client.asked[number], "result": [{"threads": number + 1}]}))
        found = dict(await session.folders())
        while found != {A: 2} and order == (0, 1):
            found = dict(await session.folders())  # The second answer may be on its way yet.
        reader.feed_eof()
        await session.server.close()
        return found

    assert asyncio.run(run()) == {A: 2}


def test_a_client_that_stops_telling_its_settings_keeps_those_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> dict[str, int]:
        session = await conversation(0, {"workspace": {"configuration": True}}, A)
        client, reader = session.client, session.reader
        reader.feed_data(INITIALIZED)
        await client.until(lambda: client.asked)
        reader.feed_data(framed({"id": client.asked[0], "result": [{"threads": 3}]}))
        assert await session.folders() == {A: 3}
        reader.feed_data(notification(("settings", (), (), 1)))
        await client.until(lambda: len(client.asked) == 2)
        refusal = {"code": -32603, "message": "not now"}
        reader.feed_data(framed({"id": client.asked[1], "error": refusal}))
        found = dict(await session.folders())
        reader.feed_eof()
        await session.server.close()
        return found

    assert asyncio.run(run()) == {A: 3}


def test_nothing_is_opened_after_shutdown() -> None:
    async def run() -> dict[str, int]:
        session = await conversation(1, {}, A)
        late = notification(("folders", (B,), (), 0))
        session.reader.feed_data(INITIALIZED + framed({"id": 1, "method": "shutdown"}) + late)
        await session.client.until(lambda: 1 in session.client.answered)
        session.reader.feed_eof()
        await session.server.close()
        return session.indexers.running

    assert asyncio.run(run()) == {}
