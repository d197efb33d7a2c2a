"""Positions of a saved file's lines in the edited document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_server.duplicates.line_edits import LineEdits, SavedTexts

SAVED = ["import a", "", "def one():", "    pass", "", "def two():", "    pass"]


@pytest.mark.parametrize(
    ("edited", "one", "two"),
    [
        (SAVED, 0, 0),
        (["# new", *SAVED], 1, 1),
        (["# new", "# lines", *SAVED[1:]], 1, 1),
        (SAVED[1:], -1, -1),
        ([*SAVED[:5], "x = 1", *SAVED[5:]], 0, 1),
        ([*SAVED, "", "x = 1"], 0, 0),
        ([*SAVED[:3], "    return 1", *SAVED[4:]], None, 0),
        ([*SAVED[:3], "    x = 1", *SAVED[3:]], None, 1),
        (SAVED[:4], 0, None),
        # Between two edits nothing is told apart.
        (["# new", *SAVED, "# new"], None, None),
        ([], None, None),
    ],
)
def test_functions_move_with_the_lines_around_them(edited: list[str], one: int | None, two: int | None) -> None:
    edits = LineEdits(SAVED, edited)
    assert (edits.shift(3, 4), edits.shift(6, 7)) == (one, two)


lines = st.lists(st.sampled_from(["a", "b", ""]), max_size=12)


@given(lines, lines, st.data())
def test_what_has_moved_is_the_same_code(before: list[str], after: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(before) + 1))
    last = data.draw(st.integers(first, len(before) + 1))
    shift = LineEdits(before, after).shift(first, last)
    if shift is not None and last <= len(before):
        assert after[first - 1 + shift : last + shift] == before[first - 1 : last]


def test_a_document_is_compared_with_its_last_save() -> None:
    texts = SavedTexts()
    assert texts.edits("a", ["x"]).shift(1, 1) == 0
    texts.saved("a", ["x"])
    assert texts.edits("a", ["new", "x"]).shift(1, 1) == 1
    texts.saved("a", ["new", "x"])
    assert texts.edits("a", ["new", "x"]).shift(2, 2) == 0
    texts.closed("a")
    assert texts.edits("a", ["x"]).shift(1, 1) == 0
