"""Fixtures of the server's tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[[str], tuple[str, ...]]


@pytest.fixture
def fake_indexer() -> Command:
    """The command that starts `fake_indexer.py` in a mode."""
    script = str(Path(__file__).parent / "fake_indexer.py")
    return lambda mode: (sys.executable, script, mode)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("FATHOM_CACHE_DIR", str(folder))
    return folder
