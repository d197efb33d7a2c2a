"""`fathom-lsp`'s options."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fathom_indexer import __version__
from fathom_server.__main__ import main


def run(*arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fathom_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input=input, timeout=60, check=False)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "example.org", "[::]", ""])
def test_other_machines_are_kept_out_unless_asked_for(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--tcp", f"{host}:0"])
    assert exit_.value.code == 2
    assert "--tcp" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", ":8080"])
def test_an_address_that_is_none(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--tcp", address])
    assert exit_.value.code == 2
    assert "HOST:PORT" in capsys.readouterr().err


def test_a_log_file_that_cannot_be_written(tmp_path: Path) -> None:
    result = run("--log-file", str(tmp_path))
    assert result.returncode == 2
    assert "--log-file" in result.stderr


def test_input_that_ends_at_once_ends_the_server(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    result = run("-vv", "--log-file", str(log))
    assert (result.returncode, result.stdout) == (1, "")
    assert log.exists()


def framed(**fields: Any) -> str:
    body = json.dumps({"jsonrpc": "2.0", **fields})
    return f"Content-Length: {len(body)}\r\n\r\n{body}"


SECRET = "what the user types"
SESSION = (
    framed(id=1, method="initialize", params={"capabilities": {}})
    + framed(method="initialized", params={})
    + framed(method="initialized-not", params={})
    + framed(id=2, method="fathom/search", params={"query": SECRET})
    + framed(id=3, method="shutdown")
    + framed(method="exit")
)


@pytest.mark.parametrize(("verbose", "levels"), [((), {"WARNING"}), (("-v",), {"WARNING"}), (("-vv",), {"DEBUG"})])
def test_the_log_goes_to_standard_error_and_to_the_file(
    verbose: tuple[str, ...], levels: set[str], tmp_path: Path
) -> None:
    log = tmp_path / "server.log"
    result = run(*verbose, "--log-file", str(log), input=SESSION)
    assert result.returncode == 0
    assert result.stdout.count("Content-Length") == 3
    written = log.read_text(encoding="utf-8")
    assert written == result.stderr
    found = {line.split()[2] for line in written.splitlines()}
    assert levels <= found <= {"WARNING", "INFO", "DEBUG"}
    assert "DEBUG" in levels or "DEBUG" not in found
    assert SECRET not in written


NOISY = """
import os, subprocess, sys
from fathom_server.__main__ import main
from fathom_server.handlers.requests import search
find = search.search

async def noisy(ls, params=None):
    print("a library")
    os.write(1, b"a native library")
    subprocess.run([sys.executable, "-c", "print('a child')"], check=True)
    return await find(ls, params)

search.search = noisy
sys.exit(main(["-vv"]))
"""


def test_whatever_prints_the_stream_stays_clean() -> None:
    command = [sys.executable, "-c", NOISY]
    result = subprocess.run(command, input=SESSION, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    before, *bodies = re.split(r"Content-Length: \d+\n(?:Content-Type: .*\n)?\n", result.stdout)
    assert (before, [json.loads(body)["id"] for body in bodies]) == ("", [1, 2, 3])
    for printed in ("a library", "a native library", "a child"):
        assert printed in result.stderr


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fathom_server", "--check"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, check=False)


@pytest.mark.slow
def test_the_self_test_of_an_installation_that_works(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    names = [line.removeprefix("ok     ").partition(":")[0] for line in lines]
    assert names == ["versions", "SQLite", "grammars", "model", "silence", "cache", "index"]
    assert __version__ in lines[0]
    assert lines[-1].endswith("is not indexed yet")


@pytest.mark.slow
def test_the_self_test_goes_on_after_what_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FATHOM_CACHE_DIR", str(tmp_path / "file"))
    result = check(tmp_path)
    assert result.returncode == 1
    assert "BROKEN cache: " in result.stdout
    assert result.stdout.splitlines()[-1].startswith(("ok     index", "BROKEN index"))
