"""A session from `initialize` to `exit`: indexers that misbehave, cancellation, transports, and clean ends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

pytestmark = pytest.mark.asyncio

Connect = Callable[..., Awaitable[LanguageClient]]
LAUNCHER = str(Path(__file__).parent / "server_with_fake_indexer.py")


def fake(mode: str, *more: str) -> tuple[str, ...]:
    """The command of a server whose indexer is a fake one."""
    return (sys.executable, LAUNCHER, mode, *more)


async def ask(client: LanguageClient, method: str, params: Any = None, msg_id: str | None = None) -> Any:
    protocol: Any = client.protocol
    return await asyncio.wait_for(protocol.send_request_async(method, params, msg_id), 60)


async def until(condition: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), 60)


async def test_initialize_is_answered_without_an_indexer(connect: Connect, tmp_path: Path) -> None:
    client = await connect(tmp_path, command=fake("answer"), initialize=False)
    client.capabilities = types.ClientCapabilities()
    result = await client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            workspace_folders=[types.WorkspaceFolder(tmp_path.as_uri(), "work")],
        )
    )
    assert result.capabilities.workspace_symbol_provider
    sync = result.capabilities.text_document_sync
    assert isinstance(sync, types.TextDocumentSyncOptions)
    assert sync.open_close
    assert sync.save == types.SaveOptions(include_text=False)
    assert (await ask(client, "fathom/status"))["roots"] == []
    client.initialized(types.InitializedParams())
    await ask(client, "fathom/search", {"query": "wait for the folders"})
    [root] = (await ask(client, "fathom/status"))["roots"]
    assert root["rootUri"] == tmp_path.as_uri()


async def test_a_client_that_knows_only_one_root(connect: Connect, tmp_path: Path) -> None:
    client = await connect(command=fake("answer"), initialize=False)
    await client.initialize_session(
        types.InitializeParams(capabilities=types.ClientCapabilities(), root_uri=tmp_path.as_uri())
    )
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams("pay"))
    assert [symbol.name for symbol in symbols or ()] == ["settle"]


async def test_a_file_without_a_folder_is_searched_with_those_beside_it(
    connect: Connect, indexed: Callable[[LanguageClient], Awaitable[Any]], tmp_path: Path
) -> None:
    beside, deeper = tmp_path / "loose", tmp_path / "loose" / "deeper"
    deeper.mkdir(parents=True)
    code = "def {}(side):\n    return 'crease the paper'\n"
    (beside / "one.py").write_text(code.format("fold_one"), encoding="utf-8")
    (beside / "two.py").write_text(code.format("fold_two"), encoding="utf-8")
    (deeper / "three.py").write_text(code.format("fold_three"), encoding="utf-8")
    client = await connect()
    uri = (beside / "one.py").as_uri()
    item = types.TextDocumentItem(uri, types.LanguageKind.Python, 1, code.format("fold_one"))
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await indexed(client)
    answer = await ask(client, "fathom/search", {"query": "crease the paper"})
    found = {hit["path"] for hit in answer["results"]}
    assert "two.py" in found | {place.partition(":")[0] for hit in answer["results"] for place in hit.get("copies", [])}
    assert not any("three" in hit["path"] for hit in answer["results"])
    assert sorted(path.name for path in beside.iterdir()) == ["deeper", "one.py", "two.py"]


async def test_without_a_folder_there_is_an_answer(connect: Connect) -> None:
    client = await connect(command=fake("answer"))
    assert await client.workspace_symbol_async(types.WorkspaceSymbolParams("pay")) == []
    assert await ask(client, "fathom/search", {"query": "pay"}) == {"results": [], "indexing": False, "complete": True}


async def test_options_reach_the_indexer_and_wrong_ones_the_user(connect: Connect, tmp_path: Path) -> None:
    options = {"threads": 3, "exclude": ["gen/"], "limit": "many"}
    client = await connect(tmp_path, command=fake("answer"), options=options)
    [root] = (await ask(client, "fathom/status"))["roots"]
    config = json.loads(root["arguments"][root["arguments"].index("--config") + 1])
    assert (config["threads"], config["exclude"]) == (3, ["gen/"])
    assert [message.message for message in client.messages] == [
        "Fathom: the setting 'limit' must be a whole number from 1 to 200. Its default is used."
    ]


async def test_a_folder_that_is_not_on_this_machine_is_told(connect: Connect) -> None:
    client = await connect(command=fake("answer"), initialize=False)
    await client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            workspace_folders=[types.WorkspaceFolder("vscode-remote://ssh/work", "work")],
        )
    )
    assert (await ask(client, "fathom/status"))["roots"] == []
    assert "vscode-remote://ssh/work" in client.messages[0].message


async def test_folders_come_and_go(connect: Connect, tmp_path: Path) -> None:
    one, two = tmp_path / "low", tmp_path / "high"
    one.mkdir()
    two.mkdir()
    client = await connect(one, command=fake("answer"))

    def change(added: list[Path], removed: list[Path]) -> None:
        event = types.WorkspaceFoldersChangeEvent(
            added=[types.WorkspaceFolder(path.as_uri(), path.name) for path in added],
            removed=[types.WorkspaceFolder(path.as_uri(), path.name) for path in removed],
        )
        client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))

    change([two], [])
    scores = [hit["score"] for hit in (await ask(client, "fathom/search", {"query": "pay"}))["results"]]
    assert scores == [0.9, 0.1]
    change([], [one])
    scores = [hit["score"] for hit in (await ask(client, "fathom/search", {"query": "pay"}))["results"]]
    assert scores == [0.9]


async def test_a_stalled_indexer_stalls_nothing_else(connect: Connect, tmp_path: Path) -> None:
    client = await connect(tmp_path, command=fake("stall", "0.5"))
    search = asyncio.create_task(ask(client, "fathom/search", {"query": "pay"}))
    with pytest.raises(JsonRpcException) as error:
        await ask(client, "fathom/search", {"query": 5})
    assert error.value.code == -32602
    assert not search.done()
    with pytest.raises(JsonRpcException, match="did not answer") as error:
        await search
    assert error.value.code == -32803
    [root] = (await ask(client, "fathom/status"))["roots"]
    assert root["error"]


async def test_a_dead_indexer_is_an_error_and_a_message(connect: Connect, tmp_path: Path) -> None:
    client = await connect(tmp_path, command=fake("die"))
    with pytest.raises(JsonRpcException, match="ended") as error:
        await ask(client, "fathom/search", {"query": "pay"})
    assert error.value.code == -32803
    await until(lambda: bool(client.messages))
    assert "started again" in client.messages[0].message
    assert client.messages[0].type is types.MessageType.Warning


async def test_an_indexer_that_talks_garbage_is_an_internal_error(connect: Connect, tmp_path: Path) -> None:
    client = await connect(tmp_path, command=fake("garbage"))
    with pytest.raises(JsonRpcException) as error:
        await client.workspace_symbol_async(types.WorkspaceSymbolParams("pay"))
    assert error.value.code == -32603


async def test_a_cancelled_request_is_answered_so_and_dropped_by_the_indexer(connect: Connect, tmp_path: Path) -> None:
    client = await connect(tmp_path, command=fake("mute"))
    search = asyncio.create_task(ask(client, "fathom/search", {"query": "pay"}, "to-be-cancelled"))
    await ask(client, "fathom/status")
    client.cancel_request(types.CancelParams("to-be-cancelled"))
    with pytest.raises(JsonRpcException) as error:
        await search
    assert error.value.code == -32800
    [root] = (await ask(client, "fathom/status"))["roots"]
    [asked] = [message["id"] for message in root["heard"] if message["method"] == "search"]
    assert {"method": "cancel", "params": {"id": asked}} in root["heard"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("fathom/search", {"query": "pay"}),
        ("fathom/similar", {"textDocument": {"uri": "untitled:a"}, "position": {"line": 0, "character": 0}}),
        ("fathom/duplicates", {}),
        ("fathom/reindex", {}),
        ("workspace/symbol", types.WorkspaceSymbolParams("pay")),
        ("workspace/executeCommand", types.ExecuteCommandParams("fathom/search", [{"query": "pay"}])),
    ],
)
async def test_every_request_can_be_cancelled_though_the_indexer_stalls(
    connect: Connect, tmp_path: Path, method: str, params: Any
) -> None:
    client = await connect(tmp_path, command=fake("stall", "600"))
    protocol: Any = client.protocol
    request = asyncio.wrap_future(protocol.send_request(method, params, msg_id="stalled"))
    client.cancel_request(types.CancelParams("stalled"))
    with pytest.raises(JsonRpcException) as error:
        await asyncio.wait_for(request, 60)
    assert error.value.code == -32800


async def test_symbols_that_are_missing_are_spoken_of_once(connect: Connect, tmp_path: Path) -> None:
    client = await connect(tmp_path, command=fake("early"))
    for _ in range(3):
        assert await client.workspace_symbol_async(types.WorkspaceSymbolParams("pay")) == []
    [message] = client.messages
    assert message.message == "Fathom: still indexing, nothing found yet. Try again soon."
    assert message.type is types.MessageType.Info
    [root] = (await ask(client, "fathom/status"))["roots"]
    assert root["message"].startswith("indexing is reading files 1/9")


async def test_a_folder_that_is_gone_is_said_to_be(connect: Connect, tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    client = await connect(root, command=fake("answer"))
    assert len((await ask(client, "fathom/search", {"query": "pay"}))["results"]) == 1
    root.rmdir()
    answer = await ask(client, "fathom/search", {"query": "pay"})
    assert answer["results"] == []
    assert answer["message"] == f"the folder {root} does not exist (any more)"
    assert (await ask(client, "fathom/duplicates", {}))["message"] == answer["message"]
    [status] = (await ask(client, "fathom/status"))["roots"]
    assert status["error"] == answer["message"]
    assert await client.workspace_symbol_async(types.WorkspaceSymbolParams("pay")) == []
    assert [message.message for message in client.messages] == [f"Fathom: {answer['message']}."]


async def test_progress_is_shown_only_to_clients_that_can(connect: Connect, tmp_path: Path) -> None:
    able = types.ClientCapabilities(window=types.WindowClientCapabilities(work_done_progress=True))
    client = await connect(tmp_path, command=fake("chatty"), capabilities=able)
    await until(lambda: any(len(reports) >= 2 for reports in client.progress_reports.values()))
    [reports] = client.progress_reports.values()
    begin, report = reports[:2]
    assert isinstance(begin, types.WorkDoneProgressBegin)
    assert begin.title == f"Fathom: indexing {tmp_path.name}"
    assert isinstance(report, types.WorkDoneProgressReport)
    assert report.message == "embedding functions 1/2"

    unable = await connect(tmp_path, command=fake("chatty"))
    await ask(unable, "fathom/search", {"query": "pay"})
    assert unable.progress_reports == {}


async def test_files_are_watched_by_clients_that_can(connect: Connect, tmp_path: Path) -> None:
    able = types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        )
    )
    client = await connect(tmp_path, command=fake("answer"), initialize=False)
    registered: list[types.Registration] = []

    def register(params: types.RegistrationParams) -> None:
        registered.extend(params.registrations)

    feature: Any = client.feature
    feature(types.CLIENT_REGISTER_CAPABILITY)(register)
    await client.initialize_session(
        types.InitializeParams(
            capabilities=able, workspace_folders=[types.WorkspaceFolder(tmp_path.as_uri(), tmp_path.name)]
        )
    )
    await until(lambda: bool(registered))
    assert [registration.method for registration in registered] == ["workspace/didChangeWatchedFiles"]

    client.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams(
            [
                types.FileEvent((tmp_path / "a b.py").as_uri(), types.FileChangeType.Created),
                types.FileEvent((tmp_path / "c.py").as_uri(), types.FileChangeType.Deleted),
                types.FileEvent("untitled:d.py", types.FileChangeType.Changed),
                types.FileEvent("file:///elsewhere.py", types.FileChangeType.Changed),
            ]
        )
    )
    [root] = (await ask(client, "fathom/status"))["roots"]
    updates = [message["params"] for message in root["heard"] if message["method"] == "update"]
    assert updates == [{"paths": ["a b.py", "c.py"]}]


@pytest.mark.parametrize("mode", ["answer", "die", "stall"])
async def test_shutdown_and_exit_leave_nothing_behind(connect: Connect, tmp_path: Path, mode: str) -> None:
    client = await connect(tmp_path, command=fake(mode, "0.5"))
    await ask(client, "fathom/status")
    await client.shutdown_async(None)
    with pytest.raises(JsonRpcException) as error:
        await ask(client, "fathom/status")
    assert error.value.code == -32600
    client.exit(None)
    server: Any = client._server
    assert await asyncio.wait_for(server.wait(), 60) == 0


async def test_exit_without_shutdown_is_an_error(connect: Connect, tmp_path: Path) -> None:
    client = await connect(tmp_path, command=fake("answer"))
    await ask(client, "fathom/status")
    client.exit(None)
    server: Any = client._server
    assert await asyncio.wait_for(server.wait(), 60) == 1


def message(**fields: Any) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def read_message(stream: IO[bytes]) -> Any:
    """The next message of a server's output."""
    length = 0
    while line := stream.readline().strip():
        if line.startswith(b"Content-Length:"):
            length = int(line.split()[1])
    return json.loads(stream.read(length))


async def test_the_server_ends_with_its_parent_though_its_input_stays_open(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    server = subprocess.Popen(fake("answer"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(message(id=1, method="initialize", params={"processId": parent.pid, "capabilities": {}}))
    server.stdin.write(message(method="initialized", params={}))
    server.stdin.write(message(id=2, method="fathom/status"))
    server.stdin.flush()
    while read_message(server.stdout).get("id") != 2:
        pass
    parent.communicate(b"\n")
    assert await asyncio.to_thread(server.wait, 60) == 1
    server.stdin.close()
    server.stdout.close()


async def test_the_stream_holds_nothing_but_messages(tmp_path: Path) -> None:
    # The real indexer, which loads native libraries, and a log at its most talkative.
    server = subprocess.Popen(
        [sys.executable, "-m", "fathom_server", "-vv"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "FATHOM_CACHE_DIR": str(tmp_path / "cache")},
    )
    assert server.stdin is not None
    assert server.stdout is not None

    def say(*messages: bytes, until: int) -> list[Any]:
        """What the server says up to the answer to a request."""
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(b"".join(messages))
        server.stdin.flush()
        heard = [read_message(server.stdout)]
        while heard[-1].get("id") != until:
            heard.append(read_message(server.stdout))
        return heard

    initialize: dict[str, Any] = {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {}}
    assert "result" in say(message(id=1, method="initialize", params=initialize), until=1)[-1]
    search = message(id=2, method="fathom/search", params={"query": "anything"})
    assert "result" in say(message(method="initialized", params={}), search, until=2)[-1]
    broken = b"Content-Length: 5\r\n\r\nhello"
    assert "result" in say(broken, message(id=3, method="shutdown"), until=3)[-1]
    rest, _ = server.communicate(message(method="exit"), timeout=60)
    assert (rest, server.returncode) == (b"", 0)


async def test_each_of_200_requests_at_once_has_one_answer(
    copy_workspace: Callable[[Path], Path], tmp_path: Path
) -> None:
    root = copy_workspace(tmp_path / "library")
    server = subprocess.Popen(
        [sys.executable, "-m", "fathom_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "FATHOM_CACHE_DIR": str(tmp_path / "cache")},
    )
    assert server.stdin is not None
    assert server.stdout is not None
    initialize: dict[str, Any] = {"processId": None, "rootUri": root.as_uri(), "capabilities": {}}
    server.stdin.write(
        message(id=0, method="initialize", params={**initialize, "initializationOptions": {"linger": 0}})
    )
    server.stdin.write(message(method="initialized", params={}))
    asked = range(1, 201)
    for number in asked:
        server.stdin.write(message(id=number, method="fathom/search", params={"query": f"question {number}"}))
    # Some while they wait, some twice, and some behind their answers.
    for number in (*asked[::3], *asked[::6]):
        server.stdin.write(message(method="$/cancelRequest", params={"id": number}))
    server.stdin.flush()
    answers: dict[int, list[Any]] = {}
    while not {0, *asked} <= set(answers):
        answer = read_message(server.stdout)
        answers.setdefault(answer["id"], []).append(answer)
    server.stdin.write(b"".join(message(method="$/cancelRequest", params={"id": number}) for number in asked))
    rest, _ = server.communicate(message(id=201, method="shutdown") + message(method="exit"), timeout=60)
    assert rest.count(b"Content-Length") == 1
    assert {number: len(found) for number, found in answers.items()} == dict.fromkeys((0, *asked), 1)
    for number in asked:
        [answer] = answers[number]
        assert "result" in answer or (number in asked[::3] and answer["error"]["code"] == -32800)
    assert all("error" in answers[number][0] for number in asked[-20:] if number in asked[::3])


async def test_exit_right_behind_shutdown(tmp_path: Path) -> None:
    initialize: dict[str, Any] = {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {}}
    result = subprocess.run(
        fake("answer"),
        input=message(id=1, method="initialize", params=initialize)
        + message(method="initialized", params={})
        + message(id=2, method="shutdown")
        + message(method="exit"),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0
    output = io.BytesIO(result.stdout)
    assert [read_message(output)["id"], read_message(output)] == [1, {"jsonrpc": "2.0", "id": 2, "result": None}]
    assert output.read() == b""


async def test_tcp(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "fathom_server", "--tcp", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    address = re.search(r"listening on 127\.0\.0\.1:(\d+)", server.stderr.readline())
    assert address is not None
    client = LanguageClient()
    await client.start_tcp("127.0.0.1", int(address[1]))
    result = await client.initialize_session(types.InitializeParams(capabilities=types.ClientCapabilities()))
    assert result.server_info is not None
    assert result.server_info.name == "fathom"
    await client.shutdown_async(None)
    client.exit(None)
    assert await asyncio.to_thread(server.wait, 60) == 0
    server.stderr.close()
    await client.stop()  # type: ignore[no-untyped-call]
