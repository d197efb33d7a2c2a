"""What git would list and what the walk gives are the same files, for random trees and patterns."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fathom_indexer.config import Config
from fathom_indexer.workspace import SourceFile, is_included, resolve_root, scan

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

FOLDERS = ("", "a/", "b/", "a/a/", "a/b/", "b/a/", "a/b/c/", "a/b/a/")
FILES = tuple(folder + name for folder in FOLDERS for name in ("a.py", "b.py", "c.js"))

SEGMENTS = ["a", "b", "c", "*", "**", "?", "[ab]", "[!a]", "[^a]", "[a-b]", "b*", "*a", "?.py", "\\a"]
SEGMENTS += ["*.py", "a.py", "c.js", "a.[pj]?"]
# Out of the property's reach: character classes by name and slashes inside brackets, which pathspec does not know,
# and `a**/b`, which git reads against its own manual.
WHOLE_LINES = ["a**", "**.py", "**a", "[a", "a]", "", "# a", "\\#a", "/", "!", "!/", "\\!a"]

patterns = st.builds(
    lambda negated, anchored, parts, slash, end: negated + anchored + "/".join(parts) + slash + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "  ", "\r"]),
)
lines = st.one_of(patterns, patterns, patterns, st.sampled_from(WHOLE_LINES))
ignore_files = st.dictionaries(
    st.sampled_from([*FOLDERS, ".git/info/exclude"]), st.lists(lines, max_size=5), min_size=1, max_size=4
)


def git(repository: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    command = ["git", "-c", "core.excludesFile=", *arguments]
    return subprocess.run(
        command, cwd=repository, env=environment, check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


def untracked(repository: Path) -> set[str]:
    """The files that git would offer to add, relative to `repository`."""
    listed = git(repository, "ls-files", "--others", "--exclude-standard", "-z")
    return {path for path in listed.split("\0") if path and not path.endswith(".gitignore")}


def sources(root: Path) -> set[str]:
    return {found.path for found in scan(root, Config()) if isinstance(found, SourceFile)}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = resolve_root(tmp_path_factory.mktemp("repository"))
    git(top, "init", "--quiet")
    for file in FILES:
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        (top / file).write_text("x = 1\n")
    return top


def write_ignore_files(top: Path, files: dict[str, list[str]]) -> None:
    for old in top.rglob(".gitignore"):
        old.unlink()
    (top / ".git/info").mkdir(exist_ok=True)
    (top / ".git/info/exclude").write_text("")
    for place, content in files.items():
        file = top / place if place.endswith("exclude") else top / place / ".gitignore"
        file.write_text("".join(f"{line}\n" for line in content), newline="")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=ignore_files)
def test_a_repository_is_read_as_git_reads_it(repository: Path, files: dict[str, list[str]]) -> None:
    write_ignore_files(repository, files)
    expected = untracked(repository)
    assert sources(repository) == expected
    assert {file for file in FILES if is_included(repository, file, Config())} == expected


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=ignore_files)
def test_a_folder_of_a_repository_is_read_as_git_reads_it(repository: Path, files: dict[str, list[str]]) -> None:
    write_ignore_files(repository, files)
    # An ignored root is another matter: git would say nothing about it, Fathom reads it.
    assume(
        not git(repository, "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "a/b").startswith(
            ("a/\n", "a/b/\n")
        )
    )
    expected = {path[len("a/b/") :] for path in untracked(repository) if path.startswith("a/b/")}
    assert sources(repository / "a/b") == expected
