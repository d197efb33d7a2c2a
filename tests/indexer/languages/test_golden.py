"""What the extractor makes of a real-looking file of every language, beside the file for a person to read.

`tests/fixtures/languages/LANGUAGE/FILE` has its units in `FILE.golden`. After a wanted change, rewrite them with
`pytest tests/indexer/languages --update-golden` and read the difference before committing it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fathom_indexer.languages import LANGUAGES, Language, dialect, extract, language_named, language_of_path, registry
from fathom_indexer.types import FUNCTION_KINDS, Function

FIXTURES = Path(__file__).parents[2] / "fixtures" / "languages"
QUERIES = sorted((Path(registry.__file__).parent / "queries").glob("*.scm"))
PREDICATES = {"eq?", "not-eq?", "match?", "not-match?", "any-of?"}
"""tree-sitter's Python package takes any other for true."""
FILES = sorted(path for path in FIXTURES.glob("*/*") if path.suffix != ".golden")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_units_are_as_reviewed(file: Path, request: pytest.FixtureRequest) -> None:
    language = language_named(file.parent.name)
    found = language_of_path(file.name)
    assert found and dialect(found, file.read_bytes()) == language, "the folder is named like the language"
    actual = "\n".join(_block(unit) for unit in extract(file.read_bytes(), language))
    golden = file.with_name(file.name + ".golden")
    if request.config.getoption("--update-golden"):
        golden.write_bytes(actual.encode("utf-8"))
    assert golden.exists(), "no golden file yet: run with --update-golden and review what it writes"
    assert actual == golden.read_bytes().decode("utf-8")


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_query_uses_only_predicates_that_are_looked_at(query: Path) -> None:
    assert set(re.findall(r"\(#(\S+)", query.read_text(encoding="utf-8"))) <= PREDICATES


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_language_has_a_query_that_compiles_and_a_fixture(language: Language) -> None:
    assert language.tree_sitter_query.pattern_count > 0
    assert any(file.parent.name == language.name for file in FILES)


def _block(unit: Function) -> str:
    lines = [
        f"{unit.kind.value} {unit.qualified_name}".rstrip() + f"  ({unit.start_line}-{unit.end_line})",
        f"    signature  {unit.signature}",
        *_indented("doc", unit.documentation.splitlines()),
        *_indented("text", _text(unit)),
    ]
    return "\n".join(_visible(line).rstrip() for line in lines) + "\n"


def _text(unit: Function) -> list[str]:
    """All of it where something may be left out; the ends of what is a plain slice of the source."""
    lines = unit.text.splitlines()
    if unit.kind not in FUNCTION_KINDS or len(lines) <= 4:
        return lines
    return [lines[0], f"... {len(lines) - 2} lines ...", lines[-1]]


def _indented(label: str, lines: list[str]) -> list[str]:
    return [f"    {label if index == 0 else '':9}  {line}" for index, line in enumerate(lines)]


def _visible(line: str) -> str:
    return "".join(char if char.isprintable() or char == "\t" else repr(char)[1:-1] for char in line)


def test_every_language_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "languages.md").read_text(encoding="utf-8")
    named = {
        name.strip(" ¹") for row in re.findall(r"^\| ([^|]+) \| `?\.", page, re.MULTILINE) for name in row.split(",")
    }
    assert named >= {language.name for language in LANGUAGES}
