"""Commands beside an indexer that runs already, and beside other commands."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fathom_indexer.cli.main import main
from fathom_indexer.cli.workspace import OwnEngine
from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.process.rendezvous import Rendezvous
from fathom_indexer.types import Stage


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FATHOM_CACHE_DIR", str(tmp_path / "cache"))
    root = tmp_path / "code"
    root.mkdir()
    (root / "mail.py").write_text(
        "def notify(person, text):\n    '''Sends a letter over the internet.'''\n    smtp.send(person, text)\n"
    )
    (root / "sums.ts").write_text(
        "export function total(xs: number[]): number {\n  return xs.reduce((a, b) => a + b);\n}\n"
    )
    return root


@pytest.fixture
def indexer(workspace: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that an editor would have started, with a setting of its own."""
    config = json.dumps({"cache_dir": str(tmp_path / "cache"), "exclude": ["gen/"], "linger": 600.0})
    command = [sys.executable, "-m", "fathom_indexer.process", "--root", str(workspace), "--config", config, "--shared"]
    process = subprocess.Popen(command)
    rendezvous = Rendezvous.open(workspace, str(tmp_path / "cache"))
    deadline = time.monotonic() + 60
    while rendezvous.address() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens an engine in this process fails."""

    def refuse(*_: Any) -> Engine:
        raise AssertionError("the running indexer should have been asked")

    monkeypatch.setattr(Engine, "__init__", refuse)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("no_engine")
def test_commands_ask_the_running_indexer(
    workspace: Path, indexer: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(workspace)
    assert [hit["name"] for hit in answer(capsys, "search", "add up numbers", place)["results"]] == ["total", "notify"]
    assert answer(capsys, "search", "add up numbers", place, "-l", "python")["results"][0]["name"] == "notify"
    assert answer(capsys, "search", "numbers", place, "--explain", "-n", "1")["results"][0]["explanation"]
    assert answer(capsys, "similar", "mail.py:1", place)["results"][0]["name"] == "total"
    # It was told to look at the files again.
    (workspace / "new.py").write_text("def cast(spell):\n    '''Turns a prince into a frog.'''\n    return frog\n")
    assert answer(capsys, "search", "magic", place, "-n", "1")["results"][0]["name"] == "cast"
    (workspace / "new.py").unlink()
    assert answer(capsys, "index", place)["functions"] == 2
    assert answer(capsys, "index", place, "--rebuild")["functions"] == 2
    assert main(["search", "numbers", place, "-l", "klingon"]) == 2
    assert "klingon" in capsys.readouterr().err
    (workspace / "copy.py").write_text((workspace / "mail.py").read_text())
    (group,) = answer(capsys, "duplicates", place, "--min-tokens", "5")["groups"]
    assert [clone["path"] for clone in group["clones"]] == ["copy.py", "mail.py"]
    assert main(["duplicates", place, "--min-tokens", "5", "--fail-on", "exact"]) == 3
    assert "exact" in capsys.readouterr().out


def test_what_it_finds_is_what_an_engine_of_ones_own_finds(
    workspace: Path, indexer: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        ("search", "send an email", str(workspace), "--explain"),
        ("similar", "sums.ts:1", str(workspace), "--explain"),
        ("duplicates", str(workspace), "--min-tokens", "5"),
    ]
    (workspace / "copy.py").write_text((workspace / "mail.py").read_text().replace("person", "somebody"))
    shared = [answer(capsys, *command) for command in asked]
    indexer.kill()
    indexer.wait()
    assert [answer(capsys, *command) for command in asked] == shared


def test_status_says_who_indexes(
    workspace: Path, indexer: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    status = answer(capsys, "status", str(workspace))
    assert status["indexer"]["pid"] == indexer.pid
    assert status["indexer"]["clients"] == 0
    assert main(["status", str(workspace)]) == 0
    assert f"runs as process {indexer.pid}, used by 0 clients" in capsys.readouterr().out
    indexer.kill()
    indexer.wait()
    assert answer(capsys, "status", str(workspace))["indexer"] is None


def test_a_command_with_settings_of_its_own_keeps_apart(
    workspace: Path, indexer: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(capsys, "index", str(workspace))["functions"] == 2
    found = answer(capsys, "search", "send an email", str(workspace), "--exclude", "mail.py")
    assert [hit["name"] for hit in found["results"]] == ["total"]
    found = answer(capsys, "search", "send an email", str(workspace), "--no-refresh")
    assert found["results"][0]["name"] == "notify"


def test_a_command_starts_no_process(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "search", "send an email", str(workspace))
    assert answer(capsys, "status", str(workspace))["indexer"] is None


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are a matter of POSIX")
def test_a_rendezvous_place_that_is_not_private_is_told_and_done_without(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    Rendezvous.open(workspace, str(tmp_path / "cache")).folder.chmod(0o755)
    assert answer(capsys, "search", "send an email", str(workspace))["results"][0]["name"] == "notify"
    assert "open to other users" in caplog.text


def test_two_commands_take_turns_at_indexing(
    workspace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    other = Rendezvous.open(workspace, str(tmp_path / "cache")).indexing
    assert other.acquire()
    # What can be searched is searched at once.
    assert answer(capsys, "search", "send an email", str(workspace), "--no-refresh")["results"] == []
    timer = threading.Timer(0.5, other.release)
    timer.start()
    assert answer(capsys, "search", "send an email", str(workspace))["results"][0]["name"] == "notify"
    assert "another process is indexing this folder" in caplog.text
    timer.join()
    assert other.acquire(), "the command has released its lease"
    other.release()


def test_the_lease_is_released_when_the_work_is_broken_off(workspace: Path, tmp_path: Path) -> None:
    rendezvous = Rendezvous.open(workspace, str(tmp_path / "cache"))
    with OwnEngine.open(workspace, Config()) as engine:
        engine.lease = rendezvous.lease()
        steps = engine.index_steps()
        assert next(steps).stage is Stage.SCAN
        assert not Rendezvous.open(workspace, str(tmp_path / "cache")).indexing.acquire()
        steps.close()  # type: ignore[attr-defined]
        assert rendezvous.indexing.acquire()
        rendezvous.indexing.release()


def test_an_indexer_that_dies_under_a_command_is_one_clear_line(
    workspace: Path, indexer: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "fathom_indexer.cli.main", "search", "--batch", str(workspace)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"numbers\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["results"]
    indexer.kill()
    indexer.wait()
    _, errors = process.communicate(b"more numbers\n", timeout=60)
    assert process.returncode == 1
    assert errors.startswith(b"fathom: the indexer process")
    assert errors.count(b"\n") == 1


def test_an_indexer_that_finds_its_index_damaged_says_so_ends_and_leaves_a_sound_one_to_the_next(
    workspace: Path, indexer: subprocess.Popen[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("search", "send an email", str(workspace))
    expected = answer(capsys, *command)
    (index,) = (tmp_path / "cache").glob("*/index.sqlite3")
    with closing(sqlite3.connect(index)) as db, db:
        # In idle time the indexer reads functions, and would come upon the damage before the search does.
        while db.execute("SELECT 1 FROM functions WHERE id NOT IN (SELECT function_id FROM windows)").fetchone():
            time.sleep(0.05)
        db.execute("UPDATE functions SET name = name || '_'")
    # The command loses its indexer, as an editor does, which would start the next one now.
    assert main(list(command)) == 1
    assert "indexer process" in capsys.readouterr().err
    assert indexer.wait(60) == 0
    assert answer(capsys, *command) == expected
