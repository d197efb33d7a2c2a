"""The standard methods, for clients with the recorded capabilities of real editors and for one with none.

`tests/fixtures/clients` holds what `vim.lsp.protocol.make_client_capabilities()` and vscode-languageclient's
`computeClientCapabilities()` give.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient

pytestmark = pytest.mark.asyncio

Connect = Callable[..., Awaitable[LanguageClient]]

CLIENTS = Path(__file__).parent.parent / "fixtures" / "clients"
VSCODE, NEOVIM, MINIMAL = "vscode-languageclient-9.0.1", "neovim-0.11.4", "minimal"
EVERY_CLIENT = pytest.mark.parametrize("name", [VSCODE, NEOVIM, MINIMAL])
LAUNCHER = str(Path(__file__).parent / "server_with_fake_indexer.py")
CODE = "".join(f"line {number}\n" for number in range(10))


def capabilities_of(name: str, **experimental: Any) -> types.ClientCapabilities:
    recorded = json.loads((CLIENTS / f"{name}.json").read_text(encoding="utf-8"))
    recorded["experimental"] = experimental
    return converters.get_converter().structure(recorded, types.ClientCapabilities)


def fake(mode: str) -> tuple[str, ...]:
    return (sys.executable, LAUNCHER, mode)


async def soon(awaitable: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(awaitable, 60)


async def until(condition: Callable[[], Any]) -> Any:
    async def wait() -> Any:
        while not (value := condition()):
            await asyncio.sleep(0.01)
        return value

    return await soon(wait())


async def ask(client: LanguageClient, method: str, params: Any = None) -> Any:
    protocol: Any = client.protocol
    return await soon(protocol.send_request_async(method, params))


class Work:
    """A folder with a file that has copies, open in an editor."""

    def __init__(self, connect: Connect, root: Path) -> None:
        self._connect = connect
        self.root = root
        self.file = root / "a.py"
        self.file.write_text(CODE, encoding="utf-8")
        self.document = types.TextDocumentIdentifier(self.file.as_uri())
        self.chosen = ""
        self.asked: list[types.ShowMessageRequestParams] = []
        self.statuses: list[Any] = []
        self.registered: list[str] = []
        self.folders = [types.WorkspaceFolder(root.as_uri(), "work")]

    async def open(
        self, name: str, mode: str = "copies", settings: Any = None, options: Any = None, **experimental: Any
    ) -> LanguageClient:
        client = await self._connect(command=fake(mode), initialize=False)
        feature: Any = client.feature

        def choose(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
            self.asked.append(params)
            return next((action for action in params.actions or () if action.title.startswith(self.chosen)), None)

        feature(types.WINDOW_SHOW_MESSAGE_REQUEST)(choose)

        def note(status: Any) -> None:
            self.statuses.append(status)

        feature("fathom/status")(note)
        feature(types.CLIENT_REGISTER_CAPABILITY)(
            lambda params: self.registered.extend(one.method for one in params.registrations)
        )
        client.set_configuration({"fathom": settings or {}})
        await client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities_of(name, **experimental),
                workspace_folders=self.folders,
                initialization_options=options,
            )
        )
        item = types.TextDocumentItem(self.document.uri, types.LanguageKind.Python, 1, CODE)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return client


@pytest.fixture
def work(connect: Connect, tmp_path: Path) -> Work:
    root = tmp_path / "my work"
    root.mkdir()
    return Work(connect, root)


def actions(work: Work, only: list[str] | None = None, trigger: int = 1) -> types.CodeActionParams:
    here = types.Position(3, 1)
    context = types.CodeActionContext([], only=only, trigger_kind=types.CodeActionTriggerKind(trigger))
    return types.CodeActionParams(work.document, types.Range(here, here), context)


@EVERY_CLIENT
async def test_every_client_can_search(work: Work, name: str) -> None:
    client = await work.open(name, "answer")
    symbols = await soon(client.workspace_symbol_async(types.WorkspaceSymbolParams("pay")))
    assert [symbol.name for symbol in symbols] == ["settle"]
    lazy = isinstance(symbols[0].location, types.LocationUriOnly)
    assert lazy == (name == VSCODE)
    assert (await ask(client, "fathom/search", {"query": "pay"}))["results"]


@EVERY_CLIENT
async def test_every_client_is_told_what_it_may_be_told(work: Work, name: str) -> None:
    client = await work._connect(command=fake("answer"), initialize=False)
    told = (await client.initialize_session(types.InitializeParams(capabilities=capabilities_of(name)))).capabilities
    assert told.experimental == {"fathom": {"version": 1}}
    assert told.workspace
    operations = told.workspace.file_operations
    assert operations
    if name == MINIMAL:
        assert told.code_action_provider is True
        assert (operations.did_create, operations.did_rename, operations.did_delete) == (None, None, None)
    else:
        assert isinstance(told.code_action_provider, types.CodeActionOptions)
        assert list(told.code_action_provider.code_action_kinds or ()) == ["fathom.similar"]
    assert told.position_encoding == ("utf-8" if name == NEOVIM else "utf-16")
    assert (told.notebook_document_sync is not None) == (name == VSCODE)
    assert told.code_lens_provider == types.CodeLensOptions(resolve_provider=False)
    assert told.workspace_symbol_provider == types.WorkspaceSymbolOptions(resolve_provider=True)


@EVERY_CLIENT
async def test_code_actions_lead_to_similar_functions(work: Work, name: str) -> None:
    client = await work.open(name)
    work.chosen = "Account.settle"
    found = await soon(client.text_document_code_action_async(actions(work)))
    titles = [action.title for action in found]
    if name == MINIMAL:
        assert titles == ["Find similar functions"]
        [command] = found
        assert isinstance(command, types.Command)
    else:
        assert titles == ["Find similar functions", "Go to the most similar function"]
        assert [action.kind for action in found] == ["fathom.similar", "fathom.similar"]
        command = found[0].command
    params = types.ExecuteCommandParams(command.command, command.arguments)
    assert await soon(client.workspace_execute_command_async(params)) is None
    if name == MINIMAL:
        await until(lambda: client.messages)
        same = "Account.settle (src/über uns/a b.py:3)"
        assert client.messages[0].message == f"Similar to {same}: {same}"
        return
    [shown] = await until(lambda: client.shown_documents)
    assert work.asked[0].message == "Similar to Account.settle (src/über uns/a b.py:3)"
    assert shown.uri.endswith("/a%20b.py")
    assert shown.selection.start == types.Position(2, 0)
    go = found[1].command
    await soon(client.workspace_execute_command_async(types.ExecuteCommandParams(go.command, go.arguments)))
    await until(lambda: len(client.shown_documents) == 2)


async def test_code_actions_only_where_they_are_wanted(work: Work, tmp_path: Path) -> None:
    client = await work.open(VSCODE)
    code_action = client.text_document_code_action_async
    assert not await soon(code_action(actions(work, trigger=2)))
    assert not await soon(code_action(actions(work, only=["quickfix"])))
    assert await soon(code_action(actions(work, only=["fathom"])))
    assert await soon(code_action(actions(work, only=[""])))
    work.document = types.TextDocumentIdentifier("untitled:Untitled-1")
    assert await soon(code_action(actions(work)))
    work.document = types.TextDocumentIdentifier("git:/a.py?old")
    assert not await soon(code_action(actions(work)))
    work.document = types.TextDocumentIdentifier((tmp_path / "elsewhere.py").as_uri())
    assert not await soon(code_action(actions(work)))


async def test_commands_mirror_the_requests(work: Work) -> None:
    client = await work.open(MINIMAL)

    async def run(command: str, *arguments: Any) -> Any:
        return await soon(
            client.workspace_execute_command_async(types.ExecuteCommandParams(command, list(arguments) or None))
        )

    place = {"textDocument": {"uri": work.document.uri}, "position": {"line": 0, "character": 0}}
    for method, params in (
        ("fathom/search", {"query": "pay"}),
        ("fathom/similar", place),
        ("fathom/duplicates", {}),
        ("fathom/reindex", {}),
    ):
        assert await run(method, params) == await ask(client, method, params)
    assert (await run("fathom/status"))["version"] == (await ask(client, "fathom/status"))["version"]
    for wrong in (["fathom/search"], ["fathom/search", {}, {}], ["fathom/search", 5], ["no/such"]):
        with pytest.raises(JsonRpcException) as error:
            await run(*wrong)
        assert error.value.code == -32602
    [root] = (await ask(client, "fathom/status"))["roots"]
    assert [message["method"] for message in root["heard"]].count("reindex") == 2


@EVERY_CLIENT
async def test_nothing_is_said_about_copies_unless_it_is_wanted(work: Work, name: str) -> None:
    client = await work.open(name)
    assert not await soon(client.text_document_code_lens_async(types.CodeLensParams(work.document)))
    position = types.HoverParams(work.document, types.Position(2, 0))
    assert await soon(client.text_document_hover_async(position)) is None
    report = await soon(client.text_document_diagnostic_async(types.DocumentDiagnosticParams(work.document)))
    assert not report.items
    [root] = (await ask(client, "fathom/status"))["roots"]
    assert "duplicates" not in [message["method"] for message in root["heard"]]


async def lenses_of(client: LanguageClient, work: Work) -> Any:
    """The lenses, as soon as there are any."""

    async def wait() -> Any:
        while not (lenses := await client.text_document_code_lens_async(types.CodeLensParams(work.document))):
            await asyncio.sleep(0.05)
        return lenses

    return await soon(wait())


@EVERY_CLIENT
async def test_code_lenses_count_copies(work: Work, name: str) -> None:
    client = await work.open(name, options={"codeLens": True})
    [lens] = await lenses_of(client, work)
    assert lens.range.start == types.Position(2, 0)
    assert lens.command.title == "2 similar"
    # They come whole because they cost nothing: however often they are asked for, copies were looked for once.
    again = await soon(client.text_document_code_lens_async(types.CodeLensParams(work.document)))
    assert list(again) == [lens]
    [root] = (await ask(client, "fathom/status"))["roots"]
    heard = [message["method"] for message in root["heard"]]
    assert (heard.count("duplicates"), heard.count("similar"), heard.count("search")) == (1, 0, 0)
    work.chosen = "Account.settle (c.py"
    await soon(
        client.workspace_execute_command_async(types.ExecuteCommandParams(lens.command.command, lens.command.arguments))
    )
    if name == MINIMAL:
        await until(lambda: client.messages)
        assert client.messages[0].message == "Copies: Account.settle (b.py:3); Account.settle (c.py:3)"
    else:
        [shown] = await until(lambda: client.shown_documents)
        assert shown.uri.endswith("/c.py")


async def pulled(client: LanguageClient, work: Work) -> Any:
    """The diagnostics, as soon as there are any."""

    async def wait() -> Any:
        params = types.DocumentDiagnosticParams(work.document)
        any_client: Any = client
        while not (report := await any_client.text_document_diagnostic_async(params)).items:
            await asyncio.sleep(0.05)
        return report

    return await soon(wait())


@EVERY_CLIENT
async def test_diagnostics_and_hovers_name_the_copies(work: Work, name: str) -> None:
    client = await work.open(name, options={"diagnostics": "information"})
    if name == MINIMAL:
        [item] = await until(lambda: client.diagnostics.get(work.document.uri))
    else:
        report = await pulled(client, work)
        [item] = report.items
        again = types.DocumentDiagnosticParams(work.document, previous_result_id=report.result_id)
        unchanged = await soon(client.text_document_diagnostic_async(again))
        assert isinstance(unchanged, types.RelatedUnchangedDocumentDiagnosticReport)
    assert item.message == "Near-duplicate of Account.settle (b.py:3) and 1 more, 80% alike"
    assert (item.severity, item.source, item.code) == (types.DiagnosticSeverity.Information, "fathom", "near")
    assert item.range == types.Range(types.Position(2, 0), types.Position(2, len("line 2")))
    if name == VSCODE:
        assert [related.location.uri[-4:] for related in item.related_information] == ["b.py", "c.py"]
    hover = await soon(client.text_document_hover_async(types.HoverParams(work.document, types.Position(2, 3))))
    assert "c.py:3" in hover.contents.value.replace("\\", "")
    assert await soon(client.text_document_hover_async(types.HoverParams(work.document, types.Position(4, 0)))) is None


async def test_copies_move_with_what_is_typed(work: Work) -> None:
    client = await work.open(VSCODE, options={"codeLens": True, "diagnostics": "hint"})
    await lenses_of(client, work)
    before = (await pulled(client, work)).result_id

    def type_text(text: str, version: int) -> None:
        document = types.VersionedTextDocumentIdentifier(version, work.document.uri)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        client.text_document_did_change(types.DidChangeTextDocumentParams(document, [whole]))

    type_text("# above\n" + CODE, 2)
    [lens] = await lenses_of(client, work)
    assert lens.range.start == types.Position(3, 0)
    report = await pulled(client, work)
    assert [item.range.start for item in report.items] == [types.Position(3, 0)]
    assert report.result_id != before
    position = types.HoverParams(work.document, types.Position(3, 0))
    assert await soon(client.text_document_hover_async(position)) is not None
    # The function itself is edited: whether it still is a copy is known when it is saved.
    type_text(CODE.replace("line 3", "another line"), 3)
    assert not await soon(client.text_document_code_lens_async(types.CodeLensParams(work.document)))
    type_text(CODE, 4)
    [lens] = await lenses_of(client, work)
    assert lens.range.start == types.Position(2, 0)


async def test_settings_are_asked_for_and_taken_over_when_they_change(work: Work) -> None:
    client = await work.open(VSCODE, settings={"threads": 3, "limit": "many"}, options={"threads": 1})
    [root] = (await ask(client, "fathom/status"))["roots"]

    def threads(root: Any) -> Any:
        # While an indexer starts, its status is told without it.
        arguments = root.get("arguments")
        return json.loads(arguments[arguments.index("--config") + 1])["threads"] if arguments else None

    assert threads(root) == 3
    assert "limit" in client.messages[0].message
    await until(lambda: types.WORKSPACE_DID_CHANGE_CONFIGURATION in work.registered)
    client.set_configuration({"fathom": {"threads": 2, "limit": "many", "diagnostics": "hint"}})
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))

    async def taken_over() -> None:
        while threads((await ask(client, "fathom/status"))["roots"][0]) != 2:
            await asyncio.sleep(0.05)

    await soon(taken_over())
    [item] = (await pulled(client, work)).items
    assert item.severity is types.DiagnosticSeverity.Hint
    assert len(client.messages) == 1


async def test_settings_come_with_the_change_from_clients_that_cannot_be_asked(work: Work) -> None:
    client = await work.open(MINIMAL)
    change = {"fathom": {"diagnostics": "warning"}}
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(change))
    [item] = await until(lambda: client.diagnostics.get(work.document.uri))
    assert item.severity is types.DiagnosticSeverity.Warning
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams({"fathom": {}}))
    await until(lambda: len(client.diagnostics[work.document.uri]) == 0)


async def test_files_that_the_user_moves_are_looked_at(work: Work) -> None:
    client = await work.open(VSCODE, "answer")
    uris = [(work.root / name).as_uri() for name in ("new.py", "old name.py", "new name.py", "gone.py")]
    client.workspace_did_create_files(types.CreateFilesParams([types.FileCreate(uris[0])]))
    client.workspace_did_rename_files(types.RenameFilesParams([types.FileRename(uris[1], uris[2])]))
    client.workspace_did_delete_files(
        types.DeleteFilesParams([types.FileDelete(uris[3]), types.FileDelete("untitled:x")])
    )
    [root] = (await ask(client, "fathom/status"))["roots"]
    updates = [message["params"]["paths"] for message in root["heard"] if message["method"] == "update"]
    assert updates == [["new.py"], ["old name.py", "new name.py"], ["gone.py"]]


async def test_status_bars_are_told(work: Work) -> None:
    await work.open(VSCODE, "chatty", fathomStatus=True)
    await until(lambda: any(status["health"] == "warning" for status in work.statuses))
    assert work.statuses[-1]["message"] == "the disk is full"
    dying = Work(work._connect, work.root)
    await dying.open(VSCODE, "unborn", fathomStatus=True)
    await until(lambda: any(status["health"] == "error" and not status["quiescent"] for status in dying.statuses))


async def test_status_bars_see_a_dead_indexer_and_the_next_one(work: Work) -> None:
    client = await work.open(VSCODE, "die-once", fathomStatus=True)
    assert (await ask(client, "fathom/search", {"query": "pay"}))["results"]
    await until(lambda: len(work.statuses) > 1 and work.statuses[-1]["health"] == "ok")
    [dead] = [status for status in work.statuses if status["health"] == "error"]
    assert dead["message"] == "the indexer of my work ended unexpectedly (exit code 3)"
    assert not dead["quiescent"]
    assert work.statuses[-1]["message"] is None
    assert [message.type for message in client.messages] == [types.MessageType.Warning]
    assert dead["message"] in client.messages[0].message


async def test_status_bars_follow_the_folders(work: Work) -> None:
    client = await work.open(VSCODE, "unborn", fathomStatus=True)
    await until(lambda: any(status["health"] == "error" for status in work.statuses))
    event = types.WorkspaceFoldersChangeEvent([], [types.WorkspaceFolder(work.root.as_uri(), "work")])
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    await until(lambda: work.statuses[-1] == {"health": "ok", "quiescent": True, "message": None})


async def test_status_bars_are_told_that_the_server_is_there(work: Work) -> None:
    await work.open(VSCODE, "stall", fathomStatus=True)
    await until(lambda: work.statuses)
    assert work.statuses[0] == {"health": "ok", "quiescent": False, "message": None}
    idle = Work(work._connect, work.root)
    idle.folders = []
    await idle.open(VSCODE, "answer", fathomStatus=True)
    await until(lambda: idle.statuses)
    assert idle.statuses[0] == {"health": "ok", "quiescent": True, "message": None}


async def test_status_bars_see_the_end_of_indexing(work: Work) -> None:
    await work.open(VSCODE, "copies", fathomStatus=True)
    await until(lambda: any(status["health"] == "ok" and status["quiescent"] for status in work.statuses))


async def test_the_first_order_comes_before_the_answer(work: Work) -> None:
    client = await work.open(VSCODE, "streams")
    partial: list[Any] = []
    feature: Any = client.feature
    client.protocol.fm.features.pop(types.PROGRESS, None)
    feature(types.PROGRESS)(lambda params: partial.append((params.token, params.value)))
    answer = await ask(client, "fathom/search", {"query": "pay", "partialResultToken": "first"})
    [(token, first)] = partial
    assert token == "first"
    assert set(first) == set(answer)
    assert ([hit["name"] for hit in first["results"]], first["complete"]) == (["first"], False)
    assert ([hit["name"] for hit in answer["results"]], answer["complete"]) == (["settle"], True)
    place = {"textDocument": {"uri": work.document.uri}, "position": {"line": 0, "character": 0}}
    await ask(client, "fathom/similar", {**place, "partialResultToken": 7})
    assert [token for token, _ in partial] == ["first", 7]
    symbols = types.WorkspaceSymbolParams("pay", partial_result_token="symbols")
    assert await soon(client.workspace_symbol_async(symbols)) == []
    sent = [symbol for token, value in partial if token == "symbols" for symbol in value]
    assert [symbol["name"] for symbol in sent] == ["first"]
    with pytest.raises(JsonRpcException, match="partialResultToken"):
        await ask(client, "fathom/search", {"query": "pay", "partialResultToken": []})


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 10), ("utf-16", 8), ("utf-32", 7)])
async def test_ranges_are_counted_in_the_units_of_the_client(work: Work, encoding: str, column: int) -> None:
    client = await work._connect(work.root, command=fake("answer"), initialize=False)
    capabilities = capabilities_of(VSCODE)
    assert capabilities.general is not None
    capabilities.general.position_encodings = [encoding]
    result = await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities, workspace_folders=[types.WorkspaceFolder(work.root.as_uri(), "work")]
        )
    )
    assert result.capabilities.position_encoding == encoding
    source = work.root / "src" / "über uns"
    source.mkdir(parents=True)
    (source / "a b.py").write_text("\n\nx='🦆'; settle = 1\n", encoding="utf-8")
    [symbol] = await soon(client.workspace_symbol_async(types.WorkspaceSymbolParams("pay")))
    resolved = await soon(client.workspace_symbol_resolve_async(symbol))
    assert resolved.location.range.start == types.Position(2, column)
    symbol.location = types.LocationUriOnly((work.root.parent / "secret.py").as_uri())
    outside = await soon(client.workspace_symbol_resolve_async(symbol))
    assert isinstance(outside.location, types.LocationUriOnly)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
async def test_ranges_are_not_looked_up_where_a_link_leads_out(work: Work, tmp_path: Path) -> None:
    client = await work.open(VSCODE, "answer")
    [symbol] = await soon(client.workspace_symbol_async(types.WorkspaceSymbolParams("pay")))
    places = {}
    for name, home in (("inside.py", work.root), ("outside.py", tmp_path)):
        target = home / f"target of {name}"
        target.write_text("\n\n   settle = 1\n", encoding="utf-8")
        (work.root / name).symlink_to(target)
        symbol.location = types.LocationUriOnly((work.root / name).as_uri())
        resolved = await soon(client.workspace_symbol_resolve_async(symbol))
        places[name] = resolved.location.range.start
    assert places == {"inside.py": types.Position(2, 3), "outside.py": types.Position(2, 0)}
