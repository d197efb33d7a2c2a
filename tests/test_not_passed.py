"""`pytest --not-passed`, with which CI's second pass leaves out what its first one has seen pass (conftest.py)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range(4))
def test_always(number):
    pass

def test_needs_more():
    if "MORE" not in os.environ:
        pytest.skip("something is missing")

def test_fails_without_more():
    assert "MORE" in os.environ
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")])
def test_the_last_line_counts_what_passed_before(workers: tuple[str, ...], tmp_path: Path) -> None:
    if workers:
        pytest.importorskip("xdist", reason="needs pytest-xdist")
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_one.py").write_text(TESTS)
    (tmp_path / "test_two.py").write_text("def test_gone(): pass\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    def last_line(*arguments: str, **variables: str) -> str:
        result = subprocess.run(
            [sys.executable, "-m", "pytest", "--rootdir", str(tmp_path), *workers, *arguments],
            cwd=tmp_path,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return result.stdout.rstrip().splitlines()[-1]

    first = last_line()
    assert [part in first for part in ("1 failed", "5 passed", "1 skipped")] == [True] * 3, first
    (tmp_path / "test_two.py").unlink()
    second = last_line("--not-passed", MORE="1")
    assert [part in second for part in ("2 passed", "4 passed before")] == [True] * 2, second
    assert "failed" not in second
    if not workers:
        third = last_line("--not-passed", MORE="1")
        assert "6 passed before" in third, third
