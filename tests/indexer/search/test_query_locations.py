"""Lines of files in the shapes in which tools print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.search.locations import hunks, locations, only_location, plain_path


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("src/a.py:3", "src/a.py", 3),
        ("src/a.py:3:14", "src/a.py", 3),
        ("src/a.ts(12,5): error TS2304", "src/a.ts", 12),
        ('  File "x.py", line 3, in f', "x.py", 3),
        ('File "C:\\my files\\a.py", line 3', "my files/a.py", 3),
        ("    at f (src/a.js:3:4)", "src/a.js", 3),
        ("\tat com.foo.Bar.baz(Bar.java:12)", "com/foo/Bar.java", 12),
        ("   at N.C.M() in C:\\src\\C.cs:line 12", "src/C.cs", 12),
        ("in /a/b.php on line 7", "a/b.php", 7),
        ("#0 /a/b.php(12): foo()", "a/b.php", 12),
        (" --> src/main.rs:3:5", "src/main.rs", 3),
        ("\t/home/me/main.go:12 +0x1d", "home/me/main.go", 12),
        ("lib/a.rb:12:in `foo'", "lib/a.rb", 12),
        ("webpack:///./src/a.js:3:4", "src/a.js", 3),
        ("file:///home/me/a%20b/c.py:3", "home/me/a b/c.py", 3),
        ("vscode://src/a.py#L10-L20", "src/a.py", 10),
        ("../up/../src/a.py:9:2", "src/a.py", 9),
        ("src\\win\\a.c:4", "src/win/a.c", 4),
    ],
)
def test_printed_places(text: str, path: str, line: int) -> None:
    assert [(found.path, found.line) for found in locations(text)] == [(path, line)]


@pytest.mark.parametrize(
    "text", ["", "12:30:05", "127.0.0.1:80", "std::vector:3", "a.py", "at line 3", "x: 3", "a.py:0"]
)
def test_no_places(text: str) -> None:
    assert locations(text) == ()


def test_places_keep_their_order_and_come_once() -> None:
    found = locations("b.py:2 then a.py:1 and b.py:2 again, c/d.py line 7")
    assert [(item.path, item.line) for item in found] == [("b.py", 2), ("a.py", 1), ("c/d.py", 7)]


def test_a_query_that_is_one_place() -> None:
    for text in ("a/b.py:3", ' "a/b.py", line 3 ', "at a/b.py:3:4", 'File "a/b.py", line 3'):
        found = only_location(text)
        assert found is not None
        assert (found.path, found.line) == ("a/b.py", 3)
    assert only_location("why does a/b.py:3 fail") is None
    named = only_location("/home/me/a.py")
    assert named is not None
    assert (named.path, named.line) == ("home/me/a.py", 0)


def test_plain_paths() -> None:
    assert plain_path("./a//b/./c.py") == "a/b/c.py"
    assert plain_path("/../../a.py") == "a.py"
    assert plain_path("file:///C:/x/a.py") == "x/a.py"


def test_hunks_of_a_diff() -> None:
    text = "--- a/x.py\n+++ b/x.py\n@@ -10,3 +10,4 @@ def f\n a\n-b\n+c\n+d\n e\n"
    text += "--- a/y.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-q\n-r\n"
    first, second = hunks(text)
    assert (first.path, first.added) == ("x.py", ("c", "d"))
    assert 11 in first.before
    assert {11, 12} <= set(first.after)
    assert (second.path, second.before) == ("y.py", (1, 2))
    assert hunks("@@ -1 +1 @@") == ()


@given(st.text(alphabet=st.sampled_from("a/\\.:(),1 \n\"'@-+file")))
def test_any_text_will_do(text: str) -> None:
    for found in locations(text):
        assert found.line > 0
        assert found.path
    hunks(text)
    only_location(text)
