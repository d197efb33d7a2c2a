"""Worktrees of one repository find each other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fathom_indexer.workspace import other_worktrees

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@localhost"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """A repository with two more worktrees, `one` and `two`."""
    root = tmp_path.resolve() / "main"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "a.py").write_text("x = 1\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    for name in ("one", "two"):
        git(root, "worktree", "add", "-q", f"../{name}", "-b", name)
    return root


def test_each_finds_the_others(main: Path) -> None:
    one, two = main.parent / "one", main.parent / "two"
    assert other_worktrees(main) == [one, two]
    assert other_worktrees(one) == [main, two]
    assert other_worktrees(one / "lib") == [main / "lib", two / "lib"]
    shutil.rmtree(two)
    assert other_worktrees(one) == [main]


def test_worktrees_of_a_bare_repository(tmp_path: Path, main: Path) -> None:
    bare = tmp_path.resolve() / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(main), str(bare))
    git(bare, "worktree", "add", "-q", "../three", "one")
    git(bare, "worktree", "add", "-q", "../four", "two")
    assert other_worktrees(bare.parent / "three") == [bare.parent / "four"]


@pytest.mark.parametrize("pointer", ["", "gitdir: nowhere", "gitdir: \0", "\udc80"])
def test_what_is_no_worktree_has_none(tmp_path: Path, pointer: str) -> None:
    assert other_worktrees(tmp_path / "not" / "there") == []
    (tmp_path / ".git").write_text(pointer, errors="surrogateescape")
    assert other_worktrees(tmp_path) == []
