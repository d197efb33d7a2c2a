"""What every test shares."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from what the code gives")


@pytest.fixture(scope="session")
def give_up() -> Callable[[str], NoReturn]:
    """Skips a test for want of a tool or a download; fails it where nothing may be (FATHOM_TEST_EVERYTHING=1)."""

    def without(reason: str) -> NoReturn:
        if os.environ.get("FATHOM_TEST_EVERYTHING") == "1":
            pytest.fail(f"FATHOM_TEST_EVERYTHING=1, but {reason}")
        pytest.skip(reason)

    return without
