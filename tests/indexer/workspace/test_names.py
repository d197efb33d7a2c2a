"""What is decided about paths that may not exist yet, and folders that the scan looks into."""

from __future__ import annotations

from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.workspace import included_folders, name_on_disk, scan, source_language

CONFIG = Config(exclude=("generated/",))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in (
        "a.py",
        "src/b.go",
        "src/deep/c.ts",
        "src/d.min.js",
        "notes.txt",
        "ignored/e.py",
        "generated/f.py",
        "node_modules/g/index.js",
        "env/lib/h.py",
        "env/pyvenv.cfg",
        "kept/build/i.py",
        "kept/package.json",
        ".git/j.py",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x = 1\n")
    (tmp_path / ".gitignore").write_text("ignored/\n")
    return tmp_path.resolve()


def test_a_file_is_judged_the_same_before_it_exists(root: Path) -> None:
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix in (".py", ".go", ".ts", ".js", ".txt")]
    paths = [path.relative_to(root).as_posix() for path in files]
    found = {item.path: getattr(item, "language", None) for item in scan(root, CONFIG)}
    there = {path: source_language(root, path, CONFIG) for path in paths}
    assert there == {path: found.get(path) for path in paths}
    assert set(filter(None, there.values())) == {"python", "go", "typescript"}
    for file in files:
        file.unlink()
    assert {path: source_language(root, path, CONFIG) for path in paths} == there


@pytest.mark.parametrize(
    ("path", "language"), [("new/folder/x.rs", "rust"), ("new/x", None), ("ignored/new/x.py", None), ("x.py", "python")]
)
def test_a_file_in_a_folder_that_is_not_there(root: Path, path: str, language: str | None) -> None:
    assert source_language(root, path, CONFIG) == language


def test_the_folders_are_those_that_the_scan_looks_into(root: Path) -> None:
    assert set(included_folders(root, CONFIG)) == {"", "src", "src/deep", "kept"}
    assert set(included_folders(root, CONFIG, "src")) == {"src", "src/deep"}
    assert list(included_folders(root, CONFIG, "ignored")) == []
    assert list(included_folders(root, CONFIG, "nowhere")) == []


def test_names_are_as_on_disk(root: Path) -> None:
    assert name_on_disk(root, "src/deep/c.ts") == "src/deep/c.ts"
    assert name_on_disk(root, "src/new.py") == "src/new.py"
    assert name_on_disk(root, "nowhere/new.py") == "nowhere/new.py"


def test_other_capitals_are_those_on_disk_where_they_name_the_same_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert name_on_disk(root, "SRC/b.go") == "SRC/b.go"
    # As on a file system that ignores capitals.
    monkeypatch.setattr(Path, "exists", lambda self: True)
    assert name_on_disk(root, "src/B.GO") == "src/b.go"
