"""The lines that a result list shows."""

from __future__ import annotations

import pytest

from fathom_indexer.search.snippet import snippet
from fathom_indexer.types import Function, Kind


def unit(text: str, kind: Kind = Kind.METHOD) -> Function:
    return Function("f", "f", kind, "python", "", "", text, 0, len(text), 1, 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("def f(self):\n        return 1\n", "def f(self):\n    return 1"),
        ("@property\n    def f(self):\n        return 1", "@property\ndef f(self):\n    return 1"),
        ("int f() {\n      return 1;\n    }", "int f() {\n  return 1;\n}"),
        ("def f(\n        a,\n    ):\n        pass", "def f(\n    a,\n):\n    pass"),
        ("f = 1", "f = 1"),
        ("", ""),
    ],
)
def test_takes_the_outer_indentation_off(text: str, shown: str) -> None:
    assert snippet(unit(text)) == shown


def test_shows_eight_lines_and_cuts_long_ones() -> None:
    text = "def f():\n" + "".join(f"    line_{number} = '{'x' * 500}'\n" for number in range(30))
    lines = snippet(unit(text)).splitlines()
    assert len(lines) == 8
    assert max(len(line) for line in lines) <= 160
