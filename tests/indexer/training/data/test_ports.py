from __future__ import annotations

from dataclasses import replace

from fathom_indexer.training.data.ports import Described, related

PYTHON = Described(
    id="a",
    language="python",
    package="p",
    split="train",
    file="p/a.py",
    name="merge_intervals",
    qualified_name="merge_intervals",
    description="Joins the intervals that overlap into one.",
)
JAVA = replace(
    PYTHON,
    id="b",
    language="java",
    package="j",
    file="j/A.java",
    name="mergeIntervals",
    qualified_name="A.mergeIntervals",
    description="Joins intervals which overlap into a single one.",
)


def test_ports_have_one_name_and_like_descriptions() -> None:
    assert list(related([PYTHON, JAVA])) == [("a", "b")]
    assert list(related([PYTHON, replace(JAVA, name="joinAll")])) == []
    assert list(related([PYTHON, replace(JAVA, description="Opens a window on the screen.")])) == []


def test_ports_stay_within_a_split() -> None:
    assert list(related([PYTHON, replace(JAVA, split="validation")])) == []


def test_another_language_goes_before_another_package() -> None:
    copy = replace(PYTHON, id="c", package="q", file="q/a.py")
    assert list(related([PYTHON, copy, JAVA])) == [("a", "b")]
    assert list(related([PYTHON, copy])) == [("a", "c")]
    assert list(related([PYTHON, replace(copy, package="p")])) == []


def test_overloads_share_file_and_qualified_name() -> None:
    overload = replace(JAVA, id="c", description="Writes numbers.")
    assert list(related([JAVA, overload])) == [("b", "c")]
    assert list(related([JAVA, replace(overload, qualified_name="B.mergeIntervals")])) == []
