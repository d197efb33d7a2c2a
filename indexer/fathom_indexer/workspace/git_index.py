"""Which files git tracks, read from its index without git: `gitformat-index` describes the file."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fathom_indexer.workspace.read import read_regular

if TYPE_CHECKING:
    from pathlib import Path

_INDEX_BYTES = 1_000_000_000
_SIGNATURE = b"DIRC"
_HEADER_BYTES = 12
_VERSIONS = (2, 3, 4)
_STAT_BYTES = 40
"""The stat data of a file, before its hash."""
_MODE_OFFSET = 24
_EXTENDED = 0x40
"""In the first byte of the flags: two more bytes of flags follow."""
_TREE_MODE = 0o40000
"""Of a folder that a sparse index names instead of its files."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """The paths that an index names, relative to the top of its working tree: files and submodules, sorted."""

    paths: tuple[bytes, ...]

    def has(self, path: bytes) -> bool:
        """Whether a file or submodule of this path is tracked."""
        place = bisect_left(self.paths, path)
        return place < len(self.paths) and self.paths[place] == path

    def has_below(self, folder: bytes) -> bool:
        """Whether anything is tracked below `folder`, which is empty or ends with a slash."""
        place = bisect_left(self.paths, folder)
        return place < len(self.paths) and self.paths[place].startswith(folder)


def tracked(git_folder: Path, hash_bytes: int) -> Tracked:
    """The paths in the index of `git_folder`, those of the shared part of a split index included; none if there is no
    index or it cannot be read. `hash_bytes` is the length of the repository's hashes.

    Cached until the file changes.
    """
    index = git_folder / "index"
    try:
        state = index.stat()
    except (OSError, ValueError):
        return Tracked(())
    return _read(index, hash_bytes, (state.st_ino, state.st_size, state.st_mtime_ns))


@lru_cache(maxsize=8)
def _read(index: Path, hash_bytes: int, _: tuple[int, int, int]) -> Tracked:
    paths, shared = _parse(read_regular(index, _INDEX_BYTES) or b"", hash_bytes)
    if shared:
        # Entries that are deleted from the shared part still count: such a file, if it exists, was tracked a moment
        # ago.
        base, _shared = _parse(read_regular(index.parent / f"sharedindex.{shared}", _INDEX_BYTES) or b"", hash_bytes)
        paths = list({*paths, *base})
    return Tracked(tuple(sorted(paths)))


def _parse(data: bytes, hash_bytes: int) -> tuple[list[bytes], str]:
    """The paths in an index, and the name of its shared part, if it has one."""
    version = int.from_bytes(data[4:8], "big")
    if not data.startswith(_SIGNATURE) or version not in _VERSIONS:
        return [], ""
    count = int.from_bytes(data[8:12], "big")
    paths: list[bytes] = []
    offset, previous = _HEADER_BYTES, b""
    fixed = _STAT_BYTES + hash_bytes + 2
    try:
        for _ in range(count):
            start = offset + fixed + (2 if data[offset + fixed - 2] & _EXTENDED else 0)
            if version == 4:
                stripped, start = _number(data, start)
                end = data.index(0, start)
                path = previous = previous[: len(previous) - stripped] + data[start:end]
                following = end + 1
            else:
                end = data.index(0, start)
                path = data[start:end]
                # One to eight NULs fill an entry up to a multiple of eight bytes.
                following = offset + ((end - offset) // 8 + 1) * 8
            # A split index has entries without a name for those that it replaces in its shared part.
            if path and int.from_bytes(data[offset + _MODE_OFFSET : offset + _MODE_OFFSET + 4], "big") != _TREE_MODE:
                paths.append(path)
            offset = following
    except (IndexError, ValueError):
        # It is damaged.
        return [], ""
    return paths, _shared(data, offset, hash_bytes)


def _number(data: bytes, offset: int) -> tuple[int, int]:
    """A number as version 4 writes it, and where it ends."""
    byte = data[offset]
    value = byte & 0x7F
    while byte & 0x80:
        offset += 1
        byte = data[offset]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, offset + 1


def _shared(data: bytes, offset: int, hash_bytes: int) -> str:
    """The name of the shared part, from the extension that a split index has."""
    end = len(data) - hash_bytes
    while offset + 8 <= end:
        size = int.from_bytes(data[offset + 4 : offset + 8], "big")
        if data[offset : offset + 4] == b"link":
            name = data[offset + 8 : offset + 8 + hash_bytes]
            return name.hex() if any(name) else ""
        offset += 8 + size
    return ""
