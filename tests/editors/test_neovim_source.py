"""The Lua files of the Neovim plugin: how they are formatted, and their types."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from commands import run
from lsprotocol import types
from pygls.lsp.client import LanguageClient

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent / "neovim"
PLUGIN = Path(__file__).parents[2] / "editors" / "neovim"


def test_lua_is_formatted(editor_tools: Path, give_up: Callable[[str], NoReturn]) -> None:
    node = shutil.which("node")
    if node is None:
        give_up("node is not installed")
    library = editor_tools / "node_modules" / "@johnnymorganz" / "stylua" / "stylua_lib_node.cjs"
    files = [str(file) for folder in (PLUGIN, HERE) for file in sorted(folder.rglob("*.lua"))]
    command = [node, str(HERE / "stylua.mjs"), str(library), str(PLUGIN / "stylua.toml"), *files]
    run(*command)


@pytest.fixture
def checked(nvim: str, tmp_path: Path) -> Path:
    """A copy of the plugin whose settings for the type checker know Neovim's own modules and libuv."""
    plugin, runtime = tmp_path / "plugin", tmp_path / "runtime"
    shutil.copytree(PLUGIN, plugin)
    asked = [nvim, "--clean", "--headless", "-c", "lua io.stdout:write(vim.env.VIMRUNTIME)", "-c", "qall"]
    folder = run(*asked)
    shutil.copytree(Path(folder) / "lua", runtime)
    # Declared there without a type, which would go before ours.
    meta = runtime / "vim" / "_meta.lua"
    meta.write_text(meta.read_text(encoding="utf-8").replace("vim.uv = ...", ""), encoding="utf-8")
    settings = json.loads((plugin / ".emmyrc.json").read_text(encoding="utf-8"))
    settings["workspace"] = {"library": [str(runtime), str(HERE / "types")]}
    (plugin / ".emmyrc.json").write_text(json.dumps(settings), encoding="utf-8")
    return plugin


async def diagnose(server: Path, folder: Path) -> list[str]:
    """What the EmmyLua language server, which has no command line for that, has to say about all files of a folder."""
    client = LanguageClient("types", "1")
    # What it unpacks, and its log, lie where XDG says.
    environment = {**os.environ, "XDG_DATA_HOME": str(folder.parent / "data"), "HOME": str(folder.parent)}
    await client.start_io(str(server), "--log-path", "none", env=environment)
    capabilities = types.ClientCapabilities(
        # Without this it answers before it has read its settings and libraries.
        workspace=types.WorkspaceClientCapabilities(configuration=False),
        text_document=types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities()),
    )
    workspace = types.WorkspaceFolder(folder.as_uri(), folder.name)
    await client.initialize_async(types.InitializeParams(capabilities, workspace_folders=[workspace]))
    client.initialized(types.InitializedParams())
    found = []
    files = sorted(folder.rglob("*.lua"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        document = types.TextDocumentItem(file.as_uri(), "lua", 1, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    for file in files:
        report = await client.text_document_diagnostic_async(
            types.DocumentDiagnosticParams(types.TextDocumentIdentifier(file.as_uri()))
        )
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        found += [f"{file.relative_to(folder)}:{item.range.start.line + 1}: {item.message}" for item in report.items]
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]
    return found


@pytest.mark.asyncio
async def test_lua_has_the_types_that_it_says(
    editor_tools: Path, checked: Path, give_up: Callable[[str], NoReturn]
) -> None:
    server = editor_tools / "bin" / "emmylua_ls"
    if not server.exists():
        give_up("emmylua_ls is not there (.ci/neovim-tools)")
    (checked / "lua" / "wrong.lua").write_text("require('fathom.log').run(1)\n", encoding="utf-8")
    found = await diagnose(server, checked)
    assert any(line.startswith("lua/wrong.lua:1") for line in found), "the checker sees nothing"
    assert not [line for line in found if not line.startswith("lua/wrong.lua")]
