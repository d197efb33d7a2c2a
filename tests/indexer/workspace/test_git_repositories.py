"""What git tracks, repositories in one another, worktrees, and the files that the user has ignored everywhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.types import SkippedFile
from fathom_indexer.workspace import SourceFile, included_folders, resolve_root, scan, source_language
from fathom_indexer.workspace.git_config import last, parse_config, read_config
from fathom_indexer.workspace.git_index import tracked
from fathom_indexer.workspace.patterns import wildmatch

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME", "GIT_CONFIG_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture
def root(tmp_path: Path, home: Path) -> Path:
    root = tmp_path / "code"
    root.mkdir()
    return resolve_root(root)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Nobody", "-c", "user.email=nobody@localhost", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def write(root: Path, *paths: str, content: str = "x = 1\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def sources(root: Path) -> list[str]:
    return [found.path for found in scan(root, Config()) if isinstance(found, SourceFile)]


@needs_git
def test_a_submodule_is_searched_by_its_own_rules(root: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    write(library, "lib/a.py", "build/b.py", "c.py", "d.py")
    write(library, ".gitignore", content="d.py\n")
    git(library, "init", "-q")
    git(library, "add", ".")
    git(library, "commit", "-qm", "Begin")
    write(root, "lib/x.py", "y.py")
    write(root, ".gitignore", content="lib/\nc.py\n")
    git(root, "init", "-q")
    git(root, "submodule", "add", "-q", str(library), "parts/library")
    git(root, "submodule", "add", "-q", "-f", str(library), "lib/library")
    write(root, "parts/library/d.py", "parts/library/own.py")
    (root / ".git/modules/parts/library/info/exclude").write_text("own.py\n")
    inside = ["c.py", "build/b.py", "lib/a.py"]
    assert sources(root) == [
        "y.py",
        *(f"lib/library/{path}" for path in inside),
        *(f"parts/library/{path}" for path in inside),
    ]
    assert sources(root / "parts/library") == inside
    assert source_language(root, "lib/library/lib/new.py", Config()) == "python"
    assert source_language(root, "lib/new.py", Config()) is None
    assert "lib/library/lib" in set(included_folders(root, Config()))


@needs_git
def test_a_submodule_that_only_gitmodules_names_is_searched(root: Path) -> None:
    write(root, "lib/part/a.py", "lib/other/b.py")
    write(root, ".gitignore", content="/lib/\n")
    write(root, ".gitmodules", content='[submodule "part"]\n\tpath = lib/part\n')
    git(root, "init", "-q")
    git(root / "lib/part", "init", "-q")
    git(root / "lib/other", "init", "-q")
    assert sources(root) == ["lib/part/a.py"]


@needs_git
def test_a_clone_inside_is_searched_unless_it_is_ignored(root: Path) -> None:
    write(root, "clone/lib/a.py", "ignored/lib/a.py", "lib/a.py")
    write(root, ".gitignore", content="lib/\nignored/\n")
    for folder in (root, root / "clone", root / "ignored"):
        git(folder, "init", "-q")
    (root / "clone/.git/info/exclude").write_text("b.py\n")
    write(root, "clone/b.py")
    assert sources(root) == ["clone/lib/a.py"]


@needs_git
def test_a_worktree_inside_its_repository_is_found_once(root: Path) -> None:
    write(root, "a.py")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "Begin")
    git(root, "worktree", "add", "-q", "trees/one", "-b", "one")
    assert sources(root) == ["a.py"]
    assert [found for found in scan(root, Config()) if isinstance(found, SkippedFile)] == [
        SkippedFile("trees/one/", "another worktree of the same repository")
    ]
    assert source_language(root, "trees/one/a.py", Config()) is None
    assert "trees/one" not in set(included_folders(root, Config()))
    assert sources(root / "trees/one") == ["a.py"]
    # Here is nothing that it would repeat.
    assert sources(root / "trees") == ["one/a.py"]


@needs_git
@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("form", ["plain", "split", "sparse"])
def test_what_git_tracks_is_searched_although_a_rule_ignores_it(root: Path, version: str, form: str) -> None:
    write(root, "a/gen/kept.py", "a/gen/deep/er.py", "a/gen/new.py", "b.py", "gen/new.py", "a/x" + "y" * 240 + ".py")
    write(root, ".gitignore", content="gen/\nb.py\n*y.py\n.ignored-by-fathom/\n")
    git(root, "init", "-q")
    git(root, "add", "-f", "a/gen/kept.py", "a/gen/deep", "b.py", "a/x" + "y" * 240 + ".py")
    git(root, "commit", "-qm", "Begin")
    git(root, "update-index", "--index-version", version)
    # Git itself dies of an intention in a sparse index.
    if version == "3" and form != "sparse":
        write(root, "gen/meant.py")
        git(root, "add", "-f", "--intent-to-add", "gen/meant.py")
    if form == "split":
        git(root, "update-index", "--split-index")
        write(root, "gen/later.py")
        git(root, "add", "-f", "gen/later.py")
    elif form == "sparse":
        git(root, "sparse-checkout", "init", "--cone", "--sparse-index")
        git(root, "sparse-checkout", "add", "a")
    expected = ["b.py", "a/x" + "y" * 240 + ".py", "a/gen/kept.py", "a/gen/deep/er.py"]
    expected += ["gen/later.py"] if form == "split" else []
    expected += ["gen/meant.py"] if version == "3" and form != "sparse" else []
    assert sources(root) == expected
    assert source_language(root, "a/gen/other.py", Config()) is None
    write(root, ".fathomignore", content="kept.py\n")
    assert "a/gen/kept.py" not in sources(root)


@needs_git
def test_repositories_with_long_hashes_are_read(root: Path) -> None:
    write(root, "gen/kept.py", "gen/new.py")
    write(root, ".gitignore", content="gen/\n")
    git(root, "init", "-q", "--object-format=sha256")
    git(root, "add", "-f", "gen/kept.py")
    assert sources(root) == ["gen/kept.py"]


@needs_git
def test_a_damaged_index_says_nothing(root: Path) -> None:
    write(root, *(f"gen/{number}.py" for number in range(30)))
    git(root, "init", "-q")
    git(root, "add", ".")
    whole = (root / ".git/index").read_bytes()
    assert len(tracked(root / ".git", 20).paths) == 30
    for damaged in (
        b"",
        b"DIRC",
        whole[: len(whole) // 2],
        whole[:8] + b"\xff" * 40,
        b"\0" * 100,
        b"DIRC" + b"\xff" * 99,
    ):
        (root / ".git/index").write_bytes(damaged)
        assert set(tracked(root / ".git", 20).paths) <= {f"gen/{number}.py".encode() for number in range(30)}


def test_the_built_in_rules_hold_for_what_is_tracked_too(root: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    write(root, "node_modules/a.js", "vendor/b.go", "go.mod")
    write(root, ".gitignore", content="node_modules/\n")
    git(root, "init", "-q")
    git(root, "add", "-f", ".", "node_modules/a.js")
    assert sources(root) == []


# --- the files of the user -------------------------------------------------------------------------------------------


def test_the_users_own_ignore_file_counts_in_repositories(root: Path, home: Path) -> None:
    write(root, ".git/HEAD", "a.py", "b.py", "c/d.py")
    write(home, ".config/git/ignore", content="a.py\n/d.py\n")
    assert sources(root) == ["b.py", "c/d.py"]
    write(root, ".gitignore", content="!a.py\n")
    assert sources(root) == ["a.py", "b.py", "c/d.py"]
    shutil.rmtree(root / ".git")
    (root / ".gitignore").unlink()
    assert sources(root) == ["a.py", "b.py", "c/d.py"]


@pytest.mark.parametrize("place", ["global", "xdg", "repository", "included", "environment"])
def test_core_excludes_file_is_read_wherever_it_is_set(
    root: Path, home: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    write(root, ".git/HEAD", "a.py", "b.py")
    write(home, "mine", content="a.py\n")
    write(home, ".config/git/ignore", content="b.py\n")
    setting = "[user]\n\tname = x\n[core]\n\tExcludesFile = ~/mine ; of mine\n"
    if place == "global":
        write(home, ".gitconfig", content=setting)
    elif place == "xdg":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "settings"))
        write(home, "settings/git/config", content=setting)
    elif place == "repository":
        write(home, ".gitconfig", content="[core]\nexcludesFile = /nowhere\n")
        write(root, ".git/config", content=setting)
    elif place == "included":
        write(home, ".gitconfig", content='[include]\n\tpath = more\n[includeIf "gitdir:/x"]\npath = wrong\n')
        write(home, "more", content=setting)
        write(home, "wrong", content="[core]\nexcludesFile = /nowhere\n")
    else:
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "global"))
        write(home, "global", content=setting)
    assert sources(root) == ["b.py"]


def test_an_include_that_includes_itself_ends(tmp_path: Path) -> None:
    write(tmp_path, "config", content="[include]\npath = config\n[core]\nexcludesFile = x\n")
    assert last(read_config(tmp_path / "config"), "core.excludesfile") == "x"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('[a]\nk = "x ; # y" z # c\n', "x ; # y z"),
        ("[A]\n  K=one\\\n  two\n", "one  two"),
        ("[a] k = v\n", "v"),
        ("[a]\nk\n", "true"),
        ("[a]\nk =\n", ""),
        ('[a]\nk = "a\\tb\\\\c\\"d"\r\n', 'a\tb\\c"d'),
        ("[a]\n# k = 1\n; k = 2\nk = 3  \n", "3"),
        ("[a]\nk = 1\n[a]\nk = 2\n", "2"),
        ("[a]\nk = 1\n[b\nk = 2\n", "1"),
        ('[a]\nk = 1\nk = "open\nk = 3\n', "1"),
        ("k = 1\n", None),
        ("\ufffd[", None),
    ],
)
def test_a_configuration_is_read_as_git_reads_it(text: str, value: str | None) -> None:
    assert last(parse_config(text), "a.k") == value
    assert last(parse_config('[submodule "A \\"b"]\npath = x\n'), 'submodule.A "b.path') == "x"


def test_no_pattern_takes_exponential_time() -> None:
    assert not wildmatch(b"*a" * 40 + b"b", b"a" * 200)
    assert not wildmatch(b"**/a*/" * 20 + b"b", b"a/" * 200 + b"c")
    assert wildmatch(b"**/a*/" * 20 + b"b", b"a/" * 200 + b"b")
    assert wildmatch(b"*a" * 40, b"a" * 200)


def test_literate_haskell_is_named(root: Path) -> None:
    write(root, "Main.lhs", "old/Gone.lhs")
    write(root, ".gitignore", content="old/\n")
    (skipped,) = scan(root, Config())
    assert isinstance(skipped, SkippedFile)
    assert (skipped.path, skipped.reason.partition(",")[0]) == ("Main.lhs", "literate Haskell")
