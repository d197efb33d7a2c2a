"""Which files are embedded first."""

from __future__ import annotations

from fathom_indexer.indexing.priority import FilePriority


def test_the_file_that_was_noted_last_comes_first() -> None:
    interest = FilePriority()
    assert interest.paths() == []
    interest.note(["a.py", "b.py"])
    interest.note(["c.py"])
    assert interest.paths() == ["c.py", "b.py", "a.py"]
    interest.note(["a.py"])
    assert interest.paths() == ["a.py", "c.py", "b.py"]


def test_of_many_the_last_two_hundred_are_remembered() -> None:
    interest = FilePriority()
    interest.note(f"{number}.py" for number in range(300))
    interest.note(["new.py"])
    assert interest.paths() == ["new.py", *(f"{number}.py" for number in range(299, 100, -1))]
    assert len(interest.paths()) == 200
