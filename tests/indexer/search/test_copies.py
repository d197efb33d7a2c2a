"""Folding copies."""

from __future__ import annotations

from fathom_indexer.search.copies import fold_copies, same_build
from fathom_indexer.types import Function, FunctionRef, Hit, Kind

BODY = "def load(path):\n    with open(path) as file:\n        return json.load(file, parse_float=Decimal)"


def hit(path: str, text: str, line: int = 1) -> Hit:
    function = Function("load", "load", Kind.FUNCTION, "python", "", "", text, 0, 9, line, line + 2)
    return Hit(FunctionRef.of(path, function), 0.5, "", source=function)


def test_a_copy_is_named_in_the_first_of_them() -> None:
    hits = [hit("a.py", BODY), hit("b.py", "def other(): pass" * 9), hit("c.py", BODY.replace("    ", "\t"), 7)]
    folded = fold_copies(hits, 10)
    assert [item.path for item in folded] == ["a.py", "b.py"]
    assert folded[0].copies == ("c.py:7",)


def test_short_functions_are_not_copies() -> None:
    assert len(fold_copies([hit("a.py", "def f(): pass"), hit("b.py", "def f(): pass")], 10)) == 2


def test_limits_after_folding() -> None:
    hits = [hit("a.py", BODY), hit("b.py", BODY), hit("c.py", "def other(): pass" * 9)]
    assert [item.path for item in fold_copies(hits, 2)] == ["a.py", "c.py"]
    assert [item.path for item in fold_copies(hits, 1)] == ["a.py"]


def test_renamed_copies_are_one_where_code_is_compared() -> None:
    one = "def add(prices, rate):\n    result = 0\n    for p in prices:\n        result += p * rate\n    return result"
    renamed = one.replace("prices", "costs").replace("result", "t").replace("rate", "r").replace("add", "total")
    other = one.replace("+=", "-=")
    hits = [hit("a.py", one), hit("b.py", renamed), hit("c.py", other)]
    assert [item.path for item in fold_copies(hits, 10, same_build)] == ["a.py", "c.py"]
    assert len(fold_copies(hits, 10)) == 3
    getters = [hit("a.py", "def a(self):\n    return self.a"), hit("b.py", "def b(self):\n    return self.b")]
    assert len(fold_copies(getters, 10, same_build)) == 2
