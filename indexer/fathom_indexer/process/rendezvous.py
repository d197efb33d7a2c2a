"""The rendezvous of the processes of one index: a folder for this user alone, with two locks, an address and a log.

    serving.lock    held by the indexer that all clients share, as long as it runs
    indexing.lock   held by the process that updates the index: that indexer, or a command without one
    address.json    the address at which the indexer listens
    indexer.log     the indexer's log

Locks end with their holders, files do not: an address without a held lock is left from a crash, and the next indexer
removes it. Another user who can write into the folder could have clients send them code, so its rights are checked
before each use.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import socket
import stat
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from fathom_indexer.errors import FathomError
from fathom_indexer.process.locks import NO_LEASE, FileLock, IndexLease

LOG_BYTES = 1_000_000
"""A log that has grown beyond this is truncated at the next start."""

_SOCKET = "socket"
_TEMPORARY = "fathom-"
_BACKLOG = 64


class RendezvousError(FathomError):
    """No indexer can be shared: the folder cannot be made, is not private, or does not support locks."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an indexer: a Unix domain socket at `path`, or a loopback port with a secret `token`."""

    pid: int
    path: str = ""
    port: int = 0
    token: str = ""


class Rendezvous:
    """The rendezvous of one index. Made by `open`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.serving = FileLock(folder / "serving.lock")
        self.indexing = FileLock(folder / "indexing.lock")
        self.log = folder / "indexer.log"
        self._address = folder / "address.json"

    @classmethod
    def open(cls, root: Path, cache_directory: str) -> Rendezvous:
        """The rendezvous of the workspace `root` whose index is kept in `cache_directory`; made if it is missing.

        Raises `RendezvousError`.
        """
        try:
            name = hashlib.sha256(os.fsencode(os.path.normcase(root.resolve()))).hexdigest()[:16]
            folder = Path(cache_directory).expanduser().absolute() / "indexers" / name
            folder.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            check_private(folder)
        except (OSError, ValueError, RuntimeError) as error:
            raise RendezvousError(f"no indexer can be shared: {error}") from error
        return cls(folder)

    def lease(self) -> IndexLease:
        """The index lease. Where locks fail, every process may index: the index survives that."""
        try:
            if self.indexing.acquire():
                self.indexing.release()
        except OSError:
            return NO_LEASE
        return self.indexing

    def address(self) -> Address | None:
        """The address at which the indexer listens, or the last one did; None when it cannot be read."""
        try:
            return Address(**json.loads(self._address.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def listen(self) -> tuple[socket.socket, Address]:
        """Listen, and publish the address. For the holder of `serving`. Raises `OSError`."""
        self.withdraw()
        listener, address = _listen(self.folder)
        written = self._address.with_suffix(".new")
        written.touch(0o600)
        written.write_text(json.dumps(asdict(address)), encoding="utf-8")
        written.replace(self._address)
        return listener, address

    def withdraw(self) -> None:
        """Remove the published address, of this process or of one that was killed. For the holder of `serving`."""
        address = self.address()
        self._address.unlink(missing_ok=True)
        if address is None or not address.path:
            return
        path = Path(address.path)
        with contextlib.suppress(OSError):
            if path.parent == self.folder:
                path.unlink()
            elif path.parent.name.startswith(_TEMPORARY) and _is_socket(path):
                check_private(path.parent)
                shutil.rmtree(path.parent, ignore_errors=True)

    def open_log(self) -> int:
        """A descriptor that appends to the log. Raises `OSError`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            flags |= os.O_TRUNC
        return os.open(self.log, flags, 0o600)


def check_address(address: Address) -> None:
    """Raises `PermissionError` when another user could be listening at the address, `OSError` if there is no socket."""
    path = Path(address.path)
    check_private(path.parent)
    if not _is_socket(path):
        raise FileNotFoundError(f"{path} is no socket")


def check_private(folder: Path) -> None:
    """Raises `PermissionError` unless `folder` is a folder that only this user can use.

    On Windows caches are in the user's profile, whose rights keep other users out.
    """
    if sys.platform == "win32":
        return
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} is no folder")
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user")
    if found.st_mode & 0o077:
        raise PermissionError(f"{folder} is open to other users; make it private: chmod 700 '{folder}'")


def _is_socket(path: Path) -> bool:
    return stat.S_ISSOCK(path.lstat().st_mode)


def _listen_loopback() -> tuple[socket.socket, Address]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    return listener, Address(os.getpid(), port=listener.getsockname()[1], token=secrets.token_hex(32))


if sys.platform == "win32":

    def _listen(folder: Path) -> tuple[socket.socket, Address]:
        return _listen_loopback()

else:

    def _listen(folder: Path) -> tuple[socket.socket, Address]:
        """A socket in `folder`, or in a folder of its own where that is too long a path or cannot hold sockets."""
        try:
            return _bind_unix(folder / _SOCKET)
        except OSError:
            return _bind_unix(Path(tempfile.mkdtemp(prefix=_TEMPORARY)) / _SOCKET)

    def _bind_unix(path: Path) -> tuple[socket.socket, Address]:
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener, Address(os.getpid(), path=str(path))
