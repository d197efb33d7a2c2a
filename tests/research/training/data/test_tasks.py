"""Checkouts of repositories that solve the same tasks, to records."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from fathom_indexer.evaluation import read_sets
from fathom_research.training.data.holdout import fingerprint
from fathom_research.training.data.leakage import Documents
from fathom_research.training.data.manifest import ManifestError
from fathom_research.training.data.shards import read_records
from fathom_research.training.data.task_sources import load_task_sources, task_key, task_title
from fathom_research.training.data.tasks import build_tasks, main, plain_statement, split_of

MIT = "MIT License\n\nPermission is hereby granted, free of charge, to any person\n"
PYTHON = (
    "def count_evens(values):\n    # {note}\n    total = 0\n    for value in values:\n        if value % 2 == 0:\n"
    "            total += 1\n    return total\n"
)
GO = (
    "package tally\n\nfunc CountEvens(values []int) int {\n\ttotal := 0\n\tfor _, value := range values {\n"
    "\t\tif value%2 == 0 {\n\t\t\ttotal++\n\t\t}\n\t}\n\treturn total\n}\n"
)
MANIFEST = {
    "layouts": {"statements": r"tasks/(?P<task>[^/]+)/text\.md", "file": r"(?:.+/)?\d+-(?P<task>[^/]+?)\.\w+"},
    "sources": [
        {"name": "one/statements", "licence": "MIT", "family": "toy", "layout": "statements", "statements": True},
        {"name": "one/python", "licence": "MIT", "family": "toy", "layout": "file"},
        {"name": "two/go", "licence": "MIT", "family": "toy", "layout": "file", "comments": False},
    ],
}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(MANIFEST))
    return path


@pytest.fixture
def checkouts(tmp_path: Path) -> Path:
    folder = tmp_path / "checkouts"
    for name, files in {
        "one+statements": {"tasks/count-evens/text.md": "# Title\n\nCount the *even* [numbers](there).\n"},
        "one+python": {"src/0001-count-evens.py": PYTHON.format(note="Loop."), ".revision": "abc\n"},
        "two+go": {"1-CountEvens.go": GO, "1-CountEvens_test.go": GO},
    }.items():
        for path, content in {"LICENSE": MIT, **files}.items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    return folder


def built(
    manifest: Path, checkouts: Path, held: frozenset[str] = frozenset(), documents: Documents | None = None
) -> tuple[list[dict[str, object]], dict[str, object]]:
    out = manifest.with_name("tasks.jsonl.gz")
    lock = build_tasks(load_task_sources(manifest), checkouts, out, held, documents)
    return list(read_records(out)), lock


def test_one_task_in_two_languages_with_its_statement(manifest: Path, checkouts: Path) -> None:
    records, lock = built(manifest, checkouts)
    assert [(record["task"], record["language"], record["file"]) for record in records] == [
        ("toy/countevens", "python", "src/0001-count-evens.py"),
        ("toy/countevens", "go", "1-CountEvens.go"),
    ]
    assert {record["description"] for record in records} == {"Count the even numbers."}
    assert lock["tasks"] == 1
    assert lock["tasks_by_languages"] == {2: 1}
    repositories = lock["repositories"]
    assert isinstance(repositories, dict)
    assert repositories["one/python"]["revision"] == "abc"


def test_without_a_statement_the_title_describes_the_task(manifest: Path, checkouts: Path) -> None:
    (checkouts / "one+statements/tasks/count-evens/text.md").unlink()
    records, _ = built(manifest, checkouts)
    assert {record["description"] for record in records} == {"count evens"}


def test_held_out_functions_are_left_out_though_a_comment_differs(manifest: Path, checkouts: Path) -> None:
    held = frozenset({fingerprint(PYTHON.replace("    # {note}\n", ""))})
    records, lock = built(manifest, checkouts, held)
    assert [record["language"] for record in records] == ["go"]
    repositories = lock["repositories"]
    assert isinstance(repositories, dict)
    assert repositories["one/python"]["held_out"] == 1


def test_what_resembles_an_evaluation_set_is_left_out(manifest: Path, checkouts: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sets" / "toy_anon"
    folder.mkdir(parents=True)
    document = PYTHON.replace("count_evens", "f").replace("    # {note}\n", "").replace("+= 1", "+= 2")
    rows = {
        "corpus": {"_id": "d", "text": document, "lang": "python"},
        "queries": {"_id": "q", "text": "count"},
        "qrels": {"qid": "q", "did": "d", "score": 1},
    }
    for name, row in rows.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as stream:
            stream.write(json.dumps(row) + "\n")
    documents = Documents(read_sets(tmp_path / "sets", []), {"toy*": "python"})
    records, lock = built(manifest, checkouts, documents=documents)
    assert [record["language"] for record in records] == ["go"]
    repositories = lock["repositories"]
    assert isinstance(repositories, dict)
    assert repositories["one/python"]["resembles_evaluation"] == {"toy_anon": 1}


def test_near_duplicates_and_more_than_four_of_a_language_are_dropped(manifest: Path, checkouts: Path) -> None:
    (checkouts / "one+python/src/0002-count-evens.py").write_text(PYTHON.format(note="Another comment."))
    for number in range(3, 9):
        body = "".join(f"    step_{number} = values[{place}] ** {number} - {place}\n" for place in range(number))
        (checkouts / f"one+python/src/{number}-count_evens.py").write_text(
            f"def number_{number}(values):\n{body}    return step_{number}\n"
        )
    records, lock = built(manifest, checkouts)
    python = [record for record in records if record["language"] == "python"]
    assert len(python) == 4
    repositories = lock["repositories"]
    assert isinstance(repositories, dict)
    assert repositories["one/python"]["duplicates"] == 1
    assert repositories["one/python"]["over_limit"] > 0


@pytest.mark.parametrize("licence", ["GNU GENERAL PUBLIC LICENSE Version 3", "All rights reserved."])
def test_another_licence_than_the_manifest_says_stops_everything(manifest: Path, checkouts: Path, licence: str) -> None:
    (checkouts / "two+go/LICENSE").write_text(licence)
    with pytest.raises(ManifestError, match="two/go"):
        built(manifest, checkouts)


def test_no_licence_file_stops_everything(manifest: Path, checkouts: Path) -> None:
    (checkouts / "two+go/LICENSE").unlink()
    with pytest.raises(ManifestError, match="no licence file"):
        built(manifest, checkouts)


def test_a_missing_checkout_is_named(manifest: Path, checkouts: Path) -> None:
    for file in (checkouts / "two+go").iterdir():
        file.unlink()
    (checkouts / "two+go").rmdir()
    _, lock = built(manifest, checkouts)
    assert lock["missing"] == ["two/go"]


def test_a_manifest_with_copyleft_is_refused(manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace('"licence": "MIT"', '"licence": "GPL-3.0-only"'))
    with pytest.raises(ManifestError, match="permissive"):
        load_task_sources(manifest)


def test_the_command_writes_records_and_lock(manifest: Path, checkouts: Path, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "held.gz", "wt") as stream:
        stream.write("0123456789abcdef\n")
    out = tmp_path / "made" / "tasks.jsonl.gz"
    out.parent.mkdir()
    arguments = ["--sources", str(checkouts), "--out", str(out), "--holdout", str(tmp_path / "held.gz")]
    assert main([*arguments, "--manifest", str(manifest)]) == 0
    assert len(list(read_records(out))) == 2
    assert json.loads((out.parent / "lock.json").read_text())["solutions"] == 2


def test_one_key_for_a_task_however_it_is_written() -> None:
    assert task_key("Two Sum") == task_key("two-sum") == task_key("TwoSum") == "twosum"
    assert task_title("Minimum-Window_Substring") == task_title("minimumWindowSubstring") == "minimum window substring"
    assert split_of("Two Sum") == split_of("two-sum")


def test_about_one_task_in_twenty_is_for_validation() -> None:
    share = sum(split_of(f"task {number}") == "validation" for number in range(4000)) / 4000
    assert 0.03 < share < 0.07


def test_a_statement_becomes_plain_text_cut_at_a_sentence() -> None:
    markdown = "# Description\n\nGiven `n`, **count** it.\n\n```text\ncode\n```\n\n" + "Another sentence of it. " * 60
    plain = plain_statement(markdown)
    assert plain.startswith("Given n, count it. Another sentence")
    assert "code" not in plain
    assert len(plain) <= 600
    assert plain.endswith(".")


@pytest.mark.parametrize(
    ("name", "path", "task"),
    [
        ("exercism/python", "exercises/practice/two-fer/.meta/example.py", "two-fer"),
        ("exercism/java", "exercises/practice/two-fer/.meta/src/reference/java/Twofer.java", "two-fer"),
        ("exercism/python", "exercises/practice/two-fer/two_fer.py", None),
        ("walkccc/LeetCode", "solutions/12. Some Title/12-2.cpp", "Some Title"),
        ("neetcode-gh/leetcode", "kotlin/0012-some-title.kt", "some-title"),
        ("aylei/leetcode-rust", "src/solution/s0012_some_title.rs", "some_title"),
        ("TheRenegadeCoder/sample-programs", "archive/g/go/bubble-sort.go", "bubble-sort"),
        ("algorithm-archivists/algorithm-archive", "contents/bogo_sort/code/rust/bogosort.rs", "bogo_sort"),
        ("ZoranPandovski/al-go-rithms", "sort/bubble_sort/Go/x.go", "bubble_sort"),
    ],
)
def test_paths_of_the_committed_manifest_tell_the_task(name: str, path: str, task: str | None) -> None:
    (source,) = [source for source in load_task_sources() if source.name == name]
    match = source.path.fullmatch(path)
    assert (match["task"] if match else None) == task
