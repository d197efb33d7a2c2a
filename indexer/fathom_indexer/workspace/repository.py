"""A git repository in a workspace: where its own files are, what it ignores and what it tracks."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from fathom_indexer.workspace.git_config import (
    config_home,
    expand,
    is_true,
    last,
    parse_config,
    read_config,
    user_config,
)
from fathom_indexer.workspace.git_index import Tracked, tracked
from fathom_indexer.workspace.read import read_regular

if TYPE_CHECKING:
    from pathlib import Path

_POINTER_BYTES = 100_000
_MODULES_BYTES = 1_000_000
_SHA1_BYTES, _SHA256_BYTES = 20, 32


class Repository:
    """The repository of a working tree. Each of its files is read once, when it is first needed."""

    def __init__(self, top: Path, git_folder: Path) -> None:
        self._top = top
        self._git_folder = git_folder
        shared = read_regular(git_folder / "commondir", _POINTER_BYTES)
        self.common = git_folder / _first_line(shared) if shared else git_folder
        """The folder that the worktrees share."""

    @classmethod
    def of(cls, top: Path) -> Repository | None:
        """The repository whose working tree begins at `top`; None if there is none.

        Worktrees and submodules name the folder of its own files in a file `.git`.
        """
        try:
            git = top / ".git"
            if git.is_file():
                pointer = read_regular(git, _POINTER_BYTES) or b""
                if not pointer.startswith(b"gitdir:"):
                    return None
                git = top / _first_line(pointer.removeprefix(b"gitdir:"))
            is_one = (git / "HEAD").is_file() or (git / "info").is_dir()
        except (OSError, ValueError):
            return None
        return cls(top, git) if is_one else None

    @property
    def exclude_file(self) -> Path:
        """The file with the patterns for this repository alone."""
        return self.common / "info" / "exclude"

    @cached_property
    def excludes_file(self) -> Path | None:
        """The file with the user's patterns for all repositories: `core.excludesFile`."""
        named = last(self._config, "core.excludesfile")
        if named is not None:
            return expand(named, self._top)
        home = config_home()
        return home and home / "git" / "ignore"

    @cached_property
    def fold_case(self) -> bool:
        """Whether patterns ignore case."""
        return is_true(last(self._config, "core.ignorecase"))

    @cached_property
    def tracked(self) -> Tracked:
        """The files that git tracks, and submodules that only `.gitmodules` names."""
        has_long_hashes = last(self._config, "extensions.objectformat") == "sha256"
        known = tracked(self._git_folder, _SHA256_BYTES if has_long_hashes else _SHA1_BYTES)
        text = (read_regular(self._top / ".gitmodules", _MODULES_BYTES) or b"").decode("utf-8-sig", "surrogateescape")
        submodules = {
            os.fsencode(value).rstrip(b"/")
            for name, value in parse_config(text)
            if name.startswith("submodule.") and name.endswith(".path")
        }
        missing = [path for path in submodules if path and not known.has(path)]
        return Tracked(tuple(sorted([*known.paths, *missing]))) if missing else known

    def is_same_as(self, other: Repository) -> bool:
        """Whether both are working trees of one repository."""
        try:
            return self.common.samefile(other.common)
        except (OSError, ValueError):
            return False

    @cached_property
    def _config(self) -> list[tuple[str, str]]:
        own = read_config(self.common / "config")
        if is_true(last(own, "extensions.worktreeconfig")):
            own += read_config(self._git_folder / "config.worktree")
        return user_config() + own


def _first_line(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape").strip().partition("\n")[0].replace("\0", "")
