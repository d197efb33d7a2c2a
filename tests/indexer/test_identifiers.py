"""Identifiers become words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.identifiers import split_identifier, split_words


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("readHTTPHeader_v2", ["read", "HTTP", "Header", "v2"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("SCREAMING_CASE", ["SCREAMING", "CASE"]),
        ("__init__", ["init"]),
        ("XMLHttpRequest", ["XML", "Http", "Request"]),
        ("sha256sum", ["sha256", "sum"]),
        ("größe", ["gr", "öß", "e"]),
        ("値を返す", ["値を返す"]),
        ("_", []),
    ],
)
def test_splits_at_case_and_underscores(identifier: str, words: list[str]) -> None:
    assert split_identifier(identifier) == words


@given(st.text())
def test_loses_no_letter_or_digit(text: str) -> None:
    letters = "".join(character for character in text if character.isascii() and character.isalnum())
    kept = "".join(split_words(text))
    assert "".join(character for character in kept if character.isascii()) == letters
