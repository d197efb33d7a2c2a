"""Candidates as ranking sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fathom_indexer.storage import FunctionSummary
from fathom_indexer.types import Kind

MakeOutline = Callable[..., FunctionSummary]


@pytest.fixture
def outline() -> MakeOutline:
    """Makes an outline from what a test says about it."""

    def make(
        qualified_name: str = "run",
        path: str = "src/app.py",
        kind: Kind = Kind.FUNCTION,
        language: str = "python",
        signature: str = "",
        lines: int = 10,
        id: int = 1,
    ) -> FunctionSummary:
        name = qualified_name.rpartition(".")[2]
        return FunctionSummary(id, path, name, qualified_name, kind, language, signature, 1, lines)

    return make
