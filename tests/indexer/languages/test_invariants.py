"""What holds for every file, however broken: ranges are true, and nothing is invisible."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fathom_indexer.languages import LANGUAGES, Language, dialect, extract, language_named, parsing
from fathom_indexer.languages.definitions import MAX_NESTING
from fathom_indexer.types import FUNCTION_KINDS, Function, Kind

FIXTURES = Path(__file__).parents[2] / "fixtures" / "languages"
FILES = sorted(path for path in FIXTURES.glob("*/*") if path.suffix != ".golden")
BOM = b"\xef\xbb\xbf"
every_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
LONE_RETURN = re.compile(rb"\r(?!\n)")
WORD = re.compile(r"\w+")
HASH_COMMENTS = frozenset("bash elixir gdscript hcl julia nix perl powershell python ruby".split())
MARK = re.compile(rb"@(?:type)?doc\b(?: ~[sS])?")
"""Marks documentation in Elixir, and is left out of it as other comment marks are."""


def check(source: bytes, language: Language) -> list[Function]:
    """Extract and assert what must hold for any source."""
    units = extract(source, language)
    assert units == sorted(units, key=lambda unit: (unit.start_byte, -unit.end_byte))
    assert len({(unit.start_byte, unit.end_byte, unit.name, unit.kind) for unit in units}) == len(units)
    # A carriage return that ends a line alone counts as a line feed.
    source = LONE_RETURN.sub(b"\n", source)
    for unit in units:
        assert unit.language == dialect(language, source).name
        assert 0 <= unit.start_byte < unit.end_byte <= len(source)
        assert unit.start_line == source.count(b"\n", 0, unit.start_byte) + 1
        assert unit.end_line == source.count(b"\n", 0, unit.end_byte - 1) + 1
        assert unit.text
        assert "\n" not in unit.signature
        if unit.kind in FUNCTION_KINDS:
            assert unit.text == source[unit.start_byte : unit.end_byte].decode("utf-8", "replace")
            assert unit.qualified_name.endswith(unit.name) and unit.name
    assert not invisible_words(source, units)
    return units


def invisible_words(source: bytes, units: list[Function]) -> Counter[str]:
    """Words outside functions that no declaration, module unit or documentation holds.

    Function texts are exact slices, so their bytes are struck out; what is left is compared by counting words.
    """
    rest = bytearray(source[len(BOM) :].rjust(len(source)) if source.startswith(BOM) else source)
    for unit in units:
        if unit.kind in FUNCTION_KINDS:
            rest[unit.start_byte : unit.end_byte] = b" " * (unit.end_byte - unit.start_byte)
    seen: Counter[str] = Counter()
    for unit in units:
        seen.update(WORD.findall(unit.documentation))
        if unit.kind not in FUNCTION_KINDS:
            seen.update(WORD.findall(unit.text))
    return Counter(WORD.findall(MARK.sub(b"", rest).decode("utf-8", "replace"))) - seen


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_fixture(file: Path) -> None:
    language = language_named(file.parent.name)
    source = file.read_bytes()
    assert check(source, language)
    check(BOM + source, language)
    check(source.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), language)
    check(source.replace(b"    ", b"\t"), language)
    check(source.replace(b"\r\n", b"\n").replace(b"\n", b"\r"), language)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_names_that_are_no_utf_8(file: Path) -> None:
    # Predicates of queries look at names, and py-tree-sitter decodes what they look at.
    check(re.sub(rb"\b(?=\w)", b"\xff", file.read_bytes()), language_named(file.parent.name))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
@settings(max_examples=15, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_broken_fixture(file: Path, data: st.DataObject) -> None:
    source = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(source)))
        end = min(len(source), start + data.draw(st.sampled_from([0, 1, 1, 5, 80, len(source)])))
        source[start:end] = data.draw(st.sampled_from([b"", b"", b"{", b"}", b"(", b'"', b"\n", b"\xff", b"/*", b"\0"]))
    check(bytes(source), language_named(file.parent.name))


@every_language
@settings(max_examples=15, derandomize=True, suppress_health_check=list(HealthCheck))
@given(source=st.binary(max_size=200))
def test_random_bytes(language: Language, source: bytes) -> None:
    check(source, language)


# Work and texts grow with the file, not with its square: where they do not, one of these seems to hang.


@every_language
@pytest.mark.parametrize("source", [b"", b"\n\n\t \r\n", b"\xef\xbb\xbf", b"\0" * 1000, b"{[()]};,"])
def test_nothing_to_say(language: Language, source: bytes) -> None:
    assert extract(source, language) == []


@every_language
def test_only_a_comment(language: Language) -> None:
    mark = {"lua": "--", "haskell": "--", "sql": "--", "ocaml": "(* only words *) (*"}.get(language.name)
    mark = mark or ("#" if language.name in HASH_COMMENTS else "//")
    (unit,) = check(f"{mark} only words\n".encode(), language)
    assert unit.kind is Kind.MODULE
    assert "only words" in unit.text


@every_language
def test_one_endless_line(language: Language) -> None:
    # Some grammars look back to the start of the line at every token, so it must be one token.
    (unit,) = check(b"x" * 1_000_000, language)
    assert len(unit.text) == 1_000_000


@pytest.mark.parametrize("bracket", [b"[", b"(", b"{"])
def test_endless_open_brackets(bracket: bytes) -> None:
    check(b"function before() {}\n" + bracket * 300_000, language_named("javascript"))


def test_deeply_nested_functions() -> None:
    depth = 20_000
    units = check(b"function a(){" * depth + b"}" * depth, language_named("javascript"))
    assert len(units) == MAX_NESTING
    assert units[-1].qualified_name == ".".join("a" * MAX_NESTING)


def test_deeply_nested_scopes() -> None:
    depth = 20_000
    check(b"namespace a{" * depth + b"int f(){return 1;}" + b"}" * depth, language_named("cpp"))
    check(b"mod a{" * depth + b"fn f(){}" + b"}" * depth, language_named("rust"))


def test_deeply_nested_data() -> None:
    depth = 50_000
    check(b"const o = " + b"{a:" * depth + b"1" + b"}" * depth, language_named("javascript"))


@pytest.mark.slow
def test_thousands_of_siblings_on_one_line() -> None:
    count = 10_000
    units = check(b"/*a*/function b(){}" * count, language_named("javascript"))
    assert sum(unit.kind is Kind.FUNCTION for unit in units) == count


def test_thousands_of_comments_above() -> None:
    (unit,) = check(b"# word\n" * 50_000 + b"def f(): pass\n", language_named("python"))
    assert unit.documentation.count("word") == 50_000


def test_long_rules_and_separators() -> None:
    stars, commas = b"*" * 300_000, b"," * 300_000
    (unit,) = check(b"/" + stars + b"/\nint f(void) { return 1; }\n", language_named("c"))
    assert unit.documentation == ""
    check(b"def f(" + commas + b"):\n    pass\n", language_named("python"))


def test_parsing_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "PARSE_SECONDS", 0.0)
    source = b"def f():\n    return 1\n\n\n" * 2000
    units = extract(source, language_named("python"))
    assert {unit.kind for unit in units} == {Kind.MODULE}
    assert not invisible_words(source, units)
