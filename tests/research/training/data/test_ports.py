from __future__ import annotations

from dataclasses import replace

from fathom_research.training.data.ports import Described, related

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


def test_short_names_need_more_likeness() -> None:
    names = ("merge", 1), ("merge_rows", 2), ("merge_rows_of", 3)
    found = []
    for similarity in 0.3, 0.4, 0.6:
        # Ten content words in all, so many of them common to both.
        common = round(similarity * 10)
        words = [f"Word{chr(97 + index)}" for index in range(10)]
        one = replace(PYTHON, description=" ".join(words[: common + (10 - common) // 2]))
        other = replace(JAVA, description=" ".join(words[:common] + words[common + (10 - common) // 2 :]))
        found.append(
            [count for name, count in names if list(related([replace(one, name=name), replace(other, name=name)]))]
        )
    assert found == [[3], [2, 3], [1, 2, 3]]


def test_ports_stay_within_a_split() -> None:
    assert list(related([PYTHON, replace(JAVA, split="validation")])) == []


def test_another_language_goes_before_another_package() -> None:
    copy = replace(PYTHON, id="c", package="q", file="q/a.py")
    assert list(related([PYTHON, copy, JAVA])) == [("a", "b"), ("c", "b"), ("a", "c")]
    assert list(related([PYTHON, copy])) == [("a", "c")]
    assert list(related([PYTHON, replace(copy, package="p")])) == []


def test_overloads_share_file_and_qualified_name() -> None:
    overload = replace(JAVA, id="c", description="Writes numbers.")
    assert list(related([JAVA, overload])) == [("b", "c")]
    assert list(related([JAVA, replace(overload, qualified_name="B.mergeIntervals")])) == []
