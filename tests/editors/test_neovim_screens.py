"""The Neovim plugin as a user sees it: mini.test drives a child Neovim by keys and looks at its screen.

The cases are in `neovim/cases/`. They run against the real server unless they need answers at will.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from commands import CommandFailedError, run

HERE = Path(__file__).parent / "neovim"
PARCELS = Path(__file__).parents[1] / "fixtures" / "workspaces" / "parcels"
CASES = sorted(file.stem for file in (HERE / "cases").glob("*.lua"))

REAL_CODE = ("http", "json", "urllib")
"""Packages of the standard library that stand for somebody's project."""


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Projects to search, each of which has its index made once."""
    folder = tmp_path_factory.mktemp("neovim")
    shutil.copytree(PARCELS, folder / "parcels")
    shutil.copytree(PARCELS, folder / "copies")
    original = (folder / "copies" / "parcels" / "geo.py").read_text(encoding="utf-8")
    (folder / "copies" / "distance.py").write_text(original.replace("haversine", "between"), encoding="utf-8")
    library = Path(os.__file__).parent
    for package in REAL_CODE:
        shutil.copytree(library / package, folder / "code" / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "code" / ".fathomignore").touch()
    return folder


@pytest.fixture(params=["0.11", "0.12"])
def nvim_to_test(request: pytest.FixtureRequest, nvim: str, editor_tools: Path) -> str:
    """The Neovim of the tests, or the next one where it runs."""
    if request.param == "0.11":
        return nvim
    newer = editor_tools / "bin" / "nvim-0.12"
    try:
        run(newer, "--version")
    except CommandFailedError as error:
        pytest.skip(f"Neovim 0.12 does not run here: {error}")
    return str(newer)


@pytest.mark.parametrize("cases", CASES)
def test_cases(cases: str, nvim_to_test: str, nvim: str, editor_tools: Path, projects: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        **{f"XDG_{name}_HOME": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        # These begin where nothing is indexed.
        "FATHOM_CACHE_DIR": str((tmp_path if cases == "code" else projects) / "cache"),
        "TEST_NVIM": nvim_to_test,
        "TEST_PROJECTS": str(projects),
        "TEST_REPOSITORY": str(Path(__file__).parents[2]),
        "TEST_PYTHON": sys.executable,
        "TEST_TOOLS": str(editor_tools / "debian"),
    }
    script = (HERE / "run.lua", HERE / "cases" / f"{cases}.lua")
    run(nvim, "--headless", "-u", "NONE", "-i", "NONE", "-l", *script, environment=environment, timeout=300)
