"""What the tests of both editors share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[1] / "fixtures" / "workspaces" / "parcels"


@pytest.fixture(scope="session")
def give_up() -> Callable[[str], NoReturn]:
    """Skips a test for want of a tool, or fails it where the tools must be there (FATHOM_REQUIRE_EDITORS=1)."""

    def without(reason: str) -> NoReturn:
        if os.environ.get("FATHOM_REQUIRE_EDITORS") == "1":
            pytest.fail(f"FATHOM_REQUIRE_EDITORS=1, but {reason}")
        pytest.skip(reason)

    return without


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A fresh copy of a small project in Python, TypeScript and Go."""
    copy = tmp_path / "parcels"
    shutil.copytree(PROJECT, copy)
    return copy
