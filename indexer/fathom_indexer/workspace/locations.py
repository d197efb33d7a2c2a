"""The root of a workspace, the path of its index, and the names of paths inside it."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from fathom_indexer.config import APART
from fathom_indexer.errors import IndexStoreError, WorkspaceError
from fathom_indexer.workspace.classify import is_text

if TYPE_CHECKING:
    from fathom_indexer.config import Config

INDEX_FILE = "index.sqlite3"

_NAME_CHARACTERS = 40


def resolve_root(path: Path) -> Path:
    """The absolute path of a workspace, symbolic links resolved.

    Raises `WorkspaceError` if it is missing, no folder, not readable, or has a name that is not valid text.
    """
    shown = os.fsencode(path).decode("utf-8", "replace")
    try:
        root = path.resolve(strict=True)
        if not root.is_dir():
            raise WorkspaceError(f"not a folder: {shown}")
        with os.scandir(root):
            pass
        if not os.access(root, os.X_OK):
            # Such a folder can be listed, but nothing in it can be opened.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except FileNotFoundError:
        raise WorkspaceError(f"no such folder: {shown}") from None
    except NotADirectoryError:
        raise WorkspaceError(f"not a folder: {shown}") from None
    except OSError as error:
        raise WorkspaceError(f"cannot read the folder {shown}: {error.strerror}") from error
    except (ValueError, RuntimeError) as error:
        # A NUL in the path, or a loop of symbolic links in older versions of Python.
        raise WorkspaceError(f"cannot read the folder {shown!r}: {error}") from error
    if not is_text(str(root)):
        raise WorkspaceError(f"the folder's name is not valid text: {shown}")
    return root


def root_trouble(root: Path) -> str:
    """Why the workspace `root`, as `resolve_root` gave it, cannot be read now, in words; empty if it can."""
    try:
        now = resolve_root(root)
    except WorkspaceError as error:
        return str(error)
    return "" if now == root else f"{root} leads to another folder now: {now}"


def is_gone(root: Path, path: str) -> bool:
    """Whether nothing is at `path`, relative to `root`, any more. A path that cannot be checked counts as existing."""
    try:
        (root / path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def relative_path(root: Path, path: Path | str) -> str | None:
    """The path inside the workspace of `path` (absolute, or relative to `root`), with forward slashes.

    None for the root itself, for paths outside of it, and for names that are not valid text. The file need not
    exist. Folders on the way are resolved, so that a path through a symbolic link gives the real path of the file;
    a link at the end keeps its own name.
    """
    try:
        plain = Path(os.path.abspath(root / path))  # noqa: PTH100 - resolve() would follow a link at the end
        full = plain.parent.resolve() / plain.name
    except (OSError, ValueError, RuntimeError):
        return None
    if full == root or not full.is_relative_to(root):
        return None
    relative = full.relative_to(root).as_posix()
    return relative if is_text(relative) and "\0" not in relative else None


def name_on_disk(root: Path, path: str) -> str:
    """`path`, relative to `root`, in the case of the file's name on disk, where the file system ignores case.

    A file that does not exist keeps its name.
    """
    found: list[str] = []
    for part in path.split("/"):
        try:
            names = [entry.name for entry in root.joinpath(*found).iterdir()]
        except OSError:
            names = []
        alike = [name for name in names if name.casefold() == part.casefold()]
        same = part in names or len(alike) != 1 or not root.joinpath(*found, part).exists()
        found.append(part if same else alike[0])
    return "/".join(found)


def index_path(root: Path, config: Config) -> Path:
    """The path of the index file of the workspace `root` (as `resolve_root` gives it), which need not exist.

    Raises `RuntimeError` if the cache is in the home folder of a user who has none.
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", root.name)[:_NAME_CHARACTERS].strip("-.") or "root"
    digest = hashlib.sha256(os.fsencode(os.path.normcase(root))).hexdigest()[:16]
    return Path(config.cache_directory()).expanduser().absolute() / f"{name}-{digest}" / INDEX_FILE


def cache_path(root: Path, config: Config) -> Path:
    """As `index_path`. Makes its folder if it is missing, which only the user may read.

    Raises `IndexStoreError` if the folder cannot be made.
    """
    try:
        index = index_path(root, config)
        index.parent.parent.mkdir(parents=True, exist_ok=True)
        index.parent.mkdir(mode=0o700, exist_ok=True)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise IndexStoreError(
            f"cannot make a folder for the index in {config.cache_directory()}: {reason}. "
            "Set FATHOM_CACHE_DIR to a folder you can write to."
        ) from error
    return index


def forget_private_indexes(config: Config, before: float) -> None:
    """Remove the private indexes (in the folder `APART`) that were not used since `before`, in seconds since the epoch.

    Opening an index, or starting an indexer, creates files in these folders and so changes the folders' times.
    """
    try:
        caches = list((Path(config.cache_directory()).expanduser() / APART).iterdir())
        for cache in caches:
            folders = [folder for pattern in ("*/", "*/*/") for folder in cache.glob(pattern)]
            if max(folder.stat().st_mtime for folder in (cache, *folders)) < before:
                shutil.rmtree(cache, ignore_errors=True)
    except (OSError, RuntimeError):
        # None exist, or another process is removing them.
        return
