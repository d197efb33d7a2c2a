from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_research.training.data.queries import (
    content_words,
    is_hard,
    is_telling,
    keyword_query,
    question_query,
    without_own_name,
)


@pytest.mark.parametrize(
    ("description", "clause"),
    [
        ("Parses the header of a request.", "parse the header of a request"),
        ("Returns the number of rows.", "get the number of rows"),
        ("Matches every pattern in the file", "match every pattern in the file"),
        ("Copies all rows to a new table, which is then closed.", "copy all rows to a new table"),
        ("Parse the URL (see above).", "parse the URL"),
        ("Make new lambdas with unique names.", "make new lambdas with unique names"),
        ("Blurs pictures of cats", "blur pictures of cats"),
    ],
)
def test_questions_begin_with_the_infinitive(description: str, clause: str) -> None:
    asked = {question_query(description, "anything", "cpp", random.Random(seed)) for seed in range(60)}
    assert clause in asked
    assert f"how to {clause}" in asked
    assert f"how to {clause} in c++" in asked
    assert all(question is not None and clause in question for question in asked)


@pytest.mark.parametrize(
    "description",
    [
        "The number of rows.",
        "True if all is well",
        "Number of rows in it",
        "This is a helper",
        "Row parser internals",
        "Labels of all rows",
    ],
)
def test_no_question_where_no_verb_leads(description: str) -> None:
    assert question_query(description, "anything", "go", random.Random(0)) is None


def test_the_own_name_is_left_out() -> None:
    assert without_own_name("readAll reads from r until the end.", "readAll") == "reads from r until the end."
    assert without_own_name("reads from r until the end.", "readAll") == "reads from r until the end."
    assert without_own_name("readAll - reads from r until the end.", "readAll") == "reads from r until the end."
    assert without_own_name("Close it.", "Close") == "Close it."


def test_keywords_come_from_the_description_and_the_name() -> None:
    description = "Returns the widest shelf that is not yet full of books."
    found = [keyword_query(description, "pick_target", random.Random(seed)) for seed in range(40)]
    assert {word for query in found if query for word in query.split()} == {
        *("widest", "shelf", "full", "books"),
        *("pick", "target"),
    }
    assert all(query is not None and 3 <= len(query.split()) <= 6 for query in found)


@pytest.mark.parametrize(
    ("description", "telling"),
    [("A helper function.", False), ("Sets the given value.", False), ("Inverts this rotation.", True)],
)
def test_what_tells_functions_apart(description: str, telling: bool) -> None:
    assert is_telling(description) is telling


def test_too_few_keywords() -> None:
    assert keyword_query("Is it so?", "f", random.Random(0)) is None


@pytest.mark.parametrize(
    ("description", "name", "hard"),
    [
        ("Joins overlapping intervals.", "mergeRanges", True),
        ("Joins overlapping intervals.", "join_all", False),
        ("Counting of the rows.", "row_count", False),
        ("Reads the whole file.", "readfile", False),
    ],
)
def test_hard_queries_share_no_word_with_the_name(description: str, name: str, hard: bool) -> None:
    assert is_hard(description, name) is hard


@given(st.text(max_size=200), st.text(max_size=30), st.integers())
def test_any_text_is_taken(description: str, name: str, seed: int) -> None:
    rng = random.Random(seed)
    keyword_query(description, name, rng)
    question_query(description, name, "python", rng)
    assert is_hard(description, name) in {True, False}
    assert all(word == word.lower() for word in content_words(description))
