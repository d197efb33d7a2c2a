"""Reading files that other programs may change, remove or replace at any moment."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from fathom_indexer.languages import to_utf8
from fathom_indexer.types import SkippedFile
from fathom_indexer.workspace.classify import (
    LINK_OUTSIDE,
    NOT_A_FILE,
    UNREADABLE,
    UTF16_OR_UTF32_MARKS,
    VANISHED,
    content_reason,
    name_reason,
    too_large,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fathom_indexer.config import Config

# Without O_NONBLOCK, opening a pipe that has just replaced a file would wait for a writer.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class NotAFileError(OSError):
    """The path leads to a folder, pipe, socket or device."""


def read_source(root: Path, path: str, config: Config) -> bytes | SkippedFile:
    """The content of a source file, byte for byte, or why it is left out.

    `root` is as `resolve_root` gives it; `path` is relative to it, with forward slashes. A file that is gone has the
    reason `VANISHED`. Errors of the file system are never raised.
    """
    try:
        if not _resolves_inside(root, path):
            return SkippedFile(path, LINK_OUTSIDE)
        data = _read(root / path, config.max_file_bytes + 1)
    except (FileNotFoundError, NotADirectoryError):
        return SkippedFile(path, VANISHED)
    except NotAFileError:
        return SkippedFile(path, NOT_A_FILE)
    except (OSError, ValueError, RuntimeError):
        # ValueError is a NUL in the path, RuntimeError a loop of symbolic links.
        return SkippedFile(path, UNREADABLE)
    if len(data) > config.max_file_bytes:
        return SkippedFile(path, too_large(config.max_file_bytes))
    # UTF-16 text contains NUL bytes, which would count as a sign of a binary file.
    reason = name_reason(path) or content_reason(to_utf8(data) if data.startswith(UTF16_OR_UTF32_MARKS) else data)
    return SkippedFile(path, reason) if reason else data


def read_regular(file: Path, limit: int, follow_link: bool = True) -> bytes | None:
    """The content of a small regular file, at most `limit` bytes of it; None if it cannot be read."""
    try:
        return _read(file, limit) if follow_link or not file.is_symlink() else None
    except (OSError, ValueError):
        return None


def _resolves_inside(root: Path, path: str) -> bool:
    return (root / path).resolve().is_relative_to(root)


def _read(file: Path, limit: int) -> bytes:
    """At most `limit` bytes from the start of a regular file. Pipes, sockets and devices are never opened."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise NotAFileError(str(file))
    with os.fdopen(os.open(file, _OPEN_FLAGS), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise NotAFileError(str(file))
        return stream.read(limit)
