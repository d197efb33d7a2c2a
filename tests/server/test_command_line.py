"""`fathom-lsp`'s options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fathom_indexer import __version__
from fathom_server.__main__ import main


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fathom_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)


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


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fathom_server", "--check"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, check=False)


def test_the_self_test_of_an_installation_that_works(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    names = [line.removeprefix("ok     ").partition(":")[0] for line in lines]
    assert names == ["versions", "SQLite", "grammars", "model", "cache", "index"]
    assert __version__ in lines[0]
    assert lines[-1].endswith("is not indexed yet")


def test_the_self_test_goes_on_after_what_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FATHOM_CACHE_DIR", str(tmp_path / "file"))
    result = check(tmp_path)
    assert result.returncode == 1
    assert "BROKEN cache: " in result.stdout
    assert result.stdout.splitlines()[-1].startswith(("ok     index", "BROKEN index"))
