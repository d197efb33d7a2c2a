from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_research.training.data.documentation import MAX_WORDS, MIN_WORDS, describe, first_sentence, words


@pytest.mark.parametrize(
    ("documentation", "expected"),
    [
        pytest.param("Sorts the rows.\n\nLonger text.", "Sorts the rows.", id="first paragraph"),
        pytest.param("Sorts the rows\nby their key.", "Sorts the rows by their key.", id="lines are joined"),
        pytest.param("Sorts the rows.\n@param rows what to sort\n@return them", "Sorts the rows.", id="javadoc"),
        pytest.param("@brief Sorts the rows.\n\\param rows", "Sorts the rows.", id="doxygen"),
        pytest.param("Sorts the rows.\n:param rows: what\n", "Sorts the rows.", id="sphinx"),
        pytest.param("Sorts the rows.\nArgs:\n    rows: what", "Sorts the rows.", id="google"),
        pytest.param("Sorts the rows.\nParameters\n----------\nrows", "Sorts the rows.", id="numpy"),
        pytest.param("Sorts the rows.\n# Examples\n```\nsort(x)\n```", "Sorts the rows.", id="rustdoc"),
        pytest.param('<summary>\nSorts the <see cref="T:Row"/>s.\n</summary>', "Sorts the Rows.", id="C#"),
        pytest.param("Sorts {@link Row#key the keys} of {@code rows}.", "Sorts the keys of rows.", id="javadoc links"),
        pytest.param("Sorts the :class:`~a.Row` of ``rows``.", "Sorts the a.Row of rows.", id="reST roles"),
        pytest.param("Sorts the [`Row`](crate::Row)s of *all* tables.", "Sorts the Rows of all tables.", id="Markdown"),
        pytest.param("<p>Sorts the <b>rows</b> &amp; columns.", "Sorts the rows & columns.", id="HTML"),
        pytest.param("Tcl_Sort --\n\nSorts the rows of a list.", "Sorts the rows of a list.", id="a title first"),
        pytest.param("@return the number of rows", "Returns the number of rows", id="only what it returns"),
        pytest.param("@returns {number} the count of rows", "Returns the count of rows", id="with its type"),
        pytest.param("@return [Boolean] Returns true if it is sorted", "Returns true if it is sorted", id="YARD"),
        pytest.param(
            "sortRows:\n@rows:  what to\n  sort\n\nSorts the @rows in place.", "Sorts the rows in place.", id="gtk-doc"
        ),
        pytest.param("Sorts, e.g. the rows.", "Sorts, e.g. the rows.", id="abbreviation"),
    ],
)
def test_describes(documentation: str, expected: str) -> None:
    assert describe(documentation) == expected


@pytest.mark.parametrize(
    "documentation",
    [
        "",
        "Sorts rows.",
        "TODO: sort the rows by key",
        "Copyright 2020 The Row Authors. All rights reserved.",
        "Licensed under the Apache License, Version 2.0",
        "{@inheritDoc}",
        "labels (Tensor of shape (rows,), optional): what to learn from",
        "See the other method for this.",
        "eslint-disable-next-line no-unused-vars for rows",
        "对行进行排序 and return the rows 的列表",
        "if (rows[i] == key) { return rows[i + 1]; }",
        "rows.sort(key); return rows;",
        "word " * (MAX_WORDS + 1),
    ],
)
def test_leaves_out(documentation: str) -> None:
    assert describe(documentation) is None


def test_keeps_whole_sentences_only() -> None:
    short = "Sorts all the rows."
    long = " ".join(["Then"] + ["word"] * MAX_WORDS) + "."
    assert describe(f"{short} {long}") == short


@given(st.text(max_size=400))
def test_what_it_gives_is_one_short_line(documentation: str) -> None:
    found = describe(documentation)
    assert found is None or ("\n" not in found and MIN_WORDS <= len(words(found)) <= MAX_WORDS)


def test_first_sentence() -> None:
    assert first_sentence("Reads it, i.e. all of it. Then closes it.") == "Reads it, i.e. all of it."
