"""Which files the walk gives, which it leaves out, and that one path alone is judged as in the whole walk."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.errors import WorkspaceError
from fathom_indexer.types import SkippedFile
from fathom_indexer.workspace import SourceFile, is_included, resolve_root, scan

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")
needs_permissions = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind this user"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return resolve_root(folder)


def write(root: Path, *paths: str, content: str = "x = 1\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def check(root: Path, sources: list[str], skipped: dict[str, str] | None = None, config: Config | None = None) -> None:
    """`scan` gives exactly these, in this order for sources; each path alone gives the same answer."""
    config = config or Config()
    found = list(scan(root, config))
    assert [item.path for item in found if isinstance(item, SourceFile)] == sources
    assert {item.path: item.reason for item in found if isinstance(item, SkippedFile)} == (skipped or {})
    for item in found:
        assert list(scan(root, config, under=item.path)) == [item]
    everything = [file.relative_to(root).as_posix() for file in root.rglob("*")]
    assert sorted(path for path in everything if is_included(root, path, config)) == sorted(sources)


def test_files_of_known_languages_come_with_their_stat(root: Path) -> None:
    write(root, "a.py", "b/c.go", "readme.txt", "Cargo.lock")
    os.utime(root / "a.py", ns=(1, 1_700_000_000_123_456_700))
    state = (root / "a.py").stat()
    assert next(iter(scan(root, Config()))) == SourceFile(
        "a.py", "python", 6, max(state.st_mtime_ns, state.st_ctime_ns)
    )
    check(root, ["a.py", "b/c.go"])


def test_the_order_is_that_of_names_with_files_before_folders(root: Path) -> None:
    write(root, "b.py", "a/z.py", "a/b/c.py", "a.py", "c/a.py", "B.py", "a/a.py")
    check(root, ["B.py", "a.py", "b.py", "a/a.py", "a/z.py", "a/b/c.py", "c/a.py"])


def test_under_restricts_to_a_file_or_folder(root: Path) -> None:
    write(root, "a.py", "ab.py", "a/b.py", "a/c/d.py", "ab/e.py")
    assert [item.path for item in scan(root, Config(), under="a")] == ["a/b.py", "a/c/d.py"]
    assert [item.path for item in scan(root, Config(), under="a/c/")] == ["a/c/d.py"]
    assert [item.path for item in scan(root, Config(), under="a/b.py")] == ["a/b.py"]
    for nothing in ("b", "a/x.py", "../workspace/a.py", "a.py/x"):
        assert list(scan(root, Config(), under=nothing)) == []


# --- ignore files ----------------------------------------------------------------------------------------------------


def test_ignore_files_have_their_ranks(root: Path) -> None:
    write(root, "a.py", "b.py", "c.py", "d.py", "e.py", "f.py")
    write(root, ".git/info/exclude", content="*.py\n")
    write(root, ".gitignore", content="!*.py\nb.py\nc.py\nd.py\n")
    write(root, ".ignore", content="!c.py\n!d.py\ne.py\n")
    write(root, ".fathomignore", content="d.py\n!e.py\n")
    check(root, ["a.py", "c.py", "e.py", "f.py"])
    check(root, ["a.py", "c.py", "e.py"], config=Config(exclude=("f.py",)))


def test_a_nested_ignore_file_speaks_for_its_folder_and_overrules_those_above(root: Path) -> None:
    write(root, "x.py", "a/x.py", "a/y.py", "a/b/x.py", "c/x.py")
    write(root, ".gitignore", content="x.py\n")
    write(root, "a/.gitignore", content="!/x.py\ny.py\n")
    check(root, ["a/x.py"])


def test_an_ignored_folder_is_closed_whatever_is_said_inside_it(root: Path) -> None:
    write(root, "a/x.py")
    write(root, ".gitignore", content="a/\n!a/x.py\n")
    write(root, "a/.fathomignore", content="!x.py\n")
    check(root, [])


def test_an_ignore_file_may_have_a_bom_and_crlf_and_be_no_utf8(root: Path) -> None:
    write(root, "a.py", "b.py", "c.py")
    (root / ".gitignore").write_bytes(b"\xef\xbb\xbfa.py\r\n\xff\xfe\r\n[\r\n[:-.]\r\nb.py")
    check(root, ["c.py"])


@posix_only
def test_an_escaped_space_at_the_end_of_a_line_belongs_to_the_name(root: Path) -> None:
    write(root, "a /x.py", "b /x.py", "b/x.py", "c/x.py")
    (root / ".gitignore").write_bytes(b"a\\ \r\nb \r\nc  ")
    check(root, ["b /x.py"])


def test_an_ignore_file_that_is_no_file_says_nothing(root: Path) -> None:
    write(root, "a.py")
    (root / ".gitignore").mkdir()
    check(root, ["a.py"])


@posix_only
def test_an_ignore_file_that_is_a_pipe_is_not_waited_for(root: Path) -> None:
    write(root, "a.py")
    os.mkfifo(root / ".gitignore")
    check(root, ["a.py"])


def test_the_ignore_files_of_the_enclosing_repository_apply(root: Path) -> None:
    write(root, ".git/HEAD", "src/app/a.py", "src/app/b.py", "src/app/c.py", "src/app/d.py", "src/app/build/e.py")
    write(root, ".git/info/exclude", content="a.py\n")
    write(root, ".gitignore", content="/src/app/b.py\n/c.py\n")
    write(root, "src/.gitignore", content="app/d.py\n")
    check(root / "src/app", ["c.py", "build/e.py"])
    write(root.parent, ".gitignore", content="*.py\n")
    check(root / "src/app", ["c.py", "build/e.py"])


def test_a_root_that_the_enclosing_repository_ignores_is_read_all_the_same(root: Path) -> None:
    write(root, ".git/HEAD", "generated/node_modules/pkg/a.js", "generated/node_modules/pkg/b/c.js")
    write(root, ".gitignore", content="*\n")
    check(root / "generated", [])
    check(root / "generated/node_modules", ["pkg/a.js", "pkg/b/c.js"])
    check(root / "generated/node_modules/pkg", ["a.js", "b/c.js"])


def test_a_worktree_takes_the_exclude_file_of_its_repository(root: Path) -> None:
    write(root, "tree/a.py", "tree/b.py", "main/.git/HEAD", "main/.git/worktrees/tree/HEAD")
    write(root, "main/.git/worktrees/tree/commondir", content="../..\n")
    write(root, "main/.git/info/exclude", content="a.py\n")
    write(root, "tree/.git", content=f"gitdir: {root}/main/.git/worktrees/tree\n")
    check(root / "tree", ["b.py"])


# --- the built-in rules ----------------------------------------------------------------------------------------------


def test_what_nobody_writes_is_left_out_without_a_word(root: Path) -> None:
    write(root, "a.py", ".#a.py", "node_modules/b.js", "x/__pycache__/c.py", ".tox/d.py", "lib/site-packages/e.py")
    write(root, ".github/script.py", ".ci/run.sh", ".profile", ".git/hooks/f.py", ".svn/g.py")
    check(root, [".profile", "a.py", ".ci/run.sh", ".github/script.py"])


def test_a_negated_pattern_brings_a_folder_back_but_not_what_is_ignored_inside_it(root: Path) -> None:
    write(root, ".tools/a.py", ".tools/node_modules/b.js", ".git/c.py")
    write(root, ".fathomignore", content="!.*/\n")
    check(root, [".tools/a.py"])


@pytest.mark.parametrize(
    ("folder", "manifest", "reason"),
    [
        ("build", "setup.py", "build output"),
        ("dist", "package.json", "build output"),
        ("target", "Cargo.toml", "build output"),
        ("vendor", "go.mod", "copied dependencies"),
    ],
)
def test_ambiguous_names_are_left_out_only_beside_the_manifest(
    root: Path, folder: str, manifest: str, reason: str
) -> None:
    write(root, f"{folder}/a.rs", f"a/{folder}/b.rs")
    check(root, [f"a/{folder}/b.rs", f"{folder}/a.rs"])
    write(root, manifest)
    manifests = [manifest] if manifest.endswith(".py") else []
    check(root, [*manifests, f"a/{folder}/b.rs"], {f"{folder}/": reason})
    write(root, ".fathomignore", content=f"!{folder}/\n")
    check(root, [*manifests, f"a/{folder}/b.rs", f"{folder}/a.rs"])


@pytest.mark.parametrize(
    ("mark", "reason"), [("pyvenv.cfg", "virtual environment"), ("CACHEDIR.TAG", "cache of a tool")]
)
def test_folders_that_tools_have_marked_are_left_out(root: Path, mark: str, reason: str) -> None:
    write(root, "a.py", "env/b.py", "env/lib/c.py", "venv/__init__.py", f"env/{mark}")
    check(root, ["a.py", "venv/__init__.py"], {"env/": reason})
    check(root / "env", ["b.py", "lib/c.py"])
    write(root, ".fathomignore", content="!env/\n")
    check(root, ["a.py", "env/b.py", "env/lib/c.py", "venv/__init__.py"])


def test_a_workspace_under_such_a_name_is_read(root: Path) -> None:
    write(root, "package.json", "node_modules/build/.hidden/a.js")
    check(root / "node_modules/build/.hidden", ["a.js"])


def test_minified_and_large_files_are_named(root: Path) -> None:
    write(root, "a.js", "jquery.min.js", "app-min.mjs", "admin.js")
    write(root, "big.py", content="#" * 101)
    write(root, "fits.py", content="#" * 100)
    check(
        root,
        ["a.js", "admin.js", "fits.py"],
        {"jquery.min.js": "minified", "app-min.mjs": "minified", "big.py": "too large (over 100 bytes)"},
        Config(max_file_bytes=100),
    )


# --- scripts, links and other files ----------------------------------------------------------------------------------


@posix_only
def test_executable_scripts_without_a_suffix_are_known_by_their_first_line(root: Path) -> None:
    write(root, "tool", "ignored", "not-executable", content="#!/usr/bin/env python3\nprint()\n")
    write(root, "run", content="#!/bin/sh -e\n")
    write(root, "data", content="no script\n")
    write(root, ".gitignore", content="ignored\n")
    for name in ("tool", "ignored", "run", "data"):
        (root / name).chmod(0o755)
    check(root, ["run", "tool"])
    assert [item.language for item in scan(root, Config()) if isinstance(item, SourceFile)] == ["bash", "python"]


@posix_only
def test_links_to_folders_are_not_followed_and_loops_do_no_harm(root: Path) -> None:
    write(root, "a/b.py")
    (root / "a/loop").symlink_to(root)
    (root / "elsewhere").symlink_to(root / "a")
    (root / "self.py").symlink_to("self.py")
    check(root, ["a/b.py"], {"self.py": "unreadable"})


@posix_only
def test_links_to_files_count_once_and_only_inside_the_root(root: Path) -> None:
    write(root, "a.py", "script", "node_modules/lib.js")
    write(root.parent, "secret.py")
    (root / "same.py").symlink_to("a.py")
    (root / "named.py").symlink_to("script")
    (root / "kept.js").symlink_to("node_modules/lib.js")
    (root / "outside.py").symlink_to("../secret.py")
    (root / "outside.txt").symlink_to("../secret.py")
    (root / "broken.py").symlink_to("nowhere.py")
    (root / "folder.py").symlink_to("node_modules")
    check(
        root,
        ["a.py", "kept.js", "named.py"],
        {
            "outside.py": "symbolic link outside the workspace",
            "broken.py": "broken symbolic link",
            "folder.py": "not a regular file",
        },
    )


@posix_only
def test_pipes_and_sockets_are_named_and_never_opened(root: Path) -> None:
    write(root, "a.py")
    os.mkfifo(root / "pipe.py")
    os.mkfifo(root / "pipe", mode=0o755)
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(".", os.O_RDONLY)
        try:
            # A socket's path must be short.
            os.chdir(root)
            server.bind("socket.py")
        finally:
            os.fchdir(here)
            os.close(here)
        check(root, ["a.py"], {"pipe.py": "not a regular file", "socket.py": "not a regular file"})


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_are_named_readably(root: Path) -> None:
    write(root, "naïve-日本.py")
    for name in (b"\xff.py", b"\xfe.txt"):
        with open(os.fsencode(root) + b"/" + name, "wb"):  # noqa: PTH123 - a name of bytes
            pass
    os.mkdir(os.fsencode(root) + b"/d\xff")  # noqa: PTH102
    reason = "file name is not valid text"
    found = list(scan(root, Config()))
    assert {item.path: item.reason for item in found if isinstance(item, SkippedFile)} == {
        "\N{REPLACEMENT CHARACTER}.py": reason,
        "d\N{REPLACEMENT CHARACTER}/": reason,
    }
    assert [item.path for item in found if isinstance(item, SourceFile)] == ["naïve-日本.py"]


@needs_permissions
def test_a_folder_that_cannot_be_read_does_not_stop_the_rest(root: Path) -> None:
    write(root, "a.py", "locked/b.py", "z/c.py")
    (root / "locked").chmod(0)
    try:
        found = list(scan(root, Config()))
    finally:
        (root / "locked").chmod(0o755)
    assert [item.path for item in found] == ["a.py", "locked/", "z/c.py"]
    assert found[1] == SkippedFile("locked/", "unreadable")


@needs_permissions
def test_files_of_a_folder_that_can_only_be_listed_are_named(root: Path) -> None:
    write(root, "a.py", "listed/b.py", "listed/c.txt")
    (root / "link.py").symlink_to("listed/b.py")
    (root / "listed").chmod(0o444)
    try:
        found = list(scan(root, Config()))
    finally:
        (root / "listed").chmod(0o755)
    assert [item.path for item in found if isinstance(item, SourceFile)] == ["a.py"]
    assert {item.path: item.reason for item in found if isinstance(item, SkippedFile)} == {
        "link.py": "unreadable",
        "listed/b.py": "unreadable",
    }


def test_folders_that_cannot_be_listed_do_not_stop_the_rest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, "a.py", "gone/b.py", "locked/b.py", "z/c.py")
    real = os.scandir

    def scandir(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        if path.name == "gone":
            raise FileNotFoundError(2, "No such file or directory")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert [item.path for item in scan(root, Config())] == ["a.py", "locked/", "z/c.py"]


def test_a_root_that_cannot_be_listed_is_an_error_not_an_empty_workspace(root: Path) -> None:
    with pytest.raises(WorkspaceError, match="cannot read the folder"):
        list(scan(root / "gone", Config()))


@posix_only
def test_a_very_deep_tree_is_walked_as_far_as_the_system_allows(root: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(root)
        for _ in range(30):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
        Path("bottom.py").write_text("x = 1\n")
    finally:
        os.fchdir(here)
        os.close(here)
    write(root, "a.py", "z/b.py")
    found = list(scan(root, Config()))
    assert [item.path for item in found if isinstance(item, SourceFile)] == ["a.py", "z/b.py"]
    assert [item.reason for item in found if isinstance(item, SkippedFile)] == ["unreadable"]
