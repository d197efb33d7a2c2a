"""The walk over a workspace, which finds its source files."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fathom_indexer.errors import WorkspaceError
from fathom_indexer.languages import language_of_path
from fathom_indexer.types import SkippedFile
from fathom_indexer.workspace import defaults
from fathom_indexer.workspace.classify import (
    BROKEN_LINK,
    INVALID_NAME,
    LINK_OUTSIDE,
    NOT_A_FILE,
    SHEBANG_BYTES,
    UNREADABLE,
    is_text,
    name_reason,
    printable,
    shebang_language,
    too_large,
    unread_reason,
)
from fathom_indexer.workspace.ignore import IgnoreRules
from fathom_indexer.workspace.read import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fathom_indexer.config import Config

_REPARSE_MOUNT_POINT = 0xA0000003
"""What Windows calls a junction."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source file as the file system shows it. `path` is relative to the root, with forward slashes."""

    path: str
    language: str
    size: int
    """Bytes."""
    changed_ns: int
    """When the file, its name or its rights were last changed: every replacement of its content changes this."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder still to be walked. `path` is empty or ends with a slash; `kept`: a pattern includes it explicitly."""

    path: str
    rules: IgnoreRules
    kept: bool


def scan(root: Path, config: Config, under: str = "") -> Iterator[SourceFile | SkippedFile]:
    """The source files of a workspace and the ones that are left out, always in the same order.

    `root` is as `resolve_root` gives it. `under` restricts the walk to one file or folder (relative, forward slashes)
    without changing the decisions. Only names and `stat` are used, and the `#!` line of executable files without a
    suffix. Ignored files are not reported. Folders that the built-in rules leave out on evidence, and
    those that cannot be read, come as a `SkippedFile` whose path ends with a slash.

    Symbolic links to folders are not followed. A link to a file counts if its target is inside the root and is not
    a source file of the workspace itself.

    Raises `WorkspaceError` if the root itself cannot be listed.
    """
    under = under.strip("/")
    waiting = [_Folder("", IgnoreRules.of_root(root, config.exclude), kept=True)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder.path) as listing:
                entries = list(listing)
        except OSError as error:
            if not folder.path:
                raise WorkspaceError(f"cannot read the folder {root}: {error.strerror}") from error
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                yield SkippedFile(folder.path, UNREADABLE)
            continue
        names = {entry.name for entry in entries}
        if not folder.kept and (reason := defaults.reason_inside(names)):
            yield SkippedFile(folder.path, reason)
            continue
        rules = folder.rules.entering(root, folder.path, names)
        if rules is None:
            yield SkippedFile(folder.path, defaults.WORKTREE)
            continue
        inside: list[_Folder] = []
        for entry in sorted(_leading_to(under, folder.path, entries), key=lambda entry: entry.name):
            path = folder.path + entry.name
            if _is_folder(entry):
                found = _judge_folder(entry.name, path, names, rules)
                if isinstance(found, _Folder):
                    inside.append(found)
                elif found:
                    yield found
            elif judged := _judge_file(root, path, entry, rules, config):
                yield judged
        waiting.extend(reversed(inside))


def is_included(root: Path, path: str, config: Config) -> bool:
    """Whether `scan` would give `path` (relative to `root`, forward slashes) as a source file."""
    return any(isinstance(found, SourceFile) and found.path == path for found in scan(root, config, under=path))


def source_language(root: Path, path: str, config: Config) -> str | None:
    """The language in which `scan` would give `path` as a source file; also of a file that does not exist yet.

    None for what the workspace leaves out.
    """
    if os.path.lexists(root / path):
        found = (item for item in scan(root, config, under=path) if isinstance(item, SourceFile) and item.path == path)
        return next((file.language for file in found), None)
    language = language_of_path(path)
    if language is None or name_reason(path) or not is_text(path):
        return None
    rules = IgnoreRules.of_root(root, config.exclude)
    folder, kept = "", True
    *above, name = path.split("/")
    for part in (*above, None):
        # A folder that does not exist yet has no rules of its own.
        names = _names(root / folder)
        if not kept and defaults.reason_inside(names):
            return None
        inside = rules.entering(root, folder, names)
        if inside is None:
            return None
        rules = inside
        if part is not None:
            found_folder = _judge_folder(part, folder + part, names, rules)
            if not isinstance(found_folder, _Folder):
                return None
            folder, kept, rules = found_folder.path, found_folder.kept, found_folder.rules
    return None if rules.judge(folder + name, is_folder=False).ignored else language.name


def included_folders(root: Path, config: Config, under: str = "") -> Iterator[str]:
    """The folders that `scan` looks into, from the outside in: empty for the root itself, without a final slash.

    `under` restricts them to one folder and those below it. Folders that cannot be listed are left out.
    """
    waiting = [_Folder("", IgnoreRules.of_root(root, config.exclude), kept=True)]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder.path) as listing:
                entries = list(listing)
        except OSError:
            continue
        names = {entry.name for entry in entries}
        rules = folder.rules.entering(root, folder.path, names)
        if rules is None or (not folder.kept and defaults.reason_inside(names)):
            continue
        if not under or (folder.path + "/").startswith(under + "/"):
            yield folder.path.rstrip("/")
        for entry in _leading_to(under, folder.path, entries):
            if _is_folder(entry):
                inside = _judge_folder(entry.name, folder.path + entry.name, names, rules)
                if isinstance(inside, _Folder):
                    waiting.append(inside)


def _names(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()}
    except OSError:
        return set()


def _leading_to(under: str, folder: str, entries: list[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    """The entries of `folder` that are `under`, are below it or are folders above it; all of them if it is empty."""
    if not under or folder.startswith(under + "/"):
        return entries
    # Here `folder` is above `under`, so there is only one name to follow.
    name, _, below = under[len(folder) :].partition("/")
    return [entry for entry in entries if entry.name == name and (not below or _is_folder(entry))]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether the walk may enter. Links and junctions to folders look like folders and can form loops."""
    try:
        return entry.is_dir(follow_symlinks=False) and not _is_junction(entry)
    except OSError:
        return False


def _is_junction(entry: os.DirEntry[str]) -> bool:
    if os.name != "nt":
        return False
    return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _REPARSE_MOUNT_POINT


def _judge_folder(name: str, path: str, siblings: set[str], rules: IgnoreRules) -> _Folder | SkippedFile | None:
    if name in defaults.VERSION_CONTROL:
        return None
    if not is_text(name):
        return SkippedFile(printable(path) + "/", INVALID_NAME)
    verdict = rules.judge(path, is_folder=True)
    if verdict.ignored is None and (reason := defaults.reason_beside(name, siblings)):
        return SkippedFile(path + "/", reason)
    return None if verdict.ignored else _Folder(path + "/", rules.inside(verdict), kept=verdict.ignored is False)


def _judge_file(
    root: Path, path: str, entry: os.DirEntry[str], rules: IgnoreRules, config: Config
) -> SourceFile | SkippedFile | None:
    language = language_of_path(entry.name)
    unread = unread_reason(entry.name) if language is None else None
    if language is None and not unread and "." in entry.name:
        return None
    if rules.judge(path, is_folder=False).ignored:
        return None
    if not is_text(entry.name):
        return SkippedFile(printable(path), INVALID_NAME) if language else None
    if unread:
        return SkippedFile(path, unread)
    try:
        info = entry.stat(follow_symlinks=False)
        if language is None:
            script = _script_language(entry, info)
            return _source(path, script, info, config) if script else None
        if entry.is_symlink():
            target = Path(entry.path).resolve(strict=True)
            if not target.is_relative_to(root):
                return SkippedFile(path, LINK_OUTSIDE)
            if is_included(root, target.relative_to(root).as_posix(), config):
                return None
            info = target.stat()
    except FileNotFoundError:
        # Either the link is broken, or the file was deleted after its folder was listed, which is not reported.
        return SkippedFile(path, BROKEN_LINK) if language and entry.is_symlink() else None
    except (OSError, RuntimeError):
        # Older versions of Python raise RuntimeError for a loop of links.
        return SkippedFile(path, UNREADABLE) if language else None
    return _source(path, language.name, info, config)


def _source(path: str, language: str, info: os.stat_result, config: Config) -> SourceFile | SkippedFile:
    if not stat.S_ISREG(info.st_mode):
        return SkippedFile(path, NOT_A_FILE)
    if reason := name_reason(path):
        return SkippedFile(path, reason)
    if info.st_size > config.max_file_bytes:
        return SkippedFile(path, too_large(config.max_file_bytes))
    # A file that was renamed to this name keeps its old mtime, but its ctime is that of the renaming.
    return SourceFile(path, language, info.st_size, max(info.st_mtime_ns, info.st_ctime_ns))


def _script_language(entry: os.DirEntry[str], info: os.stat_result) -> str | None:
    """The language of an executable without a suffix, by its `#!` line."""
    if not stat.S_ISREG(info.st_mode) or not info.st_mode & 0o111:
        return None
    return shebang_language(read_regular(Path(entry.path), SHEBANG_BYTES) or b"")
