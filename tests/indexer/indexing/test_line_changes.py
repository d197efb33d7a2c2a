"""Lines of one version of a file in another."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.indexing.line_changes import Hunk, Span, parse_files, parse_patch, spans_before, touched

OUTER, INNER, AFTER = Span(1, 10, "outer"), Span(3, 5, "outer.inner"), Span(12, 20, "after")
SPANS = [OUTER, INNER, AFTER]


def test_the_innermost_function_is_the_one_that_changed() -> None:
    assert touched(SPANS, [Hunk(4, 1, 4, 1)]) == {"outer.inner"}
    assert touched(SPANS, [Hunk(7, 1, 7, 2)]) == {"outer"}
    assert touched(SPANS, [Hunk(5, 1, 5, 2)]) == {"outer", "outer.inner"}
    assert touched(SPANS, [Hunk(11, 1, 11, 1)]) == set()
    assert touched(SPANS, [Hunk(1, 30, 1, 30)]) == {"outer", "outer.inner", "after"}


def test_lines_that_are_gone_were_in_the_function_around_them() -> None:
    assert touched(SPANS, [Hunk(4, 3, 3, 0)]) == {"outer.inner"}
    assert touched(SPANS, [Hunk(11, 3, 10, 0)]) == set()


def test_functions_stand_elsewhere_before_lines_were_added() -> None:
    found = spans_before(SPANS, [Hunk(6, 0, 7, 3)])
    assert found == [Span(1, 7, "outer"), INNER, Span(9, 17, "after")]
    assert spans_before(SPANS, [Hunk(5, 4, 4, 0)]) == [
        Span(1, 14, "outer"),
        Span(3, 9, "outer.inner"),
        Span(16, 24, "after"),
    ]


def test_a_new_function_was_not_there() -> None:
    assert spans_before(SPANS, [Hunk(10, 0, 11, 10)]) == [OUTER, INNER]


def test_where_hunks_do_not_tell_the_file_is_to_be_parsed() -> None:
    assert spans_before(SPANS, [Hunk(9, 5, 9, 4)]) is None
    assert spans_before([AFTER], [Hunk(12, 2, 12, 9)]) is None


LINES = st.lists(st.sampled_from("abcdef"), max_size=30)


@given(LINES, LINES, LINES, LINES)
def test_a_function_whose_ends_stay_is_found_again(
    above: list[str], old: list[str], new: list[str], head: list[str]
) -> None:
    """As `difflib` tells it: the first and the last line of the function are the same before and after."""
    before, after = [*above, "{", *old, "}", *head], [*head, "{", *new, "}", *above]
    hunks = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            hunks.append(Hunk(i1 + (i2 > i1), i2 - i1, j1 + (j2 > j1), j2 - j1))
    same = {j: i for tag, i1, i2, j1, _ in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
            if tag == "equal" for i, j in zip(range(i1, i2), range(j1, j1 + i2 - i1), strict=True)}  # fmt: skip
    start, end = after.index("{") + 1, after.index("}") + 1
    found = spans_before([Span(start, end, "f")], hunks)
    if found and {start - 1, end - 1} <= same.keys():
        assert [(span.start, span.end) for span in found] == [(same[start - 1] + 1, same[end - 1] + 1)]


def test_files_of_commits_with_odd_names() -> None:
    a, b, zero = "a" * 40, "b" * 40, "0" * 40
    data = (
        f"{'1' * 40}\n\0:100644 100644 {a} {b} M\0x\ny.py\0:100644 100644 {a} {b} R090\0old.py\0".encode()
        + b"n\xffw.py\0"
        + f":100644 000000 {a} {zero} D\0gone.py\0:160000 160000 {a} {b} M\0module\0{'2' * 40}\0".encode()
        + f":000000 100755 {zero} {b} A\0new.sh\0:1006".encode()
    )
    found = parse_files(data)
    first, second = found["1" * 40], found["2" * 40]
    assert [(file.path, file.old_path) for file in first.files] == [(b"x\ny.py", b"x\ny.py"), (b"n\xffw.py", b"old.py")]
    assert first.count == 4
    assert [(file.path, file.old) for file in second.files] == [(b"new.sh", zero)]


def test_hunks_of_a_patch() -> None:
    a, b = "a" * 40, "b" * 40
    data = (
        f"{'1' * 40}\ndiff --git a/x b/x\nindex {a}..{b} 100644\n--- a/x\n+++ b/x\n@@ -3 +3,2 @@ def f():\n-old\n"
        f"+@@ -1 +1 @@\n+index {a}..{b}\n@@ -9,2 +10,0 @@\n-x\n-y\n"
    ).encode()
    assert parse_patch(data) == {(a, b): [Hunk(3, 1, 3, 2), Hunk(9, 2, 10, 0)]}
