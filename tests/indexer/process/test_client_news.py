"""What a client makes of the lines of an indexer, without a process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from fathom_indexer.process.client import Events, IndexerClient
from fathom_indexer.types import Stage
from fathom_indexer.wire.framing import Json, encode
from fathom_indexer.wire.messages import DuplicatesRequest, SearchRequest, WordsQuery
from fathom_server.protocol.convert import Folder
from fathom_server.session.partial_results import merged

pytestmark = pytest.mark.asyncio


class Written:
    """The client's end of a connection, which answers every request alike."""

    pid = 4711

    def __init__(self, answer: Json) -> None:
        self.reader = asyncio.StreamReader()
        self.writer: Any = self
        self._answer = answer

    def is_closing(self) -> bool:
        return False

    def write(self, line: bytes) -> None:
        request_id = int(line.partition(b'"id":')[2].partition(b",")[0])
        self.reader.feed_data(encode({"id": request_id, "result": self._answer}))

    async def leave(self, grace: float) -> None:
        self.reader.feed_eof()

    async def ended(self) -> str:
        return "exit code 0"

    def kill(self) -> None:
        self.reader.feed_eof()


async def test_a_problem_that_lasts_is_told_after_the_end_of_the_work() -> None:
    heard: list[str] = []
    link = Written({})
    events = Events(on_progress=lambda progress: heard.append(progress.stage.value), on_problem=heard.append)
    client = IndexerClient(link, events)
    ready = {"stage": Stage.READY.value, "done": 1, "total": 1}
    link.reader.feed_data(encode({"method": "progress", "params": {**ready, "problem": "the disk is full"}}))
    link.reader.feed_data(encode({"method": "progress", "params": ready}))
    await client.status()
    assert heard == ["ready", "the disk is full", "ready"]
    await client.shutdown()


async def test_a_mistake_of_who_is_told_is_logged_as_one_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(problem: str) -> None:
        raise KeyError("a mistake")

    link = Written({})
    client = IndexerClient(link, Events(on_problem=fail))
    link.reader.feed_data(encode({"method": "problem", "params": {"message": "the disk is full"}}))
    assert await client.status() == {}
    assert "a mistake" in caplog.text and "Traceback" in caplog.text
    assert "is no message" not in caplog.text
    await client.shutdown()


async def test_why_a_folder_has_no_results_goes_into_the_answer(tmp_path: Path) -> None:
    away = {"results": [], "groups": [], "indexing": False, "message": "no such folder"}
    client = IndexerClient(Written(away), Events())
    results = await client.search(SearchRequest(WordsQuery("q"), 1))
    assert results.message == "no such folder"
    assert (await client.duplicates(DuplicatesRequest())).message == "no such folder"
    await client.shutdown()
    there = IndexerClient(Written({"results": [], "indexing": False}), Events())
    others = await there.search(SearchRequest(WordsQuery("q"), 1))
    await there.shutdown()
    folders = [Folder((tmp_path / name).as_uri(), tmp_path / name, tmp_path / name) for name in ("there", "away")]
    assert merged(list(zip(folders, (others, results), strict=True)), 5).message == "no such folder"
