"""Clients of one workspace share one process: starting, joining, leaving, dying, and not fitting."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from fathom_indexer import __version__
from fathom_indexer.config import Config
from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process import discovery, exit_log, handshake
from fathom_indexer.process.client import Events, IndexerClient
from fathom_indexer.process.handshake import Identity
from fathom_indexer.process.line_framing import MAX_LINE
from fathom_indexer.process.rendezvous import Rendezvous
from fathom_indexer.process.rpc import MISSED_PINGS, IndexerError, IndexerGoneError
from fathom_indexer.types import Progress, Stage
from fathom_indexer.wire.messages import PROTOCOL_VERSION, SearchRequest, WordsQuery

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="kills with signals that Windows lacks"),
]

LIGHT = (sys.executable, str(Path(__file__).parent / "light_indexer.py"))

STARTER = """
import asyncio, json, sys
from pathlib import Path
from fathom_indexer.process.client import Events, IndexerClient
from fathom_indexer.wire.conversion import config_from_json
async def main():
    root, config, *command = sys.argv[1:]
    client = await IndexerClient.share(Path(root), config_from_json(json.loads(config)), Events(), command=command)
    print(client.pid, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await client.shutdown()
asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Killed child processes stay in the process table until they are waited for.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool], every: float = 0.02) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(every)

    await asyncio.wait_for(wait(), 60)


@dataclass
class Workspace:
    """A folder, and clients that are made to share its indexer."""

    root: Path
    config: Config
    clients: list[IndexerClient] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)

    async def share(self, ping_interval: float = 10.0, config: Config | None = None) -> IndexerClient:
        events = Events(on_progress=self.progress.append, on_problem=self.problems.append)
        client = await IndexerClient.share(
            self.root, config or self.config, events, command=LIGHT, ping_interval=ping_interval
        )
        self.clients.append(client)
        return client

    @property
    def rendezvous(self) -> Rendezvous:
        return Rendezvous.open(self.root, self.config.cache_dir)

    def looks(self) -> list[str]:
        """What was looked at, by which process."""
        looks = self.root / "looks.txt"
        return looks.read_text().splitlines() if looks.exists() else []

    async def searching(self) -> None:
        """Wait until the indexer is busy with a search for `forever`."""
        await until((self.root / "searching.txt").exists)

    def starter(self) -> subprocess.Popen[bytes]:
        """Another process that shares the indexer until its input ends; it prints the indexer's process."""
        settings = json.dumps({"cache_dir": self.config.cache_dir, "linger": self.config.linger})
        command = [sys.executable, "-c", STARTER, str(self.root), settings, *LIGHT]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest_asyncio.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Workspace]:
    root = tmp_path / "code"
    root.mkdir()
    workspace = Workspace(root, Config(cache_dir=str(tmp_path / "cache"), linger=0.2))
    yield workspace
    pids = {client.pid for client in workspace.clients}
    for client in workspace.clients:
        await client.shutdown()
    await until(lambda: not any(is_running(pid) for pid in pids))


def pid_of(starter: subprocess.Popen[bytes]) -> int:
    assert starter.stdout is not None
    return int(starter.stdout.readline())


async def names(client: IndexerClient, query: str) -> list[str]:
    return [hit.function.name for hit in (await client.search(SearchRequest(WordsQuery(query), 5))).hits]


async def test_two_clients_share_one_process(workspace: Workspace) -> None:
    one, two = await workspace.share(), await workspace.share()
    assert one.pid == two.pid
    status = await two.status()
    assert (status["pid"], status["clients"]) == (one.pid, 2)
    # Both number their requests from 1, and each gets its own answers.
    answers = await asyncio.gather(*(names(client, name) for name in "abcde" for client in (one, two)))
    assert answers == [[name] for name in "abcde" for _ in range(2)]
    assert workspace.problems == []


async def test_all_clients_hear_of_progress(workspace: Workspace) -> None:
    first: list[Progress] = []
    one = await IndexerClient.share(workspace.root, workspace.config, Events(on_progress=first.append), command=LIGHT)
    two = await workspace.share()
    await one.update(["a.py"])
    ready = Progress(Stage.READY, 1, 1)
    await until(lambda: ready in first and ready in workspace.progress)
    await one.shutdown()
    assert await names(two, "still_there") == ["still_there"]


async def test_who_joins_has_the_workspace_looked_at_again(workspace: Workspace) -> None:
    one = await workspace.share()
    await one.status()
    await until(lambda: len(workspace.looks()) == 1)
    await workspace.share()
    await until(lambda: len(workspace.looks()) == 2)
    assert workspace.looks() == [f"{one.pid} all"] * 2


async def test_who_comes_late_hears_of_a_problem_too(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHT_BROKEN", "1")
    one = await workspace.share()
    await until(lambda: workspace.problems == ["the disk is full"])
    two = await workspace.share()
    await until(lambda: workspace.problems == ["the disk is full"] * 2)
    for client in (one, two):
        with pytest.raises(IndexerError, match="the disk is full"):
            await client.status()


async def test_of_many_who_start_at_once_all_meet_one_indexer(workspace: Workspace) -> None:
    starters = [workspace.starter() for _ in range(8)]
    pids = await asyncio.gather(*(asyncio.to_thread(pid_of, starter) for starter in starters))
    assert len(set(pids)) == 1
    # Pids are told before the first look at the workspace is over.
    await until(lambda: len(workspace.looks()) > 0)
    assert {line.split()[0] for line in workspace.looks()} == {str(pids[0])}
    for starter in starters:
        starter.communicate()
    await until(lambda: not is_running(pids[0]))


async def test_it_ends_when_the_last_client_is_gone_and_leaves_no_address(workspace: Workspace) -> None:
    one, two = await workspace.share(), await workspace.share()
    await one.shutdown()
    await asyncio.sleep(3 * workspace.config.linger)
    assert await names(two, "here") == ["here"]
    await two.shutdown()
    await until(lambda: not is_running(one.pid))
    assert workspace.rendezvous.address() is None
    assert {path.name for path in workspace.rendezvous.folder.iterdir()} == {
        "indexer.log",
        "indexing.lock",
        "serving.lock",
    }


async def test_a_client_that_is_killed_leaves_no_orphan(workspace: Workspace) -> None:
    starters = [workspace.starter(), workspace.starter()]
    pids = [pid_of(starter) for starter in starters]
    assert is_running(pids[0])
    for starter in starters:
        starter.kill()
        starter.communicate()
    await until(lambda: not is_running(pids[0]))


async def test_an_indexer_outlives_who_started_it(workspace: Workspace) -> None:
    starter = workspace.starter()
    pid = pid_of(starter)
    client = await workspace.share()
    os.killpg(os.getpgid(starter.pid), 0)  # It is in our group; the indexer is in none that we could signal.
    assert os.getpgid(pid) != os.getpgid(starter.pid)
    starter.kill()
    starter.communicate()
    await asyncio.sleep(3 * workspace.config.linger)
    assert (client.pid, await names(client, "here")) == (pid, ["here"])


async def test_a_killed_indexer_is_noticed_by_all_and_replaced_by_one(workspace: Workspace) -> None:
    one, two = await workspace.share(), await workspace.share()
    waiting = [
        asyncio.create_task(client.search(SearchRequest(WordsQuery("forever"), 1)))
        for client in (one, two)
        for _ in range(3)
    ]
    await workspace.searching()
    os.kill(one.pid, signal.SIGKILL)
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, IndexerGoneError)
        assert str(one.pid) in str(outcome)
    for client in (one, two):
        assert "indexer.log" in await client.wait()
        with pytest.raises(IndexerUnavailableError):
            await client.status()
    assert workspace.rendezvous.address() is not None, "a leftover"
    three, four = await asyncio.gather(workspace.share(), workspace.share())
    assert three.pid == four.pid != one.pid
    assert await names(three, "back") == ["back"]


async def test_how_an_indexer_died_is_said_and_stands_in_its_log(workspace: Workspace) -> None:
    one, two = await workspace.share(), await workspace.share()
    waiting = asyncio.create_task(two.search(SearchRequest(WordsQuery("forever"), 1)))
    await names(one, "alive")
    os.kill(one.pid, signal.SIGKILL)
    [outcome] = await asyncio.gather(waiting, return_exceptions=True)
    assert "killed by signal 9 (SIGKILL)" in str(outcome)
    for client in (one, two):
        assert "killed by signal 9 (SIGKILL)" in await client.wait()
    note = f"the indexer (process {one.pid}) ended: killed by signal 9 (SIGKILL)"
    assert note in workspace.rendezvous.log.read_text()


async def test_how_an_indexer_died_is_said_by_its_starter(workspace: Workspace) -> None:
    starter = workspace.starter()
    pid = pid_of(starter)
    client = await workspace.share()
    assert client.pid == pid
    os.kill(pid, signal.SIGABRT)
    assert "killed by signal 6 (SIGABRT)" in await client.wait()
    # What it was doing stands there, too.
    assert "Fatal Python error: Aborted" in workspace.rendezvous.log.read_text()
    starter.communicate()


async def test_that_it_is_not_known_how_an_indexer_died_is_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exit_log, "PATIENCE", 0.1)
    starter = workspace.starter()
    pid = pid_of(starter)
    client = await workspace.share()
    starter.kill()
    starter.communicate()
    assert await names(client, "here") == ["here"]
    os.kill(pid, signal.SIGKILL)
    assert "not known how" in await client.wait()


async def test_a_link_that_leads_elsewhere_ends_the_use_of_the_indexer(workspace: Workspace, tmp_path: Path) -> None:
    other, link = tmp_path / "other", tmp_path / "link"
    other.mkdir()
    link.symlink_to(workspace.root)
    workspace.root = link
    client = await workspace.share()
    assert await names(client, "first") == ["first"]
    link.unlink()
    link.symlink_to(other)
    with pytest.raises(IndexerGoneError, match=r"leads to .*other now"):
        await client.search(SearchRequest(WordsQuery("second"), 1))
    assert "leads to" in await client.wait()
    successor = await workspace.share()
    assert successor.pid != client.pid
    assert await names(successor, "third") == ["third"]


async def test_an_indexer_that_is_asked_to_end_tidies_up(workspace: Workspace) -> None:
    client = await workspace.share()
    address = workspace.rendezvous.address()
    assert address is not None
    os.kill(client.pid, signal.SIGTERM)
    await asyncio.wait_for(client.wait(), 60)
    await until(lambda: not is_running(client.pid))
    assert workspace.rendezvous.address() is None
    assert not Path(address.path).exists()
    assert await names(await workspace.share(), "back") == ["back"]


async def test_one_that_does_not_even_answer_pings_is_killed(workspace: Workspace) -> None:
    client = await workspace.share(ping_interval=0.1)
    await names(client, "alive")
    os.kill(client.pid, signal.SIGSTOP)
    await asyncio.wait_for(client.wait(), 60)
    assert (await workspace.share()).pid != client.pid


async def test_pings_are_answered_during_a_search(workspace: Workspace) -> None:
    client = await workspace.share()
    search = asyncio.create_task(client.search(SearchRequest(WordsQuery("forever"), 1)))
    await workspace.searching()
    for _ in range(MISSED_PINGS + 1):
        assert await asyncio.wait_for(client._rpc.request("ping", {}), 60) == {}
    assert not search.done()
    search.cancel()
    assert await names(client, "alive") == ["alive"]


async def test_a_cancelled_search_makes_room_for_the_next(workspace: Workspace) -> None:
    one, two = await workspace.share(), await workspace.share()
    search = asyncio.create_task(one.search(SearchRequest(WordsQuery("forever"), 1)))
    await workspace.searching()
    waiting = asyncio.create_task(names(two, "next"))
    await asyncio.sleep(0)
    # What is asked after it and answered shows that it was heard.
    await asyncio.wait_for(two._rpc.request("ping", {}), 60)
    assert not waiting.done()
    search.cancel()
    assert await asyncio.wait_for(waiting, 60) == ["next"]


async def test_what_a_client_asked_ends_with_it(workspace: Workspace) -> None:
    one, two = await workspace.share(), await workspace.share()
    searches = [asyncio.create_task(one.search(SearchRequest(WordsQuery("forever"), 1))) for _ in range(3)]
    await workspace.searching()
    await one.shutdown()
    assert await asyncio.wait_for(names(two, "free"), 60) == ["free"]
    for outcome in await asyncio.gather(*searches, return_exceptions=True):
        assert isinstance(outcome, IndexerGoneError)


# --- those who do not fit --------------------------------------------------------------------------------------------


async def test_another_configuration_gets_a_private_index(workspace: Workspace) -> None:
    config = Config(cache_dir=workspace.config.cache_dir, linger=0.2, exclude=("gen/",))
    one = await workspace.share()
    two, three = await workspace.share(config=config), await workspace.share(config=config)
    assert one.pid != two.pid == three.pid
    assert await names(one, "one") == ["one"]
    assert await names(two, "two") == ["two"]


async def test_how_the_work_is_done_need_not_be_agreed_on(workspace: Workspace) -> None:
    config = Config(cache_dir=workspace.config.cache_dir, threads=1, vectors="exact", linger=9.0)
    assert (await workspace.share()).pid == (await workspace.share(config=config)).pid


async def test_who_takes_it_as_it_is_joins_any_configuration(workspace: Workspace) -> None:
    excluding = Config(cache_dir=workspace.config.cache_dir, linger=0.2, exclude=("gen/",))
    client = await workspace.share(config=excluding)
    found = await discovery.find(workspace.root, workspace.config, any_settings=True)
    assert found.connection is not None
    assert found.connection.pid == client.pid
    found.connection.writer.close()
    found = await discovery.find(workspace.root, workspace.config)
    assert found.connection is None
    assert "apart" in str(found.rendezvous.folder)


async def test_an_unused_indexer_makes_way_for_one_that_is_set_up_differently(workspace: Workspace) -> None:
    patient = Config(cache_dir=workspace.config.cache_dir, linger=600.0)
    one = await workspace.share(config=patient)
    await one.shutdown()
    excluding = Config(cache_dir=workspace.config.cache_dir, linger=0.2, exclude=("gen/",))
    two = await workspace.share(config=excluding)
    assert two.pid != one.pid
    assert workspace.rendezvous.address() is not None
    assert workspace.rendezvous.address().pid == two.pid  # type: ignore[union-attr]
    await until(lambda: not is_running(one.pid))


async def test_an_old_indexer_makes_way_unless_it_has_clients(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = Config(cache_dir=workspace.config.cache_dir, linger=600.0)
    monkeypatch.setenv("LIGHT_VERSION", "0.0.1")
    monkeypatch.setattr(handshake, "__version__", "0.0.1")
    old = await workspace.share(config=patient)

    monkeypatch.setenv("LIGHT_VERSION", "99.0")
    monkeypatch.setattr(handshake, "__version__", "99.0")
    new = await workspace.share(config=patient)
    assert new.pid != old.pid, "the old one is in use"
    assert await names(old, "old") == ["old"]
    await new.shutdown()

    await old.shutdown()
    newer = await workspace.share()
    await until(lambda: not is_running(old.pid))
    address = workspace.rendezvous.address()
    assert address is not None
    assert address.pid == newer.pid

    os.kill(new.pid, signal.SIGTERM)  # It would wait for ten minutes.


async def test_an_older_client_leaves_a_newer_indexer_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_VERSION", "99.0")
    monkeypatch.setattr(handshake, "__version__", "99.0")
    newer = await workspace.share(config=Config(cache_dir=workspace.config.cache_dir, linger=600.0))
    await newer.shutdown()
    monkeypatch.setattr(handshake, "__version__", "0.0.1")
    found = await discovery.find(workspace.root, workspace.config, may_retire=True)
    assert (found.connection, "apart" in str(found.rendezvous.folder)) == (None, True)
    assert is_running(newer.pid)
    os.kill(newer.pid, signal.SIGTERM)


# --- where nothing can be shared -------------------------------------------------------------------------------------


async def test_where_nothing_can_be_shared_a_private_process_is_used(workspace: Workspace) -> None:
    workspace.rendezvous.folder.chmod(0o755)
    one, two = await workspace.share(), await workspace.share()
    assert one.pid != two.pid
    assert await names(one, "alone") == ["alone"]
    assert len(workspace.problems) == 2
    assert "open to other users" in workspace.problems[0]


async def test_an_indexer_that_is_frozen_is_done_without(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = await workspace.share()
    await frozen.status()
    os.kill(frozen.pid, signal.SIGSTOP)
    os.waitpid(frozen.pid, os.WUNTRACED)
    monkeypatch.setattr(discovery, "GREETING_TIMEOUT", 0.2)
    try:
        client = await workspace.share()
        assert client.pid != frozen.pid
        assert await names(client, "alone") == ["alone"]
        assert "did not answer within 0.2 seconds" in workspace.problems[0]
    finally:
        os.kill(frozen.pid, signal.SIGKILL)


@pytest.mark.slow
async def test_giving_up_to_start_leaves_no_process_behind(workspace: Workspace) -> None:
    joining = asyncio.create_task(workspace.share())
    await until(lambda: workspace.rendezvous.address() is not None, every=0.001)
    joining.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await joining
    if (address := workspace.rendezvous.address()) is not None:
        pid = address.pid
        await until(lambda: not is_running(pid))


async def test_an_address_that_leads_to_a_folder_of_others_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    trap.chmod(0o777)
    heard: list[bytes] = []

    async def eavesdrop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.close()

    server = await asyncio.start_unix_server(eavesdrop, str(trap / "socket"))
    address = {"pid": os.getpid(), "path": str(trap / "socket")}
    (workspace.rendezvous.folder / "address.json").write_text(json.dumps(address))
    client = await workspace.share()
    assert await names(client, "alone") == ["alone"]
    assert "open to other users" in workspace.problems[0]
    assert heard == []
    server.close()


async def test_an_indexer_that_ends_at_its_start_is_told(workspace: Workspace) -> None:
    with pytest.raises(IndexerUnavailableError, match=r"exit code 3, log in .*indexer\.log"):
        await discovery.find_or_start(
            workspace.root, workspace.config, "WARNING", (sys.executable, "-c", "import sys; sys.exit(3)")
        )
    with pytest.raises(IndexerUnavailableError, match="could not be started"):
        await discovery.find_or_start(workspace.root, workspace.config, "WARNING", (str(workspace.root / "none"),))


async def test_one_that_never_listens_is_waited_for_only_so_long(workspace: Workspace) -> None:
    sleeper = (sys.executable, "-c", "import time; time.sleep(2)")
    with pytest.raises(IndexerUnavailableError, match="no indexer after"):
        await discovery.find_or_start(workspace.root, workspace.config, "WARNING", sleeper, timeout=0.2)


# --- the connection --------------------------------------------------------------------------------------------------


class Wire:
    """A connection to a shared indexer, for messages that no client of ours would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, workspace: Workspace) -> Wire:
        address = workspace.rendezvous.address()
        assert address is not None
        if address.path:
            return cls(*await asyncio.open_unix_connection(address.path))
        return cls(*await asyncio.open_connection("127.0.0.1", address.port))

    def send(self, line: bytes) -> None:
        self.writer.write(line + b"\n")

    async def hear(self) -> Any:
        """The next message; None at the end."""
        line = await asyncio.wait_for(self.reader.readline(), 60)
        return json.loads(line) if line else None

    async def hello(self, workspace: Workspace, **changes: Any) -> Any:
        identity = Identity.of(workspace.config)
        address = workspace.rendezvous.address()
        assert address is not None
        params = {
            "protocol": identity.protocol,
            "version": identity.version,
            "settings": identity.settings,
            "token": address.token,
            **changes,
        }
        self.send(json.dumps({"id": 0, "method": "hello", "params": params}).encode())
        return await self.hear()


async def test_a_greeting_is_answered_with_who_is_there(workspace: Workspace) -> None:
    client = await workspace.share()
    wire = await Wire.connect(workspace)
    assert (await wire.hello(workspace))["result"] == {
        "protocol": PROTOCOL_VERSION,
        "version": __version__,
        "pid": client.pid,
        "clients": 1,
        "joined": True,
    }
    wire.writer.close()
    assert (await discovery.look_up(workspace.root, workspace.config)) is not None


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": 1, "method": "status", "params": {}}',
        b'{"id": 1, "method": "hello"}',
        b'{"id": 1, "method": "hello", "params": {"protocol": 3}}',
        b'{"id": 1, "method": "hello", "params": []}',
        b'{"id": 1, "method": "hello", "params": {"token": 5, "protocol": 1}}',
        b"[]",
        b"\xff\xfe",
        b"",
        b"x" * (MAX_LINE + 10),
    ],
    ids=lambda line: repr(line[:60]),
)
async def test_who_does_not_say_hello_is_sent_away(workspace: Workspace, line: bytes) -> None:
    client = await workspace.share()
    wire = await Wire.connect(workspace)
    wire.send(line)
    assert (await wire.hear())["error"]["kind"] == "query"
    assert await wire.hear() is None
    assert await names(client, "unmoved") == ["unmoved"]
    assert (await client.status())["clients"] == 1


async def test_broken_messages_are_answered_and_do_no_harm(workspace: Workspace) -> None:
    client = await workspace.share()
    wire = await Wire.connect(workspace)
    assert (await wire.hello(workspace))["result"]["joined"]
    broken = [
        b"nonsense",
        b"\xff",
        b"[" * 100_000,
        b'{"id": 5}',
        b'{"id": 6, "method": "shutdown"}',
        b"x" * MAX_LINE + b"x",
    ]
    for line in broken:
        wire.send(line)
        answer = await wire.hear()
        while "method" in answer:
            answer = await wire.hear()
        assert answer["error"]["kind"] == "query", line[:50]
    wire.send(b'{"id": 7, "method": "update", "params": {"paths": ["../../etc/passwd"]}}')
    answer = await wire.hear()
    assert (answer["id"], answer["error"]["kind"]) == (7, "query")
    wire.send(b'{"id": 8, "method": "sta')
    wire.writer.close()
    assert await names(client, "unmoved") == ["unmoved"]


async def test_a_port_is_for_those_who_know_the_token(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHT_LOOPBACK", "1")
    client = await workspace.share()
    address = workspace.rendezvous.address()
    assert address is not None
    assert (address.path, len(address.token)) == ("", 64)
    assert await names(client, "here") == ["here"]
    for token in ("", "f" * 64, address.token[:-1]):
        wire = await Wire.connect(workspace)
        assert (await wire.hello(workspace, token=token))["error"]["message"] == "wrong token"
        assert await wire.hear() is None
    assert (await workspace.share()).pid == client.pid


async def test_errors_are_answered_over_the_socket_too(workspace: Workspace) -> None:
    client = await workspace.share()
    with pytest.raises(IndexerError, match="limit") as error:
        await client.search(SearchRequest(WordsQuery("x"), 0))
    assert error.value.kind == "query"
