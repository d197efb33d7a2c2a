"""A lock between processes that the operating system releases when its holder dies, however it dies."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class IndexLease(Protocol):
    """The right to write the index, which one process has at a time; a `FileLock` is one."""

    def acquire(self) -> bool:
        """Take it if it is free; whether this process holds it now."""

    def release(self) -> None:
        """Let other processes have it."""


class NoLease:
    """The lease where locks do not work: every process may index at any time, which the index survives."""

    def acquire(self) -> bool:
        """Always true."""
        return True

    def release(self) -> None:
        """Nothing to do."""


NO_LEASE = NoLease()


class FileLock:
    """Held by at most one process (and one `FileLock` in it) at a time.

    The file is not removed when the lock is released: another process may have locked it just then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> bool:
        """Take the lock if it is free, without waiting; whether it is held now. Raises `OSError` if locks fail here."""
        if self._descriptor is not None:
            return True
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if _lock(descriptor):
                self._descriptor = descriptor
        finally:
            if self._descriptor is None:
                os.close(descriptor)
        return self.held

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False  # Windows documents no difference between a lock that is taken and one that is impossible.
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
