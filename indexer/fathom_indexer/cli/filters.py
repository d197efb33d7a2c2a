"""Filters as users type them, and the filters that match nothing."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from fathom_indexer.cli.options import config_from
from fathom_indexer.cli.workspace import Workspace
from fathom_indexer.engine import LANGUAGE_NAMES
from fathom_indexer.search.filters import glob_filter
from fathom_indexer.types import Filters, Hit
from fathom_indexer.wire.validation import check_filters
from fathom_indexer.workspace import SourceFile, resolve_root, scan

_EVERYTHING = "**"

_SEPARATOR = re.compile(r"\\" if os.name == "nt" else r"\\(?![*?\[\]!# \\])")
"""A backslash that separates names, as on Windows; elsewhere one may also keep what follows it from being a pattern."""

_SPECIAL = re.compile(r"[*?\[\]\\]")


def filters_from(options: argparse.Namespace) -> Filters:
    """The filters that the options ask for, path filters relative to the folder that is searched.

    Raises `QueryError` for languages and kinds that do not exist, `WorkspaceError` for a folder that does not.
    """
    root = resolve_root(options.path)
    globs = tuple(glob_in_workspace(glob, root, Path.cwd()) for glob in options.globs)
    filters = Filters(globs, tuple(options.language), tuple(options.kind))
    check_filters(filters, LANGUAGE_NAMES)
    return filters


def glob_in_workspace(glob: str, root: Path, here: Path) -> str:
    """A path filter relative to `root`, as a search takes it, from what a user typed in the folder `here`.

    Absolute ones are taken as they are. Those with `.` or `..` are relative to `here` if that lies inside the root,
    else to the root; so are those that lead to a file or folder there and to none below the root. Names that exist
    mean themselves, whatever signs are in them. All others are patterns as in an ignore file of the root.
    """
    mark, pattern = ("!", glob[1:]) if glob.startswith("!") else ("", glob)
    pattern = _SEPARATOR.sub("/", pattern)
    here = here.resolve()
    start = here if here.is_relative_to(root) else root
    names = pattern.split("/")
    if anchor := PurePath(pattern).anchor:
        found = None if (root / pattern.strip("/")).exists() else _anchored(Path(anchor), pattern[len(anchor) :], root)
    elif "." in names or ".." in names:
        found = _anchored(start, pattern, root) or "/" + pattern
    elif "/" in pattern.rstrip("/"):
        found = next(
            (_anchored(folder, pattern, root) for folder in (root, start) if _leads_on(folder, names[0])), None
        )
    else:
        found = None
    return mark + (found or pattern)


def _leads_on(folder: Path, name: str) -> bool:
    return os.path.lexists(folder / name)


def _anchored(start: Path, pattern: str, root: Path) -> str | None:
    """What `pattern`, relative to `start`, is called from `root`; None if it leads out of it."""
    path = start
    rest: list[str] = []
    for name in pattern.split("/"):
        if name == "..":
            path = path if rest else path.parent
            rest = rest[:-1]
        elif name not in ("", "."):
            if rest or not os.path.lexists(path / name):
                rest.append(name)
            else:
                path /= name
    # A link to a file is known by its own name, one to a folder by what it leads to.
    path = path.resolve() if path.is_dir() else path.parent.resolve() / path.name
    if not rest and root.is_relative_to(path):
        return _EVERYTHING
    if not path.is_relative_to(root):
        return None
    literal = [_SPECIAL.sub(r"\\\g<0>", name) for name in path.relative_to(root).parts]
    return "/" + "/".join([*literal, *rest]) + ("/" if pattern.endswith("/") else "")


class Unmatched:
    """Tells which filters match nothing. The files are scanned only when the results leave that open."""

    def __init__(self, options: argparse.Namespace, filters: Filters) -> None:
        self._typed = dict(zip(filters.paths, options.globs, strict=True))
        self._filters = filters
        self._config = config_from(options)
        self._files: list[str] | None = None

    def message(self, workspace: Workspace, hits: Sequence[Hit]) -> str | None:
        """A message about filters that match nothing, given the hits; None if there is nothing to tell."""
        said = self._of_paths(workspace, [hit.path for hit in hits])
        names = set(self._filters.languages) - {hit.function.language for hit in hits}
        if names:
            said += [f"no file is in {name}" for name in sorted(names - workspace.status().languages.keys())]
        if self._filters and not said and not hits:
            said = ["nothing that was found passes all of the filters"]
        return "; ".join(said) or None

    def message_of_paths(self, workspace: Workspace, paths: Sequence[str]) -> str | None:
        """As `message`, for path filters alone: other filters may have no results though they match functions."""
        return "; ".join(self._of_paths(workspace, paths)) or None

    def _of_paths(self, workspace: Workspace, paths: Sequence[str]) -> list[str]:
        """Messages about path filters that match no file; those that match one of `paths` are known to match.

        Filters with `!` are skipped: excluding files that do not exist does no harm.
        """
        globs = [glob for glob in self._filters.paths if not glob.startswith("!") and not _matches_any(glob, paths)]
        files = self._all_files(workspace) if globs else []
        unmatched = [self._typed[glob] for glob in globs if not _matches_any(glob, files)]
        return [f"no file matches the path filter {glob!r}" for glob in unmatched]

    def _all_files(self, workspace: Workspace) -> list[str]:
        if self._files is None:
            found = scan(workspace.root, self._config)
            self._files = [file.path for file in found if isinstance(file, SourceFile)]
        return self._files


def _matches_any(glob: str, paths: Iterable[str]) -> bool:
    matches = glob_filter([glob])
    return any(matches(path) for path in paths)
