from __future__ import annotations

import random
from typing import Any

import pytest

from fathom_indexer.languages import extract, language_named
from fathom_research.training.data.tokens import FileTokens, TokenKind
from fathom_research.training.data.variants import rewritten

PYTHON = '''
class Sorter:
    def largest_gap(self, numbers, smallest=0):
        """Docs that go."""
        # A comment that goes.
        previous = None
        gap = smallest

        for number in sorted(numbers):
            if previous is not None and gap < number:
                gap = max(gap, number - previous)  # so does this
            previous = number
        label = f"{previous}"
        return gap, label
'''


def variants(source: str, language: str, name: str, count: int) -> list[str]:
    """Several ways to rewrite one function of a file."""
    content = source.encode()
    unit = next(unit for unit in extract(content, language_named(language)) if unit.name == name)
    tokens = FileTokens(content, language_named(language)).inside(unit.start_byte, unit.end_byte)
    found = [rewritten(content, tokens, name, random.Random(seed)) for seed in range(count)]
    return [variant for variant in found if variant is not None]


@pytest.mark.parametrize("numbers", [[], [3], [1, 9, 2, 4]])
def test_a_python_variant_does_the_same(numbers: list[int]) -> None:
    expected = _run(f"class S:\n{PYTHON.split('Sorter:')[1]}", "S", "largest_gap", numbers)
    found = variants(PYTHON, "python", "largest_gap", 12)
    assert len(found) == 12
    for variant in found:
        body = "\n".join("    " + line for line in variant.expandtabs(4).splitlines())
        name = variant.partition("def ")[2].partition("(")[0]
        assert _run(f"class S:\n{body}", "S", name, numbers) == expected


def _run(source: str, class_name: str, method: str, numbers: list[int]) -> object:
    names: dict[str, Any] = {}
    exec(source, names)
    return getattr(names[class_name](), method)(numbers)


def test_variants_differ_and_say_nothing_of_the_original() -> None:
    found = variants(PYTHON, "python", "largest_gap", 12)
    assert len(set(found)) > 6
    for variant in found:
        assert "largest_gap" not in variant
        assert "previous" not in variant
        assert "goes" not in variant and "Docs" not in variant
        assert "sorted(" in variant and "max(" in variant


@pytest.mark.parametrize(
    ("language", "source", "name", "kept", "gone"),
    [
        (
            "go",
            "package p\nfunc sum(w io.Writer, values []int) int {\n\ttotal := 0\n\tfor _, value := range values {\n"
            "\t\ttotal += value.Size\n\t}\n\tfmt.Fprintln(w, total)\n\treturn total\n}\n",
            "sum",
            ["io.Writer", ".Size", "fmt.Fprintln("],
            ["total", "values"],
        ),
        (
            "java",
            "class A { int sum(List<Row> rows, Other other) { int total = 0; for (Row row : rows) {"
            " total += row.size(); } other.report(total); return total; } }",
            "sum",
            ["List<Row>", ".size()", ".report("],
            ["total", "rows"],
        ),
        (
            "php",
            "<?php\nfunction add($first, $second) {\n    $total = $first + $this->count($second);\n"
            "    return $total;\n}\n",
            "add",
            ["$this->count("],
            ["$first", "$total"],
        ),
        (
            "cpp",
            "int add(const Row& first, int second) {\n  int total = first.size() + second;\n"
            "  return std::max(total, 0);\n}\n",
            "add",
            ["const Row&", ".size()", "std::max("],
            ["first", "total"],
        ),
    ],
)
def test_only_variables_are_renamed(language: str, source: str, name: str, kept: list[str], gone: list[str]) -> None:
    found = variants(source, language, name, 8)
    assert found
    for variant in found:
        assert [text for text in kept if text not in variant] == []
        assert [text for text in gone if text in variant] == []


def test_a_function_without_variables_has_no_variant() -> None:
    assert variants("def main():\n    run()\n    stop()\n", "python", "main", 4) == []


def test_tokens_tell_docstrings_from_strings() -> None:
    source = b'def f():\n    # c\n    """doc"""\n    """no doc"""\n    return "s"\n'
    tokens = FileTokens(source, language_named("python")).inside(0, len(source))
    kinds = {token.text: token.kind for token in tokens}
    assert kinds['"""doc"""'] is TokenKind.DOCSTRING
    assert kinds['"""no doc"""'] is TokenKind.STRING
    assert kinds["# c"] is TokenKind.COMMENT
