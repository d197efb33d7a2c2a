"""Identifiers become words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.identifiers import all_search_words, search_words, split_identifier, split_words


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


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("time2seconds", "time 2 seconds"),
        ("meters4inch", "meters 4 inch"),
        ("getURLs", "get URLs"),
        ("parse_IDs", "parse IDs"),
        ("MySQLdb", "MySQL db"),
        ("MySQLConnection", "MySQL Connection"),
        ("IPv4Address", "IPv4 Address"),
        ("hex2dec", "hex 2 dec"),
        ("uint8", "uint8"),
        ("sha256_sum", "sha256 sum"),
        ("HTTPServer", "HTTP Server"),
        ("HTTPSServer", "HTTPS Server"),
        ("URLencode", "URL encode"),
        ("i18n", "i18n"),
        ("v2", "v2"),
        ("10_000L", "10000"),
        ("0xFF", "0xFF"),
        ("404", "404"),
        ("10px", "10 px"),
        ("値を返す", "値を返す"),
        ("_", ""),
    ],
)
def test_words_of_search(identifier: str, words: str) -> None:
    assert list(search_words(identifier)) == words.split()


@given(st.text())
def test_search_words_lose_no_letter(text: str) -> None:
    letters = [character for character in text if character.isascii() and character.isalpha()]
    kept = "".join(all_search_words(text))
    if not any(character.isdigit() for character in text):
        assert [character for character in kept if character.isascii() and character.isalpha()] == letters


@given(st.text())
def test_loses_no_letter_or_digit(text: str) -> None:
    letters = "".join(character for character in text if character.isascii() and character.isalnum())
    kept = "".join(split_words(text))
    assert "".join(character for character in kept if character.isascii()) == letters
