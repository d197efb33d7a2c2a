"""Questions about repositories: reading, which result covers which answer, and the very function that is asked for."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.errors import EvaluationError
from fathom_indexer.types import Function, FunctionRef, Hit, Kind
from fathom_research.evaluation import (
    CodeRange,
    Question,
    answers_ndcg,
    asked_function,
    estimate,
    function_rank,
    ranks,
    read_repositories,
)
from fathom_research.evaluation.functions import identifiers

LISTING = [
    {"name": "shop", "language": "python", "url": "https://x/shop.git", "revision": "abc", "benchmark_root": "src/"},
    {"name": "till", "language": "go", "url": "https://x/till.git", "revision": "def"},
]
SHOP = [
    {
        "query": "how is a price rounded",
        "category": "semantic",
        "relevant": ["src/price.py", {"path": "src/tax.py", "start_line": 3, "end_line": 9}],
        "secondary": [{"path": "src/money.py"}],
    }
]
TILL = [{"query": "Drawer", "category": "symbol", "relevant": ["drawer.go"], "secondary": []}]


def write(folder: Path, **files: object) -> Path:
    for name, rows in files.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def test_reads_repositories_with_their_questions(tmp_path: Path) -> None:
    shop, till = read_repositories(write(tmp_path, repositories=LISTING, shop=SHOP, till=TILL))
    assert (shop.name, shop.language, shop.folder, till.folder) == ("shop", "python", "src", "")
    (question,) = shop.questions
    assert question.main == (CodeRange("src/price.py"), CodeRange("src/tax.py", (3, 9)))
    assert question.answers == (*question.main, CodeRange("src/money.py"))
    assert shop.code_range("tax.py", (1, 4)) == CodeRange("src/tax.py", (1, 4))
    assert till.code_range("cmd/drawer.go", (1, 4)) == CodeRange("cmd/drawer.go", (1, 4))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relevant": []}, "question 1: `relevant` is empty"),
        ({"relevant": "src/price.py"}, "`relevant` is no list"),
        ({"query": ""}, "`query` is missing"),
        ({"relevant": [3]}, "neither a path nor an object"),
        ({"relevant": [{"path": "a", "start_line": 9, "end_line": 3}]}, "lines 9 to 3 are no range"),
        ({"relevant": [{"path": "a", "start_line": 9}]}, "lines 9 to None are no range"),
        ({"relevant": [{"start_line": 1, "end_line": 3}]}, "`path` is missing"),
    ],
)
def test_bad_questions_are_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    write(tmp_path, repositories=LISTING, shop=[SHOP[0] | change], till=TILL)
    with pytest.raises(EvaluationError, match=message) as error:
        read_repositories(tmp_path)
    assert "shop.json" in str(error.value)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"repositories\.json cannot be read"):
        read_repositories(tmp_path)
    write(tmp_path, repositories={"name": "shop"})
    with pytest.raises(EvaluationError, match="not a list of JSON objects"):
        read_repositories(tmp_path)


def test_lines_must_overlap_where_both_have_lines() -> None:
    answer = CodeRange("a.py", (10, 20))
    assert CodeRange("a.py", (20, 30)).covers(answer)
    assert CodeRange("a.py", (1, 10)).covers(answer)
    assert not CodeRange("a.py", (21, 30)).covers(answer)
    assert CodeRange("a.py").covers(answer)
    assert not CodeRange("b/a.py", (10, 20)).covers(answer)


def test_an_answer_is_found_at_its_first_result() -> None:
    results = [CodeRange("x", (1, 2)), CodeRange("a", (1, 2)), CodeRange("a", (3, 4)), CodeRange("b", (1, 9))]
    answers = [CodeRange("a"), CodeRange("b", (9, 9)), CodeRange("a", (4, 4)), CodeRange("c")]
    assert ranks(results, answers) == [2, 4, 3, None]
    gain = 1 / math.log2(3) + 1 / math.log2(5) + 1 / math.log2(4)
    ideal = sum(1 / math.log2(rank + 1) for rank in (1, 2, 3, 4))
    assert answers_ndcg(results, answers) == pytest.approx(gain / ideal)


def test_several_results_of_one_file_push_the_others_down() -> None:
    answers = [CodeRange("a"), CodeRange("b")]
    crowded = [*[CodeRange("a", (line, line)) for line in range(1, 4)], CodeRange("b", (1, 1))]
    spread = [CodeRange("a", (1, 1)), CodeRange("b", (1, 1))]
    assert answers_ndcg(crowded, answers) < answers_ndcg(spread, answers) == 1.0


def test_only_the_first_ten_count() -> None:
    results = [CodeRange(f"{number}", (1, 1)) for number in range(20)]
    assert answers_ndcg(results, [CodeRange("9")]) > 0
    assert answers_ndcg(results, [CodeRange("10")]) == 0


def test_a_question_needs_an_answer() -> None:
    with pytest.raises(ValueError, match="needs an answer"):
        answers_ndcg([], [])


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.integers(0, 5)), max_size=15),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.integers(0, 5)), min_size=1, max_size=5),
)
def test_ndcg_is_a_share(results: list[tuple[str, int, int]], answers: list[tuple[str, int, int]]) -> None:
    def places(rows: list[tuple[str, int, int]]) -> list[CodeRange]:
        return [CodeRange(path, (first, first + length)) for path, first, length in rows]

    assert 0 <= answers_ndcg(places(results), places(answers)) <= 1
    assert answers_ndcg(places(answers), places(answers)) == pytest.approx(1) or len(set(answers)) < len(answers)


def unit(name: str, kind: Kind = Kind.FUNCTION, line: int = 1, scope: str = "") -> Function:
    qualified = f"{scope}.{name}" if scope else name
    return Function(name, qualified, kind, "python", "", "", "", line * 10, line * 10 + 9, line, line + 4)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Session", {"Session"}),
        ("Sinatra::Base", {"Base"}),
        ("how does parseEither run a parser", {"parseEither"}),
        ("what does open_file do with HTTP errors", {"open_file", "HTTP"}),
        ("how is a price rounded", set()),
        ("", set()),
    ],
)
def test_identifiers_of_a_question(question: str, words: set[str]) -> None:
    assert identifiers(question) == words


def test_the_function_that_a_question_names() -> None:
    units = [unit("open_file"), unit("close_file", line=9), unit("read", line=20)]
    asked = Question("how does open_file work", "semantic", (CodeRange("a.py"),))
    assert asked_function(asked, units) == units[0]


def test_no_function_where_the_rule_leaves_a_choice() -> None:
    answer = (CodeRange("a.py"),)
    twice = [unit("open_file"), unit("open_file", line=9, scope="Shop")]
    assert asked_function(Question("how does open_file work", "semantic", answer), twice) is None
    both = [unit("open_file"), unit("close_file", line=9)]
    assert asked_function(Question("open_file and close_file", "semantic", answer), both) is None
    assert asked_function(Question("how to open a file", "semantic", answer), both) is None
    two_answers = (CodeRange("a.py"), CodeRange("b.py"))
    assert asked_function(Question("how does open_file work", "semantic", two_answers), [unit("open_file")]) is None


def test_constructors_and_units_outside_the_label_are_not_counted() -> None:
    units = [unit("Shop", Kind.CLASS), unit("Shop", Kind.CONSTRUCTOR, 3, "Shop"), unit("Shop", Kind.TYPE, 90)]
    assert asked_function(Question("Shop", "symbol", (CodeRange("a.py", (1, 20)),)), units) == units[0]


def test_rank_of_the_function_among_all_and_in_its_file() -> None:
    wanted, other = unit("open_file"), unit("close_file", line=9)
    hits = [
        Hit(FunctionRef.of(path, function), score, "", source=function)
        for path, function, score in [("b.py", wanted, 3.0), ("a.py", other, 2.0), ("a.py", wanted, 1.0)]
    ]
    found = function_rank(hits, "a.py", wanted)
    assert (found.rank, found.rank_in_file) == (3, 2)
    missing = function_rank(hits, "c.py", wanted)
    assert (missing.rank, missing.rank_in_file) == (None, None)


def test_bootstrap_interval() -> None:
    certain = estimate([0.5] * 20)
    assert (certain.mean, certain.low, certain.high, certain.half_width) == (0.5, 0.5, 0.5, 0.0)
    unsure = estimate([0.0, 1.0] * 50)
    assert unsure.mean == 0.5
    assert 0.39 < unsure.low < 0.42 and 0.58 < unsure.high < 0.61
    assert unsure == estimate([0.0, 1.0] * 50)
    with pytest.raises(ValueError, match="no values"):
        estimate([])
