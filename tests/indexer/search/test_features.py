"""What place, role, form and neighbourhood say about candidates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.search.coverage import coverage_values, covered, discriminative_terms
from fathom_indexer.search.definition_penalties import definition_penalties, is_private
from fathom_indexer.search.files import coherence_values, diversity_values
from fathom_indexer.search.name_match import name_values
from fathom_indexer.search.path_match import path_values, stem_of, stem_values
from fathom_indexer.search.path_roles import Role, role_values, roles_of
from fathom_indexer.search.platforms import is_foreign
from fathom_indexer.search.signals import RankedIds, in_order, spread
from fathom_indexer.search.term_overlap import same_word
from fathom_indexer.storage import FunctionSummary, WordStatistics
from fathom_indexer.types import Kind

MakeOutline = Callable[..., FunctionSummary]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("route", "routes", True),
        ("routing", "rout", True),
        ("dependency", "dependencies", True),
        ("format", "formatting", True),
        ("class", "class", True),
        ("path", "patch", False),
        ("in", "index", False),
        ("test", "testimonials", False),
        ("config", "configuration", True),
        ("serializer", "serialization", True),
        ("validator", "validate", True),
        ("iterator", "iteration", True),
        ("bool", "boolean", True),
        ("idx", "indexes", True),
        ("msgs", "message", True),
        ("auth", "authentication", True),
        ("section", "sector", False),
        ("command", "comment", False),
        ("internal", "international", False),
    ],
)
def test_forms_of_a_word(one: str, other: str, same: bool) -> None:
    assert same_word(one, other) is same
    assert same_word(other, one) is same


def test_words_in_the_names_of_file_and_folder(outline: MakeOutline) -> None:
    outlines = {
        1: outline(path="app/formatting.py"),
        2: outline(path="formats/other.py"),
        3: outline(path="app/other.py"),
    }
    values = path_values(("help", "format"), outlines)
    assert 1 > values[1] > values[2] > 0
    assert 3 not in values
    assert path_values((), outlines) == {}


def test_a_file_all_of_whose_name_is_asked_for(outline: MakeOutline) -> None:
    outlines = {
        1: outline(path="lib/mapper.rb"),
        2: outline(path="lib/route_mapper_helper.rb"),
        3: outline(path="lib/other.rb"),
        4: outline(path="lib/cache/mod.rs"),
    }
    values = stem_values(("mapper", "type", "cache"), outlines)
    assert values[1] == values[4] > 3 * values[2] > 0
    assert 3 not in values
    assert stem_values((), outlines) == {}


@pytest.mark.parametrize(
    ("path", "stem"),
    [("a/b.test.js", "b"), ("a/index.js", "a"), ("a/__init__.py", "a"), ("lib.rs", "lib"), (".profile.sh", "profile")],
)
def test_what_a_file_is_called(path: str, stem: str) -> None:
    assert stem_of(path) == stem


def test_a_word_that_every_path_has_tells_little(outline: MakeOutline) -> None:
    outlines = {number: outline(path=f"json/json_{name}.py") for number, name in enumerate(("read", "write", "path"))}
    values = path_values(("json", "read"), outlines)
    assert values[0] > 2 * values[1]


def test_words_in_the_name(outline: MakeOutline) -> None:
    outlines = {1: outline("Upload.retryFailed"), 2: outline("retry_loop"), 3: outline("Retry.send")}
    values = name_values(("retry", "failed", "uploads"), outlines)
    assert 1 > values[1] > values[2] > 0
    assert 3 not in values
    assert name_values(("filename",), {1: outline("file_name"), 2: outline("name")}).keys() == {1}


def test_a_function_that_has_more_of_the_question_counts_more() -> None:
    known = WordStatistics(100, 1000, {"retry": 2, "file": 50, "zebra": 0})
    having = {"retry": {1, 2}, "file": {1, 3}, "zebra": set[int]()}
    coverage = coverage_values(["retry", "file", "zebra"], known, having)
    assert coverage[1] > coverage[2] > coverage[3] > 0
    # No function can have a word that the index does not know: it costs none of them anything.
    assert coverage[1] == pytest.approx(1.0)
    assert coverage_values(["zebra"], known, having) == {}
    assert coverage_values(["retry", "file"], known, having)[1] == pytest.approx(1.0)
    assert covered({1: 10.0, 4: 10.0}, coverage) == {1: 10.0 * coverage[1], 4: 0.0}
    assert coverage_values([], known, {}) == {}


def test_common_words_are_left_out_where_they_cost() -> None:
    known = WordStatistics(4, 100, {"get": 4, "url": 1, "size": 2, "none": 0})
    assert discriminative_terms(["get", "url", "size", "none"], known, 100) == ["get", "url", "size", "none"]
    assert discriminative_terms(["get", "url", "size", "none", "url"], known, 3) == ["url", "size", "none", "url"]
    assert discriminative_terms(["get", "none"], WordStatistics(4, 100, {"get": 4, "none": 0}), 3) == ["get", "none"]
    assert discriminative_terms([], WordStatistics(4, 100, {}), 3) == []


@pytest.mark.parametrize(
    ("path", "system", "foreign"),
    [
        ("src/win/core.c", "linux", True),
        ("src/unix/core.c", "linux", False),
        ("src/unix/core.c", "win32", True),
        ("src/unix/darwin.c", "linux", True),
        ("src/unix/bsd-proctitle.c", "freebsd14", False),
        ("src/core_windows.go", "darwin", True),
        ("src/linux_and_darwin.rs", "darwin", False),
        ("src/window.c", "linux", False),
    ],
)
def test_code_for_other_systems(outline: MakeOutline, path: str, system: str, foreign: bool) -> None:
    assert is_foreign(path, system) is foreign
    assert bool(role_values(("run", "loop"), {1: outline(path=path)}, system)) is foreign
    assert role_values(("run", "on", "windows"), {1: outline(path=path)}, system) == {}


def test_the_spread_of_few_values_is_no_accident() -> None:
    assert 0.1 < spread([0.5, 0.5]) < spread([0.5]) < 0.11, "near the typical one"
    assert spread([]) < 1
    assert spread([0.4, 0.6] * 500) == pytest.approx(0.1, rel=0.01), "many values speak for themselves"
    assert spread([0.5] * 1000) == 0.06
    assert spread([0.0, 1.0] * 500) == 0.2


@pytest.mark.parametrize(
    ("path", "roles"),
    [
        ("src/app/main.py", set()),
        ("tests/test_main.py", {Role.TEST}),
        ("src/click/testing.py", set()),
        ("src/latest/contest.py", set()),
        ("pkg/router_test.go", {Role.TEST}),
        ("src/RouterTest.java", {Role.TEST}),
        ("lib/router.spec.ts", {Role.TEST}),
        ("examples/basic/main.rs", {Role.EXAMPLE}),
        ("third_party/zlib/inflate.c", {Role.VENDORED}),
        ("api/user_pb2.py", {Role.GENERATED}),
        ("types/index.d.ts", {Role.DECLARATION}),
        ("src/_compat.py", {Role.LEGACY}),
    ],
)
def test_roles(path: str, roles: set[Role]) -> None:
    assert roles_of(path) == roles


def test_a_role_that_is_asked_for_is_no_drawback(outline: MakeOutline) -> None:
    outlines = {1: outline(path="tests/test_app.py"), 2: outline(), 3: outline("tests.works", path="src/lib.rs")}
    assert set(role_values(("router",), outlines)) == {1, 3}
    assert role_values(("router", "tests"), outlines) == {}


def test_older_versions_come_later_where_a_newer_one_is_found_too(outline: MakeOutline) -> None:
    paths = [
        "src/v3/parse.ts",
        "src/v4/core/parse.ts",
        "src/parse.ts",
        "lib/v1/other.ts",
        "v3/alone.ts",
        "src/v4x/a.ts",
    ]
    outlines = {number: outline(path=path) for number, path in enumerate(paths)}
    assert set(role_values(("parse",), outlines)) == {0}
    assert role_values(("parse", "v3"), outlines) == {}
    assert role_values(("parse", "legacy"), outlines) == {}


@pytest.mark.parametrize(
    ("name", "language", "signature", "private"),
    [
        ("_helper", "python", "def _helper():", True),
        ("__init__", "python", "def __init__(self):", False),
        ("__mangled", "python", "def __mangled(self):", True),
        ("helper", "go", "func helper()", True),
        ("Helper", "go", "func Helper()", False),
        ("run", "java", "private void run()", True),
        ("run", "java", "public void run()", False),
        ("run", "elixir", "defp run(x)", True),
        ("#run", "javascript", "#run()", True),
        ("run", "c", "static int run(void)", True),
    ],
)
def test_private_names(outline: MakeOutline, name: str, language: str, signature: str, private: bool) -> None:
    assert is_private(outline(name, language=language, signature=signature)) is private


def test_stubs_and_leftovers_count_less(outline: MakeOutline) -> None:
    outlines = {1: outline(), 2: outline(lines=1), 3: outline("", kind=Kind.MODULE), 4: outline("_x")}
    outlines |= {5: outline("Shape", kind=Kind.CLASS), 6: outline("", kind=Kind.CLOSURE, lines=1)}
    values = definition_penalties(outlines)
    assert values.keys() == {2, 3, 4, 5}
    assert 1.0 == values[2] > values[3] > values[5] == values[4] > 0


rankings = st.lists(st.floats(-1, 2), max_size=40).map(lambda scores: in_order(list(enumerate(scores))))


def test_the_file_with_most_evidence_gains_most() -> None:
    ranked: RankedIds = [(1, 0.9), (2, 0.88), (3, 0.87), (4, 0.1)]
    values = coherence_values(ranked, {1: "a", 2: "b", 3: "b", 4: "a"})
    assert values == {2: 1.0, 1: pytest.approx(0.6, abs=0.1)}


@given(rankings)
def test_coherence_is_for_the_best_of_each_file(ranked: RankedIds) -> None:
    values = coherence_values(ranked, {function_id: str(function_id % 3) for function_id, _ in ranked})
    assert len(values) == len({function_id % 3 for function_id, _ in ranked})
    assert all(0 < value <= 1 for value in values.values()) and (not values or max(values.values()) == 1)


@given(rankings)
def test_alone_in_its_file_nothing_comes_later(ranked: RankedIds) -> None:
    assert diversity_values(ranked, {function_id: str(function_id) for function_id, _ in ranked}) == {}


def test_each_further_function_of_a_file_comes_later() -> None:
    values = diversity_values([(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)], {1: "a", 2: "a", 3: "b", 4: "a"})
    assert values == {2: 0.5, 4: 0.75}
