"""Which files are embedded first."""

from __future__ import annotations

from fathom_indexer.indexing.priority import FilePriority


def test_the_file_that_was_noted_last_comes_first() -> None:
    priority = FilePriority()
    assert priority.paths() == []
    priority.note(["a.py", "b.py"])
    priority.note(["c.py"])
    assert priority.paths() == ["c.py", "b.py", "a.py"]
    priority.note(["a.py"])
    assert priority.paths() == ["a.py", "c.py", "b.py"]


def test_of_many_the_last_two_hundred_are_remembered() -> None:
    priority = FilePriority()
    priority.note(f"{number}.py" for number in range(300))
    priority.note(["new.py"])
    assert priority.paths() == ["new.py", *(f"{number}.py" for number in range(299, 100, -1))]
    assert len(priority.paths()) == 200
