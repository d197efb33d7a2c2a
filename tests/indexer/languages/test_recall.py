"""`benchmarks/recall.py` on a made-up folder: what it counts as found, missed, misnamed and wrong."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fathom_indexer.languages import LANGUAGES, extract, language_named

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import expected_by_ctags  # noqa: E402
import expected_by_lines  # noqa: E402
import recall  # noqa: E402
from expected import Expected  # noqa: E402

needs_ctags = pytest.mark.skipif(not expected_by_ctags.is_there(), reason="universal-ctags is not installed")

CODE = b"""def a():
    pass

def b():
    pass

class C:
    @property
    def a(self):
        return 1
"""


def compared(expected: list[Expected], clauses: bool = False) -> recall.Comparison:
    comparison = recall.Comparison()
    recall.compare(expected, extract(CODE, language_named("python")), clauses, comparison)
    return comparison


A, B, C, C_A = (
    Expected("x.py", 1, "a", "function", 2),
    Expected("x.py", 4, "b", "function", 5),
    Expected("x.py", 7, "C", "class", 10),
    Expected("x.py", 9, "a", "member", 10),
)


def test_all_is_found() -> None:
    comparison = compared([A, B, C, C_A])
    assert (comparison.found, comparison.missed, comparison.misnamed, comparison.wrong_ranges) == (4, [], [], [])
    assert comparison.more == 0


def test_what_has_no_unit_is_missed_though_a_namesake_has_one() -> None:
    missing = Expected("x.py", 5, "a", "function")
    comparison = compared([A, missing, B, C, C_A])
    assert comparison.missed == [missing]
    assert comparison.found == 4


def test_name_inside_a_namesake_is_not_found_by_it() -> None:
    inner = Expected("x.py", 2, "a", "function")
    assert compared([A, inner]).missed == [inner]


def test_equations_of_one_function_are_found_together() -> None:
    again = Expected("x.py", 2, "a", "function")
    assert compared([A, again], clauses=True).found == 2


def test_unit_of_another_name_on_the_line_is_misnamed() -> None:
    other = replace(B, name="beta")
    comparison = compared([A, other])
    assert [(definition, unit.name) for definition, unit in comparison.misnamed] == [(other, "b")]
    assert not comparison.missed


def test_ranges_are_compared_where_the_end_is_known() -> None:
    wrong, unknown = replace(A, end=4), replace(B, end=0)
    comparison = compared([wrong, unknown])
    assert [definition for definition, _ in comparison.wrong_ranges] == [wrong]
    assert comparison.found == 2


def test_units_that_nobody_counted_are_more() -> None:
    assert compared([A]).more == 3


@needs_ctags
def test_folder_is_compared_language_by_language(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_bytes(CODE)
    (tmp_path / "odd name.kt").write_text('class D {\n    // fun no() = 1\n    fun d() = "fun neither()"\n}\n', "utf-8")
    (tmp_path / "words.txt").write_text("def nothing(): pass\n", "utf-8")
    comparisons = recall.compare_folder(tmp_path, None)
    assert {name: (one.expected, one.found, one.more) for name, one in comparisons.items()} == {
        "kotlin": (2, 2, 0),
        "python": (4, 4, 0),
    }
    assert list(recall.compare_folder(tmp_path, "kotlin")) == ["kotlin"]


@needs_ctags
def test_mistakes_of_ctags_are_left_out_with_their_reason(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(
        "#define LIMIT 3\n#define TWICE(x) ((x) * 2)\nstruct s { int x; };\ntypedef struct t { int y; } t_alias;\n"
        "int f(void) { return TWICE(LIMIT); }\n",
        "utf-8",
    )
    (comparison,) = recall.compare_folder(tmp_path, None).values()
    assert (comparison.expected, comparison.found) == (4, 4)
    assert dict(comparison.left_out) == {
        "a macro without parameters, which is no function": 1,
        "a second name of a structure, which has its own": 1,
    }


@needs_ctags
@pytest.mark.parametrize(
    ("file", "code", "found", "reasons"),
    [
        ("a.cpp", "TEST_F(Queue, Pops) {\n}\nclass RE {\n  RE(const RE& r) {}\n};\n", 3, []),
        (
            "b.c",
            "static enum order list[] = { 1 };\nint f(void) { return 1; }\n",
            1,
            ["a variable taken for an enumeration"],
        ),
        (
            "c.lua",
            "-- function no() end\nx = [[\nfunction neither() end\n]]\nlocal t = {}\nt[k] = function() end\n",
            1,
            ["code in documentation or another string"],
        ),
        (
            "d.ps1",
            "$x = @'\r\nit's\r\nfunction No { }\r\nit's\r\n'@\r\nfunction script:Yes { }\r\n",
            1,
            ["code in documentation or another string"],
        ),
        (
            "e.ts",
            'test("a", () => {\n  type T = string;\n});\ntype U = number;\n',
            1,
            ["a type alias in a type or a function, which stays a part of that"],
        ),
    ],
)
def test_names_are_counted_as_a_reader_would(
    tmp_path: Path, file: str, code: str, found: int, reasons: list[str]
) -> None:
    (tmp_path / file).write_bytes(code.encode())
    (comparison,) = recall.compare_folder(tmp_path, None).values()
    assert (comparison.expected, comparison.found, sorted(comparison.left_out)) == (found, found, reasons)


@needs_ctags
def test_report_names_what_is_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.c").write_text("int f(void) { return 1; }\n", "utf-8")
    comparison = recall.Comparison(missed=[Expected("a.c", 1, "f", "function")])
    recall.report(tmp_path, {"c": comparison}, listing=True)
    assert "missed      a.c:1 function f" in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_language_can_be_counted(language: object) -> None:
    name = getattr(language, "name", "")
    assert (name in expected_by_ctags.LANGUAGES) != (name in expected_by_lines.LANGUAGES)


@pytest.mark.parametrize(
    ("language", "code", "names"),
    [
        ("csharp", "class A {\n  // int No() {}\n  int B(int x) => x;\n  public A() : base(1) {\n }\n}", "A B A"),
        ("csharp", 'class A {\n  string a = @"\n int No() {\n";\n  void B<T>() where T : new() {}\n}', "A B"),
        ("kotlin", "fun interface A\n/* /* */ fun no() */\nfun <T> List<T>.b(x: T) = x\ncompanion object {}", "A b"),
        ("ocaml", "let a x = x\nlet b = 1\nlet c = function _ -> 1\n(* let d x = x *)\ntype 'a t = 'a", "a c t"),
        ("ocaml", "let rec%t a x = x\nlet%t b x = x\nlet rec c = function _ -> 1\nlet%bind d in d", "a b c"),
        ("haskell", "a, b :: Int\n  where c :: Int\ndata D = E\nclass Eq a => F a where", "a D F"),
        ("scala", 'case class A(x: Int)\nprivate[x] def b = 1\nval s = """\ndef no = 1\n"""', "A b"),
        ("swift", "final class A {\n  class func b() {}\n  init?(x: Int) {}\n  let x = A.init(x: 1)\n}", "A b init"),
        ("zig", 'pub fn a() void {}\nconst B = struct {};\ntest "c" {}\nconst d = @import("d");', 'a B "c"'),
        (
            "dart",
            "class A {\n  A.b(this.x) : y = 1 {\n  }\n  int get c => 1;\n  // d() {}\n  e() => f(() {});\n}",
            "A b c e",
        ),
        ("gdscript", "static func a():\n\tpass\nclass B:\n\tfunc c(): pass\n# func d():", "a B c"),
        ("hcl", 'resource "a" "b" {\n}\nlocals {\n}\nvariable "c" {}\n# module "d" {', '"b" "c"'),
        ("nix", 'a = x: x;\nb = { c, d ? { } }:\n  c;\ne = { f = 1; };\ng = "h = x: x";', "a b"),
        (
            "solidity",
            "contract A {\n  constructor() {}\n  function b() external;\n  modifier c() { _; }\n}",
            "A constructor b c",
        ),
        ("sql", "CREATE TABLE a.b (x int);\ncreate or replace function c() as $$\ncreate table d\n$$;", "b c"),
        ("fsharp", "let a = 1\nlet b x =\n    x\ntype C() =\n    member _.D x = x", "b C D"),
        (
            "vue",
            "<template>\nfunction a() {}\n</template>\n<script>\nconst b = () => 1\nfunction c() {}\n</script>",
            "b c",
        ),
        ("astro", "---\nfunction a() {}\n---\nfunction b() {}\n<script>\nclass C {}\n</script>", "a C"),
    ],
)
def test_patterns_count_what_people_write(language: str, code: str, names: str) -> None:
    found = expected_by_lines.definitions(language, {"file": code.encode()})
    assert [one.name for one in sorted(found, key=lambda one: one.line)] == names.split()
