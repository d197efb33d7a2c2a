"""`check.py` and `fathom.py`, the commands that a new contributor runs first."""

from __future__ import annotations

import importlib
import re
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
    own = {"slow", "e2e", "editors", "network"}
    assert own <= {name for name, _ in described}
    assert set(re.findall(r"not (\w+)", check.FAST)) == own


def test_other_arguments_are_pytests(check: Any) -> None:
    assert check.pytest_arguments(["-k", "search"]) == ["-k", "search"]
    assert check.pytest_arguments(["--fast", "-k", "search"]) == ["-m", check.FAST, "-k", "search"]
