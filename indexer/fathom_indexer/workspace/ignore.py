"""Ignore rules: whether a path is ignored, decided by the ignore files in this order, the deepest folder first:

1. `Config.exclude`, relative to the root;
2. `.fathomignore`;
3. `.ignore`;
4. `.gitignore`;
5. `.git/info/exclude`;
6. the file that git's setting `core.excludesFile` names, `~/.config/git/ignore` if none is set;
7. the built-in list (`defaults.PATTERNS`).

The first source with a matching pattern decides; within one file the last matching line does, as in git. If the
root is inside a larger repository, the ignore files between the two apply as well, unless they ignore the root
itself: a user who opens an ignored folder wants to search it.

Patterns are matched one path component at a time, from the root down, as git does: a pattern that matches a folder
decides about that folder only, and what is inside is judged by itself. So `!vendor/` brings the folder back and
`vendor/node_modules` is still left to the other rules.

Git's own files, ranks 4 to 6, do not apply to what git tracks: as in git, they concern files that are not added yet.
Nor do they apply inside another repository: a submodule, or a clone that they do not ignore, has its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from fathom_indexer.workspace import defaults
from fathom_indexer.workspace.patterns import Patterns, compile_patterns, read_patterns
from fathom_indexer.workspace.read import read_regular
from fathom_indexer.workspace.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_IGNORE_FILE_BYTES = 1_000_000


class _Rank(IntEnum):
    """Precedence: the lowest number decides."""

    EXCLUDE = 0
    FATHOMIGNORE = 1
    IGNORE = 2
    GITIGNORE = 3
    INFO_EXCLUDE = 4
    EXCLUDES_FILE = 5
    BUILT_IN = 6


_GIT = (_Rank.GITIGNORE, _Rank.INFO_EXCLUDE, _Rank.EXCLUDES_FILE)
_FILES = {".fathomignore": _Rank.FATHOMIGNORE, ".ignore": _Rank.IGNORE, ".gitignore": _Rank.GITIGNORE}


class Verdict(NamedTuple):
    """The result of the rules for a path."""

    ignored: bool | None
    """False if a negated pattern keeps it, None if no pattern matches."""
    only_tracked: bool = False
    """Of a folder: git ignores it but tracks files in it. All other files in it are ignored."""


@dataclass(frozen=True, slots=True)
class _Source:
    """The patterns of one file. `base` is its folder, relative to the top, empty or with a final slash."""

    rank: _Rank
    base: bytes
    patterns: Patterns


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules in force in one folder of a workspace. Immutable; `entering` gives those of a folder inside it.

    Everything is relative to the top, which is the repository around the root or else the root itself; `prefix` leads
    from there to the root and is empty or ends with a slash.
    """

    prefix: bytes
    before_git: tuple[_Source, ...] = ()
    git: tuple[_Source, ...] = ()
    after_git: tuple[_Source, ...] = ()
    repository: Repository | None = None
    """The repository that the folder belongs to."""
    base: bytes = b""
    """Where its working tree begins."""
    only_tracked: bool = False

    @classmethod
    def of_root(cls, root: Path, exclude: Sequence[str] = ()) -> IgnoreRules:
        """The rules for the entries of `root`, before its own ignore files are read."""
        above = _rules_above(root)
        patterns = compile_patterns(tuple(os.fsencode(pattern) for pattern in exclude))
        return above._with(
            [
                _Source(_Rank.EXCLUDE, above.prefix, patterns),
                _Source(_Rank.BUILT_IN, above.prefix, compile_patterns(_BUILT_IN)),
            ]
        )

    def inside(self, verdict: Verdict) -> IgnoreRules:
        """The rules for the inside of a folder with this verdict."""
        changed = verdict.only_tracked != self.only_tracked
        return replace(self, only_tracked=verdict.only_tracked) if changed else self

    def entering(self, root: Path, folder: str, names: AbstractSet[str]) -> IgnoreRules | None:
        """The rules inside `folder` (relative to `root`, empty or with a final slash), which holds `names`.

        None if the folder is another working tree of the surrounding repository, with the same files.
        """
        rules = self
        if folder and ".git" in names and (nested := Repository.of(root / folder)) is not None:
            if self._repeats(nested):
                return None
            rules = self._beginning(nested, self.prefix + os.fsencode(folder))
        found = sorted(_FILES.keys() & names)
        sources = [rules._read(root / folder / name, _FILES[name], self.prefix + os.fsencode(folder)) for name in found]
        return rules._with(sources) if found else rules

    def judge(self, path: str, is_folder: bool) -> Verdict:
        """The verdict on `path` (relative to the root, no final slash). The folders above it count as included."""
        full = self.prefix + os.fsencode(path)
        said = _verdict(self.before_git, full, is_folder)
        if said is not None:
            return Verdict(said)
        said = True if self.only_tracked else _verdict(self.git, full, is_folder)
        tracked = bool(said) and self._is_tracked(full, is_folder)
        if said is not None and not tracked:
            return Verdict(said)
        return Verdict(_verdict(self.after_git, full, is_folder), only_tracked=tracked and is_folder)

    def _is_tracked(self, full: bytes, is_folder: bool) -> bool:
        if self.repository is None:
            return False
        path, tracked = full[len(self.base) :], self.repository.tracked
        return tracked.has(path) or (is_folder and tracked.has_below(path + b"/"))

    def _repeats(self, nested: Repository) -> bool:
        """Whether the workspace already contains another working tree of a nested repository."""
        own = self.repository
        if own is None or not own.is_same_as(nested):
            return False
        return own.tracked.has_below(self.prefix[len(self.base) :])

    def _beginning(self, repository: Repository, base: bytes) -> IgnoreRules:
        """The rules at the top of a nested working tree: those of its repository replace those of the outer one."""
        rules = replace(self, git=(), repository=repository, base=base, only_tracked=False)
        sources = [rules._read(repository.exclude_file, _Rank.INFO_EXCLUDE, base)]
        if repository.excludes_file is not None:
            sources.append(rules._read(repository.excludes_file, _Rank.EXCLUDES_FILE, base))
        return rules._with(sources)

    def _read(self, file: Path, rank: _Rank, base: bytes) -> _Source:
        """The patterns of an ignore file; none if it is missing, unreadable or absurdly large."""
        # Git does not follow links here: a checked-out link could name any file.
        data = read_regular(file, _IGNORE_FILE_BYTES, follow_link=rank is not _Rank.GITIGNORE) or b""
        fold_case = rank in _GIT and self.repository is not None and self.repository.fold_case
        return _Source(rank, base, read_patterns(data, fold_case))

    def _with(self, sources: Iterable[_Source]) -> IgnoreRules:
        known = (*self.before_git, *self.git, *self.after_git, *sources)
        ordered = sorted(known, key=lambda source: (source.rank, -len(source.base)))
        return replace(
            self,
            before_git=tuple(source for source in ordered if source.rank < _GIT[0]),
            git=tuple(source for source in ordered if source.rank in _GIT),
            after_git=tuple(source for source in ordered if source.rank > _GIT[-1]),
        )


_BUILT_IN = tuple(pattern.encode() for pattern in defaults.PATTERNS)


def _verdict(sources: Iterable[_Source], path: bytes, is_folder: bool) -> bool | None:
    for source in sources:
        if (said := source.patterns.verdict(path[len(source.base) :], is_folder)) is not None:
            return said
    return None


def _rules_above(root: Path) -> IgnoreRules:
    """The rules of the repository around `root`, from its top down to the folder that contains `root`."""
    for top in (root, *root.parents):
        if (repository := Repository.of(top)) is not None:
            break
    else:
        return IgnoreRules(prefix=b"")
    rules = IgnoreRules(prefix=b"")._beginning(repository, b"")
    path = ""
    for part in root.relative_to(top).parts:
        entered = rules.entering(top, path, _FILES.keys())
        verdict = entered.judge(path + part, is_folder=True) if entered is not None else Verdict(True)
        if entered is None or verdict.ignored or verdict.only_tracked:
            return IgnoreRules(prefix=b"")
        rules = entered
        path += part + "/"
    return replace(rules, prefix=os.fsencode(path))
