"""Definitions that a query names."""

from __future__ import annotations

import bisect
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.search.symbols import closeness, in_files, near_names, spellings
from fathom_indexer.storage import FunctionSummary
from fathom_indexer.types import Kind

MakeOutline = Callable[..., FunctionSummary]

NAMES = sorted(["parse", "parse_args", "parse_arguments", "print_help", "quote", "quantile"])


def names(prefix: str, shortest: int, longest: int) -> list[str]:
    start = bisect.bisect_left(NAMES, prefix)
    return [name for name in NAMES[start:] if name.startswith(prefix) and shortest <= len(name) <= longest]


def close(symbol: str, *outlines: FunctionSummary) -> list[int]:
    """Numbers of the outlines that have to do with the symbol, closest first."""
    values = closeness([symbol], dict(enumerate(outlines)))
    return sorted(values, key=lambda number: -values[number])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("parse_arg", ["parse_args", "parse_arguments"]),
        ("parse", ["parse", "parse_args", "parse_arguments"]),
        ("qoute", ["quote"]),
        ("prnt_help", ["print_help"]),
        ("zzz", []),
        ("q", []),
    ],
)
def test_near_names(name: str, found: list[str]) -> None:
    assert near_names(name, names) == found


def test_spellings_are_the_last_parts() -> None:
    assert spellings(["Session.close", "close", "Router"]) == ["close", "Router"]


def test_exact_before_other_case_before_beginning(outline: MakeOutline) -> None:
    candidates = outline("parseargs"), outline("parse_args_from"), outline("parse_args"), outline("other")
    assert close("parse_args", *candidates) == [2, 0, 1]


def test_the_scope_decides_between_equal_names(outline: MakeOutline) -> None:
    assert close("Session.close", outline("Pool.close"), outline("Session.close")) == [1, 0]
    assert close("session.close", outline("close", path="src/pool.py"), outline("close", path="src/session.py")) == [
        1,
        0,
    ]


def test_the_class_before_its_constructor(outline: MakeOutline) -> None:
    assert close("Gson", outline("Gson.Gson", kind=Kind.CONSTRUCTOR), outline("Gson", kind=Kind.CLASS)) == [1, 0]


def test_leftover_code_of_a_file_that_is_called_so(outline: MakeOutline) -> None:
    assert close("settings", outline("", path="app/settings.py", kind=Kind.MODULE)) == [0]
    assert close("settings", outline("", path="app/other.py", kind=Kind.MODULE)) == []


def test_files_are_known_by_their_ends(outline: MakeOutline) -> None:
    outlines = {1: outline(path="app/net/pool.go"), 2: outline(path="app/net/carpool.go"), 3: outline(path="pool.go")}
    assert set(in_files(["pool.go"], outlines)) == {1, 3}
    assert set(in_files(["Net/Pool.go"], outlines)) == {1}
    assert in_files([], outlines) == {}


names_of_all_kinds = st.text("_aB$é.", max_size=8)


@given(names_of_all_kinds, names_of_all_kinds)
def test_any_name_can_be_asked_for_where_any_name_is(symbol: str, name: str) -> None:
    """A function may be called `_`, of which nothing is left where underscores do not count."""
    found = FunctionSummary(1, "a.py", name, f"Class.{name}", Kind.METHOD, "python", "", 1, 10)
    assert all(0 < value <= 1 for value in closeness([symbol], {1: found}).values())
