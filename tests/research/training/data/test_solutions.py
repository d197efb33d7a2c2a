"""A file that solves a task, to the code that solves it."""

from __future__ import annotations

from fathom_indexer.languages import language_named
from fathom_research.training.data.solutions import Solution, solutions
from fathom_research.training.data.sources import Source


def solved(code: str, language: str, task: str, comments: bool = True) -> list[Solution]:
    return list(solutions(Source("file", language_named(language), code.encode()), task, comments))


PYTHON = '''"""Licence words."""
import math


def helper(value):
    # Keep it even.
    return value - value % 2


def digit_sum(value):
    """Add the digits of a number together."""
    total = 0
    while value:
        total += helper(value % 10)
        value //= 10
    return total


def test_digit_sum():
    assert digit_sum(12) == 3 and digit_sum(0) == 0 and digit_sum(9) == 9


def main():
    print(digit_sum(int(input())), math.pi, digit_sum(3), digit_sum(4))
'''


def test_takes_the_solving_functions_without_imports_tests_and_main() -> None:
    (found,) = solved(PYTHON, "python", "digit-sum")
    assert found.name == "digit_sum"
    assert found.code.startswith("def helper(value):")
    assert "def digit_sum(value):" in found.code
    for left_out in ("import", "Licence", "test_", "main", "Add the digits"):
        assert left_out not in found.code
    assert "# Keep it even." in found.code
    assert found.description == "Add the digits of a number together."


def test_the_variant_tells_neither_name_nor_comment() -> None:
    (found,) = solved(PYTHON, "python", "digit-sum")
    assert "def f(value):" in found.variant
    assert "helper(value % 10)" in found.variant
    assert "digit_sum" not in found.variant
    assert "Keep it even" not in found.variant


def test_comments_can_be_left_out_of_the_code_and_the_description() -> None:
    (found,) = solved(PYTHON, "python", "digit-sum", comments=False)
    assert "Keep it even" not in found.code
    assert found.description == ""
    assert "def digit_sum" in found.code


def test_numbered_solution_classes_are_solutions_of_their_own() -> None:
    body = (
        "    def total(self, values):\n        result = 0\n        for value in values:\n            result += value\n"
    )
    code = f"class Solution:\n{body}        return result\n\n\nclass Solution2:\n{body}        return result + 0\n"
    first, second = solved(code, "python", "sum of values")
    assert first.code.startswith("def total(self, values):")
    assert second.code.endswith("return result + 0")


def test_a_constructor_named_after_the_task_is_not_the_solution() -> None:
    filler = "".join(f"        level = level + {number} * capacity;\n" for number in range(40))
    code = (
        "class WaterTank {\n    WaterTank(int capacity) {\n        this.capacity = capacity;\n"
        "        this.level = 0;\n        this.name = null;\n    }\n"
        f"    int fill(int level) {{\n{filler}        return level;\n    }}\n}}\n"
    )
    (found,) = solved(code, "java", "water-tank")
    assert found.name == "fill"
    assert found.variant.startswith("int f(int level)")


def test_of_a_long_solution_the_entry_point_is_taken_not_a_larger_helper() -> None:
    filler = "".join(f"    value += value * {number}\n" for number in range(40))
    entry = "".join(f"    total += lower(total + {number})\n" for number in range(8))
    code = f"def lower(value):\n{filler}    return value\n\n\ndef solve(total):\n{entry}    return total\n"
    (found,) = solved(code, "python", "another name")
    assert found.name == "solve"


def test_a_short_entry_point_gives_way_to_the_function_that_does_the_work() -> None:
    filler = "".join(f"    value += value * {number}\n" for number in range(50))
    code = f"def lower(value):\n{filler}    return value\n\n\ndef solve(total):\n    return lower(total)\n"
    (found,) = solved(code, "python", "another name")
    assert found.name == "lower"


def test_rust_tests_are_left_out() -> None:
    code = (
        "use std::cmp;\n\npub fn widest(values: &[u32]) -> u32 {\n    let mut best = 0;\n    for value in values {\n"
        "        best = cmp::max(best, *value);\n    }\n    best\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n"
        "    #[test]\n    fn finds_it() {\n        assert_eq!(widest(&[1, 2, 3]), 3);\n"
        "        assert_eq!(widest(&[]), 0);\n    }\n}\n"
    )
    (found,) = solved(code, "rust", "widest")
    assert found.name == "widest"
    assert "assert_eq" not in found.code


def test_a_main_that_is_all_there_is_counts() -> None:
    code = (
        "main() {\n  local total=0\n  for value in $1 $2 $3; do\n    (( total += value * value ))\n  done\n"
        "  echo $total\n}\n"
    )
    (found,) = solved(code + '\nmain "$@"\n', "bash", "sum-of-squares")
    assert found.name == "main"
    assert found.variant.startswith("f() {")


def test_a_script_without_functions_is_taken_without_its_imports() -> None:
    code = (
        "require 'set'\nseen = Set.new\n[3, 1, 3].each do |value|\n  puts value unless seen.include?(value)\n"
        "  seen << value\nend\n"
    )
    (found,) = solved(code, "ruby", "distinct values")
    assert found.code.startswith("seen = Set.new")
    assert found.name == ""


def test_what_is_too_short_is_no_solution() -> None:
    assert solved("def one():\n    return 1\n", "python", "one") == []
