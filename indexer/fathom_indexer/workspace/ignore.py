"""Ignore rules: which of the ignore files has the last word on a path.

From the last word down, and within one rank the deepest folder first:

1. `Config.exclude`, relative to the root;
2. `.fathomignore`;
3. `.ignore`;
4. `.gitignore`;
5. `.git/info/exclude`;
6. the built-in list (`defaults.PATTERNS`).

The first of them with a pattern that matches decides; within one file the last matching line does, as in git. If the
root lies inside a larger repository, the ignore files between the two apply as well, unless they ignore the root
itself: whoever opens an ignored folder wants what is in it.

Patterns are translated by pathspec. They are matched one path component at a time, from the root down, as git does:
a pattern that matches a folder speaks about that folder, and what is below it is judged on its own. So `!vendor/`
brings the folder back and still leaves `vendor/node_modules` to the other rules.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from fathom_indexer.workspace import defaults
from fathom_indexer.workspace.read import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_IGNORE_FILE_BYTES = 1_000_000


class _Rank(IntEnum):
    """Who has the last word: the lowest number."""

    EXCLUDE = 0
    FATHOMIGNORE = 1
    IGNORE = 2
    GITIGNORE = 3
    INFO_EXCLUDE = 4
    BUILT_IN = 5


_FILES = {".fathomignore": _Rank.FATHOMIGNORE, ".ignore": _Rank.IGNORE, ".gitignore": _Rank.GITIGNORE}


class _Pattern(NamedTuple):
    """One line. `compiled.include` is True where the line ignores, False where it is negated."""

    compiled: GitIgnoreSpecPattern
    folders_only: bool

    def matches(self, path: str, is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        result = self.compiled.match_file(path)
        # The group is pathspec's mark that the pattern matched a folder above `path`, which was judged before.
        return result is not None and result.match.groupdict().get("ps_d") is None


@dataclass(frozen=True, slots=True)
class _Source:
    """The patterns of one file. `base` is its folder, relative to the top, empty or with a final slash."""

    rank: _Rank
    base: str
    patterns: tuple[_Pattern, ...]

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        relative = path[len(self.base) :]
        for pattern in reversed(self.patterns):
            if pattern.matches(relative, is_folder):
                return pattern.compiled.include
        return None


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules in force in one folder of a workspace. Immutable; `entering` gives those of a folder inside it.

    Everything is relative to the top, which is the enclosing repository or else the root itself; `prefix` leads from
    there to the root and is empty or ends with a slash.
    """

    sources: tuple[_Source, ...]
    prefix: str

    @classmethod
    def of_root(cls, root: Path, exclude: Sequence[str] = ()) -> IgnoreRules:
        """The rules that hold for what lies directly in `root`, before its own ignore files are read."""
        above = _rules_above(root)
        own = (
            _Source(_Rank.EXCLUDE, above.prefix, _compile(tuple(exclude))),
            _Source(_Rank.BUILT_IN, above.prefix, _compile(defaults.PATTERNS)),
        )
        return above._with(own)

    def entering(self, root: Path, folder: str, names: Iterable[str]) -> IgnoreRules:
        """The rules inside `folder` (relative to `root`, empty or with a final slash), which holds `names`."""
        found = sorted(_FILES.keys() & names)
        sources = (_read(root / folder / name, _FILES[name], self.prefix + folder) for name in found)
        return self._with(sources) if found else self

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True if `path` (relative to the root, no final slash) is ignored, False if a negated pattern keeps it, None
        if no pattern speaks of it. The folders above it are taken to be included."""
        full = self.prefix + path
        for source in self.sources:
            if (verdict := source.verdict(full, is_folder)) is not None:
                return verdict
        return None

    def _with(self, sources: Iterable[_Source]) -> IgnoreRules:
        ordered = sorted((*self.sources, *sources), key=lambda source: (source.rank, -len(source.base)))
        return replace(self, sources=tuple(ordered))


def _rules_above(root: Path) -> IgnoreRules:
    """The rules of the repository that `root` lies in, from its top down to the folder that holds `root`."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    rules = IgnoreRules(sources=(), prefix="")
    if (git_folder := _git_folder(top)) is not None:
        rules = rules._with([_read(git_folder / "info" / "exclude", _Rank.INFO_EXCLUDE, "")])
    path = ""
    for part in root.relative_to(top).parts:
        rules = rules.entering(top, path, _FILES)
        if rules.verdict(path + part, is_folder=True):
            return IgnoreRules(sources=(), prefix="")
        path += part + "/"
    return replace(rules, prefix=path)


def _git_folder(top: Path) -> Path | None:
    """The folder of the repository's own files, which a worktree or submodule names in a file `.git`."""
    git = top / ".git"
    if git.is_dir():
        return git
    if not (pointer := read_regular(git, _IGNORE_FILE_BYTES)) or not pointer.startswith(b"gitdir:"):
        return None
    folder = top / _first_line(pointer[len(b"gitdir:") :])
    common = read_regular(folder / "commondir", _IGNORE_FILE_BYTES)
    return folder / _first_line(common) if common else folder


def _first_line(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape").strip().partition("\n")[0].replace("\0", "")


def _read(file: Path, rank: _Rank, base: str) -> _Source:
    """The patterns of an ignore file; none if it is missing, unreadable or absurdly large."""
    data = read_regular(file, _IGNORE_FILE_BYTES) or b""
    lines = data.decode("utf-8-sig", "surrogateescape").split("\n")
    return _Source(rank, base, _compile(tuple(lines)))


@lru_cache(maxsize=512)
def _compile(lines: tuple[str, ...]) -> tuple[_Pattern, ...]:
    """The patterns among the lines of an ignore file. Kept, because updates ask for the same few files again and
    again and translating a pattern costs far more than reading it."""
    return tuple(pattern for line in lines if (pattern := _pattern(line)) is not None)


def _pattern(line: str) -> _Pattern | None:
    """A line as a pattern; None for comments, blank lines and what git would not understand either."""
    # Git strips spaces at the end unless a backslash keeps the last one.
    text = line.rstrip("\r")
    text = text if text.endswith("\\ ") else text.rstrip()
    folders_only = text.endswith("/")
    try:
        with warnings.catch_warnings():
            # Brackets inside brackets are fine here; a later version of `re` may read them as nested sets.
            warnings.simplefilter("ignore", FutureWarning)
            compiled = GitIgnoreSpecPattern(text[:-1] if folders_only else text)
    except (ValueError, re.error):
        return None
    return _Pattern(compiled, folders_only) if compiled.include is not None else None
