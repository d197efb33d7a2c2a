"""The sources of the plugins: what they could reach other machines with is not in them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

EDITORS = Path(__file__).parents[2] / "editors"

MODULES = {"vscode", "vscode-languageclient", "vscode-languageclient/node"} | {
    f"node:{name}" for name in ("child_process", "crypto", "fs", "fs/promises", "os", "path", "util")
}
"""What the extension may import, besides its own modules. None of it speaks to other machines."""

IMPORT = re.compile(r"""(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*['"]([^'"]+)['"]""")
NETWORK = {
    ".ts": re.compile(r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|createTelemetryLogger)\b"),
    ".lua": re.compile(
        r"\bvim\.net\b|\bnew_(?:tcp|udp)\b|\bgetaddrinfo\b|\bsockconnect\b|\b(?:curl|wget|socket\.http)\b"
    ),
}


def sources(suffix: str) -> list[Path]:
    """The files that are part of a plugin, without its tests."""
    roots = {".ts": ("vscode/src",), ".lua": ("neovim/lua", "neovim/plugin", "neovim/lsp")}[suffix]
    return [file for root in roots for file in sorted((EDITORS / root).rglob(f"*{suffix}"))]


def faults(text: str, suffix: str) -> list[str]:
    """What a source uses that it may not."""
    found = NETWORK[suffix].findall(text)
    if suffix == ".ts":
        found += [name for name in IMPORT.findall(text) if not name.startswith(".") and name not in MODULES]
    return found


@pytest.mark.parametrize("suffix", [".ts", ".lua"])
def test_no_source_reaches_for_the_network(suffix: str) -> None:
    assert len(sources(suffix)) > 5
    found = {file.name: faults(file.read_text("utf-8"), suffix) for file in sources(suffix)}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".ts", "import { request } from 'node:https';"),
        (".ts", 'import * as net from "net";'),
        (".ts", "import 'undici';"),
        (".ts", "const { get } = await import('node:http');"),
        (".ts", "const http = require('http');"),
        (".ts", "await fetch(address)"),
        (".ts", "const logger = env.createTelemetryLogger(sender);"),
        (".lua", "vim.net.request(address)"),
        (".lua", "local tcp = vim.uv.new_tcp()"),
        (".lua", "vim.system({ 'curl', address })"),
    ],
)
def test_a_source_that_does_is_seen(suffix: str, text: str) -> None:
    assert faults(text, suffix) != []


def test_the_extension_brings_no_package_of_its_own_to_run_time() -> None:
    manifest = json.loads((EDITORS / "vscode" / "package.json").read_text("utf-8"))
    assert manifest.get("dependencies", {}) == {}
    assert "telemetry" not in json.dumps(manifest).lower()
