"""What git would list and what the walk gives are the same files, for random trees, patterns and repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fathom_indexer.config import Config
from fathom_indexer.workspace import SourceFile, included_folders, is_included, resolve_root, scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

FOLDERS = ("", "a/", "b/", "a/a/", "a/b/", "b/a/", "a/b/c/", "a/b/a/")
FILES = tuple(folder + name for folder in FOLDERS for name in ("a.py", "b.py", "c.js"))
ODD_FILES: tuple[str, ...] = (
    "a b.py",
    "A.py",
    "é.py",
    "a-b.py",
    "ab.py",
    "9.py",
    "b/_x.py",
    "a/b/(c).py",
    "axb/b.py",
    "abb.py",
)
if os.name == "posix":
    ODD_FILES += ("#a.py", "!a.py", "a .py", "a\\b.py", "[a].py", "a*.py", "b/a:b.py", "a\tb.py", "b/é/ü.py")

SEGMENTS = ["a", "b", "c", "*", "**", "?", "[ab]", "[!a]", "[^a]", "[a-b]", "b*", "*a", "?.py", "\\a", "a**", "**b"]
SEGMENTS += ["*.py", "a.py", "c.js", "a.[pj]?", "[[:alpha:]]*", "[[:digit:][:punct:]].py", "[[:nothing:]]", "[b-a]"]
SEGMENTS += ["*[ -~].py", "??.py", "[]a]*", "[!]]b*", "[a\\-b]*", "\\[a\\].py", "\\*", "a\\*.py", "*b*", "**.**", "é*"]
SEGMENTS += ["[[:upper:]]*", "[^[:space:]]*", "a*b*", "***", "[a/b]", "[!a/]b*", "a[/]b", "x*/b", "[a-c-z]*", "[--9]*"]
WHOLE_LINES = ["a**", "**.py", "**a", "[a", "a]", "", "# a", "\\#a", "/", "!", "!/", "\\!a", "a**/b", "*a**/b.py", "//"]
WHOLE_LINES += [
    "\\#a.py",
    "\\!a.py",
    "a\\ ",
    "a \\ .py",
    "a\\",
    "a\\\\b.py",
    "a b.py",
    "a\tb.py",
    "a .py  ",
    "/*",
    "!*/",
]
WHOLE_LINES += [
    "**/",
    "/**",
    "/**/a.py",
    "a/**/",
    "a/**/b",
    "**/a/**",
    "a/***/b.py",
    "**\\/a.py",
    "[!",
    "[[:alpha:]",
    "!a/",
]

patterns = st.builds(
    lambda negated, anchored, parts, slash, end: negated + anchored + "/".join(parts) + slash + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "  ", "\r", " \r", "\r\r", "\t"]),
)
lines = st.one_of(patterns, patterns, patterns, st.sampled_from(WHOLE_LINES))
ignore_files = st.dictionaries(
    st.sampled_from([*FOLDERS, ".git/info/exclude"]), st.lists(lines, max_size=5), min_size=1, max_size=4
)


@pytest.fixture(autouse=True, scope="module")
def _no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME", "GIT_CONFIG_SYSTEM"):
            patch.delenv(name, raising=False)
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, str(tmp_path_factory.mktemp("home")))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("LC_ALL", "C")
        yield


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@localhost", "-c", "protocol.file.allow=always")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=repository, check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


def listed(repository: Path, *, is_worktree: bool = False) -> set[str]:
    """The files that git tracks or would offer to add, with those of the repositories inside, relative to it."""
    found: set[str] = set()
    for path in git(repository, "ls-files", "-co", "--exclude-standard", "-z").split("\0"):
        inside = repository / path
        if path and inside.is_dir():
            # Git names other worktrees as it names clones.
            if (inside / ".git").exists() and "worktrees" not in git(inside, "rev-parse", "--git-dir"):
                found |= {f"{path.rstrip('/')}/{file}" for file in listed(inside)}
        elif path and os.path.lexists(inside) and not inside.is_symlink():
            found.add(path)
    return {path for path in found if path.endswith((".py", ".js"))}


def sources(root: Path) -> set[str]:
    found = {found.path for found in scan(root, Config()) if isinstance(found, SourceFile)}
    folders = set(included_folders(root, Config()))
    assert {path.rpartition("/")[0] for path in found} <= folders
    return found


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = resolve_root(tmp_path_factory.mktemp("repository"))
    git(top, "init", "--quiet")
    write(top, *FILES, *ODD_FILES)
    return top


def write(top: Path, *files: str) -> None:
    for file in files:
        (top / file).parent.mkdir(parents=True, exist_ok=True)
        (top / file).write_text("x = 1\n")


def write_ignore_files(top: Path, files: dict[str, list[str]]) -> None:
    for old in top.rglob(".gitignore"):
        old.unlink()
    (top / ".git/info").mkdir(exist_ok=True)
    (top / ".git/info/exclude").write_text("")
    for place, content in files.items():
        file = top / place if place.endswith("exclude") else top / place / ".gitignore"
        file.write_text("".join(f"{line}\n" for line in content), newline="", encoding="utf-8")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=ignore_files)
def test_a_repository_is_read_as_git_reads_it(repository: Path, files: dict[str, list[str]]) -> None:
    write_ignore_files(repository, files)
    expected = listed(repository)
    assert sources(repository) == expected
    assert {file for file in FILES if is_included(repository, file, Config())} == expected & set(FILES)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=ignore_files)
def test_capitals_make_no_difference_where_git_is_told_so(repository: Path, files: dict[str, list[str]]) -> None:
    write_ignore_files(repository, files)
    git(repository, "config", "core.ignoreCase", "true")
    try:
        assert sources(repository) == listed(repository)
    finally:
        git(repository, "config", "core.ignoreCase", "false")


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
    expected = {path[len("a/b/") :] for path in listed(repository) if path.startswith("a/b/")}
    assert sources(repository / "a/b") == expected


# --- several repositories in one another, files that are tracked, exclude files of the user ---------------------------

PLACES = ("", "a/", "b/", "a/b/")
ROLES = ("submodule", "clone", "worktree", "folder")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_repositories_inside_others_are_read_as_git_reads_them(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    top = resolve_root(tmp_path_factory.mktemp("several"))
    repositories = [top]
    _begin(top, data)
    for place in data.draw(st.lists(st.sampled_from(("a/sub", "b/lib", "sub", "a/b/c")), unique=True, max_size=3)):
        role = data.draw(st.sampled_from(ROLES), label=place)
        inside = top / place
        if role == "folder" or inside.exists():
            write(inside, "a.py", "b/b.py")
        elif role == "worktree":
            git(top, "worktree", "add", "--quiet", "--detach", "--force", place)
        else:
            inside.mkdir(parents=True)
            _begin(inside, data)
            repositories.append(inside)
            if role == "submodule":
                git(top, "add", "--force", place)
    home = data.draw(st.lists(lines, max_size=3), label="of the user")
    git(top, "config", "core.excludesFile", str(top / ".git/users"))
    (top / ".git/users").write_text("".join(f"{line}\n" for line in home), newline="", encoding="utf-8")
    for repository in repositories:
        for place in data.draw(
            st.sets(st.sampled_from(FOLDERS[:5]), max_size=2), label=f"ignore files of {repository.name}"
        ):
            if (repository / place).is_dir():
                content = data.draw(st.lists(lines, max_size=4))
                (repository / place / ".gitignore").write_text(
                    "".join(f"{line}\n" for line in content), newline="", encoding="utf-8"
                )
        exclude = data.draw(st.lists(lines, max_size=2), label=f"exclude file of {repository.name}")
        (repository / ".git/info/exclude").write_text("".join(f"{line}\n" for line in exclude), encoding="utf-8")
    assert sources(top) == listed(top)


def _begin(top: Path, data: st.DataObject) -> None:
    """A repository with some of its files tracked, and a first commit."""
    git(top, "init", "--quiet")
    write(top, *FILES[:15])
    tracked = data.draw(st.lists(st.sampled_from(FILES[:15]), max_size=5, unique=True), label=f"tracked in {top.name}")
    version = data.draw(st.sampled_from(["2", "4"]), label="version of the index")
    if tracked:
        git(top, "add", "--force", *tracked)
    git(top, "commit", "--quiet", "--allow-empty", "-m", "Begin")
    git(top, "update-index", "--index-version", version)
    if data.draw(st.booleans(), label="split index"):
        git(top, "update-index", "--split-index")
        git(top, "add", "--force", "a.py")
