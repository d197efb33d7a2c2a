"""Where a workspace and its index lie, and what paths are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.config import Config
from fathom_indexer.errors import IndexStoreError, WorkspaceError
from fathom_indexer.workspace import cache_path, relative_path, resolve_root

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return resolve_root(folder)


def test_a_root_is_absolute_and_without_links(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert resolve_root(Path()) == root
    assert resolve_root(Path("../workspace")) == root
    if os.name == "posix":
        (root.parent / "link").symlink_to(root)
        assert resolve_root(root.parent / "link") == root


def test_a_root_that_cannot_be_searched_is_a_clear_error(root: Path) -> None:
    (root / "file").write_text("")
    with pytest.raises(WorkspaceError, match="no such folder"):
        resolve_root(root / "missing")
    with pytest.raises(WorkspaceError, match="not a folder"):
        resolve_root(root / "file")
    with pytest.raises(WorkspaceError, match=r"not a folder|no such folder"):
        resolve_root(root / "file" / "below")
    with pytest.raises(WorkspaceError, match="cannot read"):
        resolve_root(root / "nul\0")


@posix_only
def test_a_root_in_a_loop_of_links_is_a_clear_error(root: Path) -> None:
    (root / "loop").symlink_to("loop")
    with pytest.raises(WorkspaceError, match="cannot read"):
        resolve_root(root / "loop")


def test_a_root_that_cannot_be_listed_is_a_clear_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(WorkspaceError, match="Permission denied"):
        resolve_root(root)


def test_paths_are_called_by_their_way_from_the_root(root: Path) -> None:
    assert relative_path(root, "a/b.py") == "a/b.py"
    assert relative_path(root, root / "a" / "b.py") == "a/b.py"
    assert relative_path(root, "a/../b/./c.py") == "b/c.py"
    assert relative_path(root, Path("a") / "ü.py") == "a/ü.py"


@pytest.mark.parametrize("path", ["", ".", "..", "../x.py", "a/../../x.py", "a/..", "../workspacex/a.py", "nul\0.py"])
def test_nothing_escapes_the_root(root: Path, path: str) -> None:
    assert relative_path(root, path) is None
    assert relative_path(root, str(root) + os.sep + path) is None


def test_other_absolute_paths_are_outside(root: Path) -> None:
    assert relative_path(root, root.parent) is None
    assert relative_path(root, root.parent / "x.py") is None
    assert relative_path(root, Path(root.anchor)) is None


@posix_only
def test_links_on_the_way_are_resolved_and_one_at_the_end_is_not(root: Path) -> None:
    (root / "real").mkdir()
    (root / "real" / "a.py").write_text("")
    (root / "way").symlink_to("real")
    (root / "out").symlink_to("..")
    (root / "end.py").symlink_to("real/a.py")
    (root.parent / "alias").symlink_to(root)
    assert relative_path(root, "way/a.py") == "real/a.py"
    assert relative_path(root, "end.py") == "end.py"
    assert relative_path(root, root.parent / "alias" / "real" / "a.py") == "real/a.py"
    assert relative_path(root, "out/x.py") is None
    assert relative_path(root, "out/workspace/x.py") == "x.py"


@posix_only
def test_names_that_are_no_text_have_no_path(root: Path) -> None:
    assert relative_path(root, os.fsdecode(b"\xff.py")) is None


@given(parts=st.lists(st.sampled_from(["..", ".", "a", "b", "", "c.py"]), max_size=8), absolute=st.booleans())
def test_whatever_is_asked_the_answer_stays_inside(parts: list[str], absolute: bool) -> None:
    root = Path(os.path.abspath(os.sep)) / "no-such-workspace"  # noqa: PTH100
    path = "/".join(parts)
    answer = relative_path(root, f"{root}/{path}" if absolute else path)
    if answer is not None:
        assert answer
        assert not answer.startswith(("/", "."))
        assert ".." not in answer.split("/")


def test_each_root_has_its_own_index_private_to_the_user(root: Path, tmp_path: Path) -> None:
    config = Config(cache_dir=str(tmp_path / "deep" / "cache"))
    (root / "workspace").mkdir()
    first, second = cache_path(root, config), cache_path(root / "workspace", config)
    assert first.name == second.name == "index.sqlite3"
    assert first.parent != second.parent
    assert first.parent.name.startswith("workspace-")
    assert first == cache_path(root, config)
    if os.name == "posix":
        assert first.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "expected"), [("my project (é)", "my-project"), ("...", "root"), ("a" * 200, "a" * 40), ("c++", "c")]
)
def test_the_index_is_named_after_the_folder(tmp_path: Path, name: str, expected: str) -> None:
    folder = cache_path(tmp_path / name, Config(cache_dir=str(tmp_path / "cache"))).parent
    assert folder.name.rpartition("-")[0].startswith(expected)
    assert len(folder.name) < 80


def test_the_cache_may_be_set_by_the_environment(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATHOM_CACHE_DIR", str(tmp_path / "elsewhere"))
    assert cache_path(root, Config()).is_relative_to(tmp_path / "elsewhere")


def test_a_cache_that_cannot_be_made_is_a_clear_error(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexStoreError, match="FATHOM_CACHE_DIR"):
        cache_path(root, Config(cache_dir=str(tmp_path / "file")))
    with pytest.raises(IndexStoreError, match="FATHOM_CACHE_DIR"):
        cache_path(root, Config(cache_dir=str(tmp_path / "nul\0")))
