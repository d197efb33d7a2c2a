"""Workspace folders and their indexers: merged results, deaths and restarts."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from fathom_indexer.config import Config
from fathom_indexer.errors import IndexerUnavailableError, QueryError
from fathom_indexer.process.client import Events, IndexerClient
from fathom_indexer.process.rpc import IndexerError
from fathom_indexer.types import Filters, Progress, Stage
from fathom_indexer.wire.messages import DuplicatesRequest
from fathom_server.protocol.convert import Folder, folder_of
from fathom_server.session.folder_documents import LONGEST
from fathom_server.session.folder_indexer import Backoff, FolderIndexer, State
from fathom_server.session.partial_results import MergedResults
from fathom_server.session.session import Session

pytestmark = pytest.mark.asyncio

Command = Callable[[str], tuple[str, ...]]

QUICKLY = Backoff(first=0.01, longest=0.02)
NEVER = Backoff(first=600.0)


@dataclass
class FakeEditor:
    """Records all calls; is also its own progress display."""

    warnings: list[str] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    warned: asyncio.Event = field(default_factory=asyncio.Event)

    def warn(self, message: str) -> None:
        self.warnings.append(message)
        self.warned.set()

    def status_changed(self) -> None:
        pass

    def index_updated(self) -> None:
        pass

    def reporter(self, title: str) -> FakeEditor:
        self.title = title
        return self

    def report(self, progress: Progress) -> None:
        self.progress.append(progress)

    def close(self) -> None:
        pass


@dataclass
class Workplace:
    """A session whose folders each get a fake indexer, by folder name: its mode, or `answer`."""

    command: Command
    root: Path
    editor: FakeEditor = field(default_factory=FakeEditor)
    modes: dict[str, str] = field(default_factory=dict)
    backoff: Backoff = NEVER
    timeout: float = 60.0
    failing_starts: int = 0
    """The number of starts that fail before one succeeds."""

    def __post_init__(self) -> None:
        self.session = Session(self.start)
        self.indexers: dict[str, FolderIndexer] = {}

    def start(self, folder: Folder) -> FolderIndexer:
        mode = self.modes.get(folder.name, "answer")
        begin = partial(IndexerClient.start, command=self.command(mode), timeout=self.timeout)

        async def start(root: Path, config: Config, events: Events, /) -> IndexerClient:
            if self.failing_starts:
                self.failing_starts -= 1
                raise IndexerUnavailableError("the indexer could not be started")
            return await begin(root, config, events)

        indexer = FolderIndexer(folder, Config(), self.editor, start, self.backoff)
        self.indexers[folder.name] = indexer
        return indexer

    def open(self, name: str, mode: str = "answer") -> FolderIndexer:
        path = self.root / name
        path.mkdir(parents=True)
        folder = folder_of(path.as_uri())
        assert folder is not None
        self.modes[folder.name] = mode
        self.session.add(folder)
        return self.indexers[folder.name]

    async def heard(self, name: str) -> list[tuple[str, object]]:
        """What an indexer was asked, without the question itself."""
        status = await (await self.indexers[name].client()).status()
        return [(message["method"], message["params"]) for message in status["heard"][:-1]]

    async def hears(self, name: str, method: str) -> None:
        """Wait until an indexer was asked something."""
        while not any(one == method for one, _ in await self.heard(name)):
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def work(fake_indexer: Command, tmp_path: Path) -> AsyncIterator[Workplace]:
    workplace = Workplace(fake_indexer, tmp_path / "work")
    yield workplace
    await workplace.session.close()


async def successor(indexer: FolderIndexer, pid: int) -> int:
    """The id of the process that replaces the one with that id."""

    async def wait() -> int:
        while True:
            with contextlib.suppress(IndexerUnavailableError):
                if (client := await indexer.client()).pid != pid:
                    return client.pid
            await asyncio.sleep(0.01)

    return await asyncio.wait_for(wait(), 60)


async def test_results_of_all_folders_are_merged_by_score(work: Workplace) -> None:
    for name in ("low", "high", "middle"):
        work.open(name)
    found = await work.session.search("pay", 20, Filters())
    assert [folder.name for folder, _ in found.hits] == ["high", "middle", "low"]
    assert found.indexing is False
    found = await work.session.search("pay", 2, Filters())
    assert [folder.name for folder, _ in found.hits] == ["high", "middle"]


async def test_the_first_order_is_told_once_when_every_folder_has_said_something(work: Workplace) -> None:
    work.open("high", "streams")
    work.open("low", "answer")
    work.open("none", "unborn")
    await work.editor.warned.wait()
    told: list[MergedResults] = []
    found = await work.session.search("pay", 20, Filters(), on_partial=told.append)
    assert [folder.name for folder, _ in found.hits] == ["high", "low"]
    assert len(told) <= 1  # None when the streaming folder's answer overtakes the other one's.
    for first in told:
        assert {folder.name for folder, _ in first.hits} == {"high", "low"}
        assert not first.complete
    similar: list[MergedResults] = []
    await work.session.similar(work.root / "high" / "a.py", 1, 5, Filters(), on_partial=similar.append)
    assert [hit.function.name for one in similar for _, hit in one.hits] == ["first"]


async def test_an_index_is_up_to_date_when_its_indexer_says_so(work: Workplace) -> None:
    quiet, troubled = work.open("one", "copies"), work.open("two", "chatty")
    for indexer in (quiet, troubled):
        await (await indexer.client()).status()
    assert (quiet.quiescent, quiet.trouble) == (True, None)
    assert troubled.trouble == "the disk is full"


async def test_a_restart_keeps_the_folders_and_holds_requests_meanwhile(work: Workplace) -> None:
    before = work.open("one")
    pid = (await before.client()).pid
    restarting = asyncio.create_task(work.session.restart())
    await asyncio.sleep(0)
    found = await work.session.search("pay", 20, Filters())
    await restarting
    assert [folder.name for folder, _ in found.hits] == ["one"]
    assert (await work.indexers["one"].client()).pid != pid


async def test_without_folders_nothing_is_found(work: Workplace) -> None:
    assert (await work.session.search("pay", 20, Filters())).hits == []
    assert await work.session.status() == []


async def test_a_function_in_two_folders_counts_once(work: Workplace) -> None:
    folder = work.open("outer").folder
    work.session.add(Folder(folder.uri + "/", folder.path, folder.real_path))
    assert len((await work.session.search("pay", 20, Filters())).hits) == 1


async def test_a_query_at_fault_is_told(work: Workplace) -> None:
    work.open("one")
    work.open("two", "unborn")
    with pytest.raises(IndexerError, match="klingon"):
        await work.session.search("wrong", 20, Filters())


async def test_a_query_that_fits_into_no_message_is_refused(work: Workplace) -> None:
    work.open("one")
    longest = "🦆" * LONGEST
    assert (await work.session.search(longest, 20, Filters())).hits
    with pytest.raises(QueryError, match=f"at most {LONGEST} characters"):
        await work.session.search(longest + "x", 20, Filters())


async def test_similar_is_asked_of_the_innermost_folder(work: Workplace) -> None:
    work.open("outer")
    work.open("outer/inner")
    found = await work.session.similar(work.root / "outer" / "inner" / "a.py", 4, 5, Filters())
    assert found.compared is not None
    folder, function = found.compared
    assert (folder.name, function.name) == ("inner", "own")
    await work.session.similar(work.root / "outer" / "b.py", 4, 5, Filters())
    no_filters: dict[str, list[str]] = {"paths": [], "languages": [], "kinds": []}
    assert await work.heard("inner") == [("similar", {"path": "a.py", "line": 4, "limit": 5, "filters": no_filters})]
    assert await work.heard("outer") == [("similar", {"path": "b.py", "line": 4, "limit": 5, "filters": no_filters})]


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.py", "one/../../secret.py"])
async def test_similar_names_no_file_outside_the_folders(work: Workplace, path: str) -> None:
    work.open("one")
    with pytest.raises(QueryError, match="none of the workspace folders"):
        await work.session.similar(work.root / path, 4, 5, Filters())
    assert await work.heard("one") == []


async def test_open_files_are_told_to_every_folder_that_has_them(work: Workplace) -> None:
    work.open("outer")
    work.open("outer/inner")
    await work.session.opened(work.root / "outer" / "inner" / "a.py")
    await work.session.opened(work.root / "elsewhere.py")
    assert await work.heard("outer") == [("prioritize", {"paths": ["inner/a.py"]})]
    assert await work.heard("inner") == [("prioritize", {"paths": ["a.py"]})]


async def test_changes_are_told_to_every_folder_that_has_the_file(work: Workplace) -> None:
    work.open("outer")
    work.open("outer/inner")
    work.open("other")
    await work.session.changed(
        [work.root / "outer" / "inner" / "a.py", work.root / "outer" / "b.py", work.root / "elsewhere.py"]
    )
    assert await work.heard("outer") == [("update", {"paths": ["inner/a.py", "b.py"]})]
    assert await work.heard("inner") == [("update", {"paths": ["a.py"]})]
    assert await work.heard("other") == []


async def test_a_removed_folder_is_not_searched_any_more(work: Workplace) -> None:
    one = work.open("one")
    work.open("two")
    await work.session.search("pay", 20, Filters())
    await work.session.remove(one.folder.uri)
    await work.session.remove("file:///never/was")
    found = await work.session.search("pay", 20, Filters())
    assert [folder.name for folder, _ in found.hits] == ["two"]


async def test_progress_and_problems_reach_the_editor_once(work: Workplace) -> None:
    indexer = work.open("one", "chatty")
    await (await indexer.client()).status()
    assert indexer.state is State.READY
    assert work.editor.title == "Fathom: indexing one"
    assert work.editor.progress == [Progress(Stage.EMBED, 1, 2)]
    assert work.editor.warnings == ["Fathom: a problem occurred while indexing one: the disk is full"]


async def test_a_dead_indexer_is_told_of_once_and_started_again(work: Workplace) -> None:
    work.backoff = QUICKLY
    indexer = work.open("one", "die")
    pid = (await indexer.client()).pid
    for _ in range(3):
        with pytest.raises(IndexerUnavailableError):
            await work.session.search("pay", 20, Filters())
        pid = await asyncio.wait_for(successor(indexer, pid), 60)
    assert len(work.editor.warnings) == 1
    assert "ended unexpectedly (exit code 3)" in work.editor.warnings[0]
    [status] = await work.session.status()
    assert status.error is None
    assert status.index["root"] == str(work.root / "one")


async def test_a_search_over_which_an_indexer_dies_is_asked_again(work: Workplace) -> None:
    work.backoff = QUICKLY
    indexer = work.open("one", "die-once")
    first = (await indexer.client()).pid
    found = await work.session.search("pay", 20, Filters())
    assert [folder.name for folder, _ in found.hits] == ["one"]
    assert not found.message
    assert (await indexer.client()).pid != first
    assert len(work.editor.warnings) == 1
    similar = await work.session.similar(work.root / "one" / "a.py", 4, 5, Filters())
    assert len(similar.hits) == 1


async def test_a_search_while_an_indexer_is_dead_waits_for_the_next_one(work: Workplace) -> None:
    work.backoff = Backoff(first=1.0)
    work.failing_starts = 1
    indexer = work.open("one")
    await work.editor.warned.wait()
    assert indexer.state is State.DEAD
    found = await work.session.search("pay", 20, Filters())
    assert [folder.name for folder, _ in found.hits] == ["one"]
    similar = await work.session.similar(work.root / "one" / "a.py", 4, 5, Filters())
    assert len(similar.hits) == 1


async def test_a_search_that_waits_can_be_cancelled(work: Workplace) -> None:
    work.backoff = Backoff(first=9.0)
    work.failing_starts = 1
    indexer = work.open("one")
    await work.editor.warned.wait()
    searching = asyncio.create_task(work.session.search("pay", 20, Filters()))
    await asyncio.wait([searching], timeout=0)
    searching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await searching
    assert indexer.state is State.DEAD


async def test_what_others_find_does_not_wait_for_a_dead_indexer(work: Workplace) -> None:
    work.backoff = Backoff(first=9.0)
    work.failing_starts = 1
    dead = work.open("one")
    await work.editor.warned.wait()
    work.open("two", "streams")
    told: list[MergedResults] = []
    found = await work.session.search("pay", 20, Filters(), on_partial=told.append)
    # The next indexer would have found something, if later.
    assert dead.state is State.DEAD
    assert [folder.name for folder, _ in found.hits] == ["two"]
    assert found.message == ("some results are missing: the indexer of one is not running; it will be started again")


async def test_a_search_under_way_survives_other_settings(work: Workplace) -> None:
    work.open("one", "mute")
    searching = asyncio.create_task(work.session.search("pay", 20, Filters()))
    similar = asyncio.create_task(work.session.similar(work.root / "one" / "a.py", 4, 5, Filters()))
    await asyncio.wait_for(work.hears("one", "search"), 60)
    work.modes["one"] = "answer"
    await work.session.restart()
    assert [folder.name for folder, _ in (await searching).hits] == ["one"]
    assert len((await similar).hits) == 1


async def test_a_search_under_way_does_without_a_folder_that_is_closed(work: Workplace) -> None:
    closing = work.open("one", "mute")
    work.open("two")
    searching = asyncio.create_task(work.session.search("pay", 20, Filters()))
    await asyncio.wait_for(work.hears("one", "search"), 60)
    await work.session.remove(closing.folder.uri)
    found = await searching
    assert [folder.name for folder, _ in found.hits] == ["two"]


async def test_while_an_indexer_is_dead_there_is_an_answer_all_the_same(work: Workplace) -> None:
    indexer = work.open("one", "unborn")
    await work.editor.warned.wait()
    assert indexer.state is State.DEAD
    with pytest.raises(IndexerUnavailableError, match="not running"):
        await work.session.search("pay", 20, Filters())
    await work.session.changed([work.root / "one" / "a.py"])
    [status] = await work.session.status()
    assert (status.state, status.index) == ("dead", {})
    assert status.error is not None


async def test_one_dead_indexer_does_not_silence_the_others(work: Workplace) -> None:
    work.open("one", "unborn")
    work.open("two")
    await work.editor.warned.wait()
    found = await work.session.search("pay", 20, Filters())
    assert [folder.name for folder, _ in found.hits] == ["two"]
    assert "the indexer of one is not running" in found.message


async def test_duplicates_of_some_folders_are_found_though_others_have_no_indexer(work: Workplace) -> None:
    work.open("one", "unborn")
    work.open("two")
    await work.editor.warned.wait()
    found = await work.session.duplicates(DuplicatesRequest())
    assert [(folder.name, len(groups.groups)) for folder, groups in found.answers] == [("two", 1)]
    assert found.message == "some results are missing: the indexer of one is not running; it will be started again"


async def test_duplicates_do_not_wait_for_a_dead_indexer(work: Workplace) -> None:
    work.backoff = Backoff(first=9.0)
    work.failing_starts = 1
    dead = work.open("one")
    await work.editor.warned.wait()
    work.open("two")
    found = await work.session.duplicates(DuplicatesRequest())
    assert dead.state is State.DEAD
    assert [folder.name for folder, _ in found.answers] == ["two"]


async def test_without_any_indexer_there_are_no_duplicates(work: Workplace) -> None:
    work.open("one", "unborn")
    await work.editor.warned.wait()
    with pytest.raises(IndexerUnavailableError, match="not running"):
        await work.session.duplicates(DuplicatesRequest())


async def test_a_folder_that_was_deleted_has_no_results_and_says_so(work: Workplace) -> None:
    work.open("one")
    work.open("two")
    assert len((await work.session.search("pay", 20, Filters())).hits) == 2
    (work.root / "one").rename(work.root / "elsewhere")
    gone = f"the folder {work.root / 'one'} does not exist (any more)"
    found = await work.session.search("pay", 20, Filters())
    assert [folder.name for folder, _ in found.hits] == ["two"]
    assert found.message == f"some results are missing: {gone}"
    duplicates = await work.session.duplicates(DuplicatesRequest())
    assert [folder.name for folder, _ in duplicates.answers] == ["two"]
    assert duplicates.message == found.message
    with pytest.raises(IndexerUnavailableError, match="does not exist"):
        await work.session.similar(work.root / "one" / "a.py", 1, 5, Filters())
    one, two = await work.session.status()
    assert (one.error, one.index, two.error) == (gone, {}, None)
    await work.session.remove(two.root_uri)
    alone = await work.session.search("pay", 20, Filters())
    assert (alone.hits, alone.message) == ([], gone)
    (work.root / "elsewhere").rename(work.root / "one")
    assert len((await work.session.search("pay", 20, Filters())).hits) == 1


async def test_while_an_index_is_made_the_status_says_how_far_it_is(work: Workplace) -> None:
    work.open("one", "early")
    [status] = await work.session.status()
    assert status.message == "indexing is reading files 1/9; results may be missing until it is done"
    assert (await work.session.search("pay", 20, Filters())).indexing
    work.open("two", "chatty")
    await work.editor.warned.wait()
    assert [status.message for status in await work.session.status()][1] == "the disk is full"


async def test_a_complete_index_that_is_looked_at_again_is_not_called_incomplete(work: Workplace) -> None:
    again = work.open("one", "again")
    await (await again.client()).status()
    assert not (await work.session.search("pay", 20, Filters())).indexing
    assert not (await work.session.duplicates(DuplicatesRequest())).answers[0][1].indexing
    await work.session.reindex()
    assert (await work.session.search("pay", 20, Filters())).indexing


@dataclass
class Document:
    source: str
    language_id: str | None = "python"


async def test_a_document_over_the_limit_is_said_to_be(work: Workplace) -> None:
    indexer = work.open("one", "picky")
    limit = Config().max_file_bytes
    (work.root / "one" / "saved.py").write_bytes(b"x" * (limit + 1))
    uri = (work.root / "one" / "open.py").as_uri()
    work.session.document_changed(uri, Document("ü" * (limit // 2 + 1)))
    for name in ("saved.py", "open.py"):
        with pytest.raises(QueryError, match=f"{name} is larger than {limit} bytes.*maxFileBytes"):
            await work.session.similar(work.root / "one" / name, 1, 5, Filters())
    (work.root / "one" / "small.py").write_text("x", encoding="utf-8")
    for name in ("small.py", "none.py"):
        with pytest.raises(IndexerError, match="not in the index"):
            await work.session.similar(work.root / "one" / name, 1, 5, Filters())
    work.session.document_changed(uri, Document("x" * (LONGEST + 1)))
    with pytest.raises(QueryError, match=f"more than {LONGEST} characters"):
        await work.session.similar(work.root / "one" / "open.py", 1, 5, Filters())
    assert indexer.state is State.READY


async def test_a_stalled_indexer_costs_the_timeout_and_is_killed_in_the_end(work: Workplace) -> None:
    work.timeout = 0.2
    indexer = work.open("one", "stall")
    with pytest.raises(IndexerUnavailableError, match="did not answer"):
        await work.session.search("pay", 20, Filters())
    client = await indexer.client()
    await work.session.close()
    assert await client.wait() != "exit code 0"


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 1000])
async def test_closing_during_the_start_leaves_no_process_behind(
    work: Workplace, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    class Noted(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(subprocess, "Popen", Noted)
    work.open("one")
    # Turns of the event loop: closed before there is a process, while it is being made, when it is there.
    for _ in range(turns):
        await asyncio.sleep(0)
    await work.session.close()
    assert await work.session.status() == []
    assert all(process.poll() is not None for process in started)
    assert started or turns < 1000


async def test_the_back_off_doubles_up_to_its_cap() -> None:
    backoff = Backoff(first=1.0, longest=60.0)
    assert [backoff.delay(deaths) for deaths in (1, 2, 3, 6, 7, 8, 1000)] == [1, 2, 4, 32, 60, 60, 60]
