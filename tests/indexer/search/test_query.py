"""What queries are understood to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.search import QueryKind, understand, understand_code

PYTHON = """for attempt in range(3):
    try:
        return upload(file)
    except ConnectionError:
        continue"""
TRACEBACK = """Traceback (most recent call last):
  File "/home/me/app/store/queue.py", line 12, in take
    item = self.items.pop(0)
IndexError: pop from empty list"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", QueryKind.EMPTY),
        (" \t\n", QueryKind.EMPTY),
        ("🦆🦆", QueryKind.EMPTY),
        ("*) OR (", QueryKind.QUESTION),
        ("parse_args", QueryKind.SYMBOL),
        ("retry", QueryKind.SYMBOL),
        ("std::vector::push_back", QueryKind.SYMBOL),
        ("Session#close", QueryKind.SYMBOL),
        ("class Router", QueryKind.SYMBOL),
        ("empty?", QueryKind.SYMBOL),
        ("render()", QueryKind.SYMBOL),
        ("search/ranking.py", QueryKind.PATH),
        ("./src/app/main.go:12", QueryKind.PATH),
        ("ranking.py", QueryKind.PATH),
        ("how are uploads retried?", QueryKind.QUESTION),
        ("read/write lock", QueryKind.QUESTION),
        ("Вернуть пустую строку", QueryKind.QUESTION),
        ("给定列表返回最大值 的函数", QueryKind.QUESTION),
        ("how does parseArgs handle flags", QueryKind.MIXED),
        ("what calls Session.close in net/pool.go", QueryKind.MIXED),
        (PYTHON, QueryKind.CODE),
        ("for (int i = 0; i < n; i++) { sum += a[i]; }", QueryKind.CODE),
        ("x => x.map(f).filter(Boolean)", QueryKind.CODE),
        (TRACEBACK, QueryKind.ERROR),
        ("TypeError: cannot read properties of undefined", QueryKind.ERROR),
        ("panic: runtime error: index out of range [5] with length 3", QueryKind.ERROR),
    ],
)
def test_kinds(text: str, kind: QueryKind) -> None:
    assert understand(text).kind is kind


@pytest.mark.parametrize(
    ("text", "symbols", "paths"),
    [
        ("class Router", ("Router",), ()),
        ("Sinatra::Base", ("Sinatra.Base",), ()),
        ("how does parse_args() treat --help", ("parse_args",), ()),
        ("how the Session and its URLSession end", ("Session", "URLSession"), ()),
        ("what runs in net/pool.go when HTTP ends", (), ("net/pool.go",)),
        ("How is JSON read", (), ()),
        ("e.g. a list, i.e. many", (), ()),
        ("one ends. Another begins", (), ()),
    ],
)
def test_names_in_prose(text: str, symbols: tuple[str, ...], paths: tuple[str, ...]) -> None:
    query = understand(text)
    assert query.symbols == symbols
    assert query.paths == paths


def test_a_trace_names_its_files_and_errors() -> None:
    query = understand(TRACEBACK)
    assert query.paths == ("home/me/app/store/queue.py",)
    assert "IndexError" in query.symbols


def test_words_are_split_and_empty_ones_left_out() -> None:
    assert understand("How is the readTimeout of a read set?").words == ("read", "timeout", "set")


def test_code_is_code_whatever_it_looks_like() -> None:
    assert understand_code("just words").kind is QueryKind.CODE
    assert understand_code("  \n").kind is QueryKind.EMPTY


@given(st.text())
def test_any_text_is_some_query(text: str) -> None:
    query = understand(text)
    assert query.text == text
    assert (query.kind is QueryKind.EMPTY) == (not any(character.isalnum() for character in text))


@given(st.text(alphabet="aB_.:/\\->#(){}[]=;'\" \n", max_size=10_000))
def test_no_text_takes_long(text: str) -> None:
    assert understand(text * 20).text == (text * 20)[:10_000]
