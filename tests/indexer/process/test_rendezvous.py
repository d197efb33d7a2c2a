"""The rendezvous place: locks that end with their holder, leftovers of a crash, and what is not to be trusted."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fathom_indexer.process.locks import NO_LEASE, FileLock
from fathom_indexer.process.rendezvous import (
    LOG_BYTES,
    Address,
    Rendezvous,
    RendezvousError,
    check_address,
    check_private,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights of files are a matter of POSIX")

HOLDER = (
    "import sys\n"
    "from pathlib import Path\n"
    "from fathom_indexer.process.locks import FileLock\n"
    "lock = FileLock(Path(sys.argv[1]))\n"
    "print(lock.acquire(), flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def rendezvous(tmp_path: Path) -> Rendezvous:
    (tmp_path / "code").mkdir()
    return Rendezvous.open(tmp_path / "code", str(tmp_path / "cache"))


def test_a_lock_has_one_holder(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire()
    assert one.acquire()
    assert not two.acquire()
    assert (one.held, two.held) == (True, False)
    one.release()
    one.release()
    assert two.acquire()


def test_a_lock_ends_with_a_holder_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"True"
    lock = FileLock(path)
    assert not lock.acquire()
    holder.kill()
    holder.communicate()
    assert lock.acquire()


@posix
def test_a_lock_is_not_taken_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="lock"):
        FileLock(tmp_path / "lock").acquire()
    assert not (tmp_path / "precious").exists()


def test_a_workspace_has_one_rendezvous_place_by_any_of_its_names(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (tmp_path / "link").symlink_to(code)
    cache = str(tmp_path / "cache")
    folder = Rendezvous.open(code, cache).folder
    assert Rendezvous.open(tmp_path / "link", cache).folder == folder
    assert Rendezvous.open(code / ".." / "code", cache).folder == folder
    assert Rendezvous.open(tmp_path, cache).folder != folder
    assert Rendezvous.open(code, str(tmp_path / "other")).folder != folder


def test_who_listens_can_be_reached_and_leaves_nothing_behind(rendezvous: Rendezvous) -> None:
    assert rendezvous.address() is None
    listener, address = rendezvous.listen()
    assert rendezvous.address() == address
    assert address.pid == os.getpid()
    check_address(address)
    rendezvous.withdraw()
    listener.close()
    assert rendezvous.address() is None
    assert not Path(address.path).exists()


@posix
def test_no_other_user_can_reach_it(rendezvous: Rendezvous) -> None:
    listener, address = rendezvous.listen()
    listener.close()
    assert rendezvous.folder.stat().st_mode & 0o777 == 0o700
    assert (rendezvous.folder / "address.json").stat().st_mode & 0o077 == 0
    assert Path(address.path).stat().st_mode & 0o077 == 0


def test_leftovers_of_an_indexer_that_was_killed_are_replaced(rendezvous: Rendezvous) -> None:
    killed, _ = rendezvous.listen()
    killed.close()
    listener, new = rendezvous.listen()
    assert rendezvous.address() == new
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(new.path)
    connection.close()
    listener.close()


@posix
def test_a_path_too_long_for_a_socket_is_got_around(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    rendezvous = Rendezvous.open(tmp_path / "code", str(tmp_path / ("long" * 50)))
    listener, address = rendezvous.listen()
    listener.close()
    folder = Path(address.path).parent
    assert folder.parent == Path(tempfile.gettempdir())
    check_address(address)
    # As after a crash: the next client finds an address at which no process listens.
    rendezvous.withdraw()
    assert not folder.exists()


@posix
def test_an_address_has_no_foreign_files_removed(rendezvous: Rendezvous, tmp_path: Path) -> None:
    for innocent in (tmp_path / "fathom-precious" / "socket", tmp_path / "other" / "socket"):
        innocent.parent.mkdir(mode=0o700)
        innocent.write_text("not a socket")
        (rendezvous.folder / "address.json").write_text(f'{{"pid": 1, "path": "{innocent}"}}')
        rendezvous.withdraw()
        assert innocent.exists()


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"pid": 1, "colour": "red"}', "\xff"])
def test_an_address_that_makes_no_sense_is_none(rendezvous: Rendezvous, text: str) -> None:
    (rendezvous.folder / "address.json").write_bytes(text.encode("latin-1"))
    assert rendezvous.address() is None
    rendezvous.withdraw()


@posix
def test_a_folder_that_others_can_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    folder = Rendezvous.open(tmp_path / "code", str(tmp_path / "cache")).folder
    for mode in (0o755, 0o770, 0o701, 0o777):
        folder.chmod(mode)
        with pytest.raises(RendezvousError, match=r"open to other users.*chmod 700"):
            Rendezvous.open(tmp_path / "code", str(tmp_path / "cache"))
    folder.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)
    with pytest.raises(RendezvousError, match="no folder"):
        Rendezvous.open(tmp_path / "code", str(tmp_path / "cache"))


@posix
def test_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    check_private(folder)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(PermissionError, match="another user"):
        check_private(folder)


@posix
def test_a_socket_in_a_folder_that_others_can_use_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(PermissionError):
        check_address(Address(1, path=str(folder / "socket")))


@posix
def test_what_is_no_socket_is_not_connected_to(rendezvous: Rendezvous) -> None:
    (rendezvous.folder / "socket").write_text("")
    with pytest.raises(FileNotFoundError):
        check_address(Address(1, path=str(rendezvous.folder / "socket")))


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RendezvousError, match="no indexer can be shared"):
        Rendezvous.open(tmp_path / "code", str(tmp_path / "file"))


@posix
def test_where_locks_fail_every_process_may_index(rendezvous: Rendezvous) -> None:
    assert rendezvous.lease() is rendezvous.indexing
    (rendezvous.folder / "indexing.lock").unlink()
    (rendezvous.folder / "indexing.lock").symlink_to("nowhere")
    assert rendezvous.lease() is NO_LEASE


def test_a_log_that_has_grown_is_begun_anew(rendezvous: Rendezvous) -> None:
    for text, expected in ((b"one\n", 4), (b"x" * LOG_BYTES, LOG_BYTES + 4), (b"two\n", 4)):
        descriptor = rendezvous.open_log()
        os.write(descriptor, text)
        os.close(descriptor)
        assert rendezvous.log.stat().st_size == expected
    shutil.rmtree(rendezvous.folder)
