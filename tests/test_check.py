"""`check.py` and `fathom.py`, the commands that a new contributor runs first."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("check")


def test_fast_leaves_out_every_marker_that_says_why_a_test_takes_long(check: Any, pytestconfig: pytest.Config) -> None:
    described = (line.partition(":")[::2] for line in pytestconfig.getini("markers"))
    own = {"slow", "e2e", "editors", "network", "privacy"}
    assert own <= {name for name, _ in described}
    assert set(re.findall(r"not (\w+)", check.FAST)) == own


def test_tests_run_in_two_processes_unless_told_otherwise(check: Any) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    command = ["-m", "pytest", *check.WORKERS, *check.pytest_arguments(["-n", "0", "--version"])]
    assert subprocess.run([sys.executable, *command], capture_output=True, check=False, cwd=ROOT).returncode == 0


def test_other_arguments_are_pytests(check: Any) -> None:
    assert check.pytest_arguments(["-k", "search"]) == ["-k", "search"]
    assert check.pytest_arguments(["--fast", "-k", "search"]) == ["-m", check.FAST, "-k", "search"]


def test_a_pip_that_cannot_install_from_outside_fetches_one_that_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Ubuntu 22.04, whose pip is 22.0."""
    monkeypatch.syspath_prepend(str(ROOT))
    fathom = importlib.import_module("fathom")
    newer = tmp_path / "newer-pip"
    monkeypatch.setattr(fathom, "_NEWER_PIP", newer)
    installed: list[tuple[str, ...]] = []

    def run(command: list[str], env: dict[str, str] | None, **_: object) -> subprocess.CompletedProcess[bytes]:
        is_old, arguments = env is None, command[3:]
        if is_old and "--python" in arguments:
            return subprocess.CompletedProcess(command, 2)
        if "--target" in arguments:
            newer.mkdir()
        elif "install" in arguments:
            installed.append(tuple(arguments))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(fathom.subprocess, "run", run)
    fathom._pip_install("one")
    fathom._pip_install("two")
    assert [arguments[-1] for arguments in installed] == ["one", "two"]
    assert all("--python" in arguments for arguments in installed)
