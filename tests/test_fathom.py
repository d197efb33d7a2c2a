"""`fathom.py`, with which a clone is tried."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(
    not any((ROOT / ".venv").glob(".installed-*")), reason="fathom.py has not set up its environment here"
)
def test_nothing_in_the_working_directory_is_run(tmp_path: Path) -> None:
    for module in ("numpy", "json", "fathom_indexer"):
        (tmp_path / f"{module}.py").write_text("open('was_run', 'w').close()\n")
    command = [sys.executable, str(ROOT / "fathom.py"), "languages"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=True)
    assert "python" in told.stdout
    assert not (tmp_path / "was_run").exists()
