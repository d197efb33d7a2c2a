"""When open documents are sent to an indexer, with an indexer that records them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.rpc import IndexerError
from fathom_server.session.folder_documents import FolderDocuments

pytestmark = pytest.mark.asyncio


@dataclass
class Document:
    source: str
    language_id: str | None = "python"


class FakeClient:
    def __init__(self, error: Exception | None = None) -> None:
        self.heard: list[Any] = []
        self.was_told = asyncio.Event()
        self.error = error

    async def open_document(self, path: str, text: str, language: str = "") -> None:
        self.heard.append((path, text, language))
        self.was_told.set()
        if self.error is not None:
            raise self.error

    async def close_document(self, path: str) -> None:
        self.heard.append(path)


def documents(client: FakeClient, pause: float = 1000.0) -> FolderDocuments:
    async def current() -> Any:
        return client

    return FolderDocuments(current, 100, pause)


async def test_everything_is_told_before_a_question() -> None:
    client: Any = FakeClient()
    told = documents(client)
    document = Document("a")
    told.changed("a.py", document)
    document.source = "ab"
    told.changed("a.py", document)
    told.changed("untitled:U", Document("tsx", "typescriptreact"))
    await told.tell(client)
    assert client.heard == [("a.py", "ab", ""), ("untitled:U", "tsx", "tsx")]
    await told.tell(client)
    assert len(client.heard) == 2
    told.closed("a.py")
    told.closed("never opened")
    await told.tell(client)
    assert client.heard[2:] == ["a.py"]
    told.close()


async def test_a_pause_is_enough() -> None:
    client = FakeClient()
    told = documents(client, pause=0.01)
    told.changed("a.py", Document("a"))
    await asyncio.wait_for(client.was_told.wait(), 60)
    assert client.heard == [("a.py", "a", "")]


async def test_the_next_indexer_hears_of_what_is_open() -> None:
    first: Any = FakeClient()
    second: Any = FakeClient()
    told = documents(first)
    told.changed("a.py", Document("a"))
    told.changed("b.py", Document("b"))
    await told.tell(first)
    told.closed("a.py")
    await told.tell(second)
    assert second.heard == [("b.py", "b", "")]
    told.close()


async def test_a_document_that_is_too_long_is_closed() -> None:
    client: Any = FakeClient()
    told = documents(client)
    told.changed("a.py", Document("a" * 101))
    await told.tell(client)
    assert client.heard == ["a.py"]
    told.close()


async def test_one_that_is_refused_does_not_keep_the_others() -> None:
    client: Any = FakeClient(IndexerError("query", "no"))
    told = documents(client)
    told.changed("a.py", Document("a"))
    told.changed("b.py", Document("b"))
    await told.tell(client)
    assert len(client.heard) == 2
    told.close()


async def test_an_indexer_that_is_gone_is_told_nothing() -> None:
    gone = FakeClient(IndexerUnavailableError("gone"))
    told = documents(gone, pause=0.0)
    told.changed("a.py", Document("a"))
    await asyncio.wait_for(gone.was_told.wait(), 60)
    await asyncio.sleep(0)
    later: Any = FakeClient()
    await told.tell(later)
    assert later.heard == [("a.py", "a", "")]


async def test_who_asked_may_lose_interest() -> None:
    class Slow(FakeClient):
        begun = asyncio.Event()
        may_end = asyncio.Event()

        async def open_document(self, path: str, text: str, language: str = "") -> None:
            self.begun.set()
            await self.may_end.wait()
            await super().open_document(path, text, language)

    client: Any = Slow()
    told = documents(client)
    told.changed("a.py", Document("a"))
    told.changed("b.py", Document("b"))
    asking = asyncio.create_task(told.tell(client))
    await client.begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    client.may_end.set()
    await told.tell(client)
    assert [path for path, *_ in client.heard] == ["a.py", "b.py"]
    told.close()


async def test_what_did_not_arrive_is_told_again() -> None:
    client: Any = FakeClient(IndexerUnavailableError("no answer"))
    told = documents(client)
    told.changed("a.py", Document("a"))
    with pytest.raises(IndexerUnavailableError):
        await told.tell(client)
    client.error = None
    await told.tell(client)
    assert len(client.heard) == 2
    told.close()
