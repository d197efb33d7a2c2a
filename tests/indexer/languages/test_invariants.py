"""What holds for every file, however broken: ranges are true, and nothing is invisible."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fathom_indexer.languages import LANGUAGES, Language, dialect, extract, language_named
from fathom_indexer.types import FUNCTION_KINDS, Function

FIXTURES = Path(__file__).parents[2] / "fixtures" / "languages"
FILES = sorted(path for path in FIXTURES.glob("*/*") if path.suffix != ".golden")
BOM = b"\xef\xbb\xbf"
WORD = re.compile(r"\w+")
MARK = re.compile(rb"@(?:type)?doc\b(?: ~[sS])?")
"""Marks documentation in Elixir, and is left out of it as other comment marks are."""


def check(source: bytes, language: Language) -> list[Function]:
    """Extract and assert what must hold for any source."""
    units = extract(source, language)
    assert units == sorted(units, key=lambda unit: (unit.start_byte, -unit.end_byte))
    assert len({(unit.start_byte, unit.end_byte, unit.name, unit.kind) for unit in units}) == len(units)
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_broken_fixture(file: Path, data: st.DataObject) -> None:
    source = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(source)))
        end = min(len(source), start + data.draw(st.sampled_from([0, 1, 1, 5, 80, len(source)])))
        source[start:end] = data.draw(st.sampled_from([b"", b"", b"{", b"}", b"(", b'"', b"\n", b"\xff", b"/*", b"\0"]))
    check(bytes(source), language_named(file.parent.name))


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(source=st.binary(max_size=200))
def test_random_bytes(language: Language, source: bytes) -> None:
    check(source, language)
