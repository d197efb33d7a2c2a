"""Which process is at the other end of a connection, and which one is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fathom_indexer.process.connections import SocketConnection
from fathom_indexer.process.peer import listens, peer_pid

LISTENER = """
import socket, sys
listener = socket.socket(socket.AF_UNIX) if len(sys.argv) > 1 else socket.create_server(("127.0.0.1", 0))
if len(sys.argv) > 1:
    listener.bind(sys.argv[1])
listener.listen()
print(listener.getsockname()[1] if len(sys.argv) == 1 else 0, flush=True)
connection, _ = listener.accept()
connection.recv(1)
"""

tells_peers = pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system does not tell peers")


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that must not be killed in place of another one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def listener(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", LISTENER, *arguments], stdout=subprocess.PIPE, text=True)


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@tells_peers
@pytest.mark.asyncio
async def test_the_process_is_killed_that_listens_and_not_the_one_that_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bystander: subprocess.Popen[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)  # A socket's path must be short.
    with listener("socket") as process:
        port_of(process)
        connection = SocketConnection(*await asyncio.open_unix_connection("socket"), bystander.pid, tmp_path / "log")
        connection.kill()
        assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    assert bystander.poll() is None
    connection.writer.close()


@pytest.mark.asyncio
async def test_on_a_port_a_process_is_killed_only_if_it_listens_there(
    tmp_path: Path, bystander: subprocess.Popen[bytes]
) -> None:
    with listener() as process:
        port = port_of(process)
        assert listens(process.pid, port)
        assert not listens(bystander.pid, port)
        wrong = SocketConnection(*await asyncio.open_connection("127.0.0.1", port), bystander.pid, tmp_path / "log")
        wrong.kill()
        assert await wrong.reader.read() == b"", "the connection ends in any case"
        assert bystander.poll() is None
        await asyncio.to_thread(process.wait, 60)
    with listener() as process:
        port = port_of(process)
        right = SocketConnection(*await asyncio.open_connection("127.0.0.1", port), process.pid, tmp_path / "log")
        right.kill()
        assert await asyncio.to_thread(process.wait, 60) != 0
        right.writer.close()


@tells_peers
def test_the_peer_of_a_socket_pair_is_this_process() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert peer_pid(one) == os.getpid()


def test_a_port_tells_nothing_of_its_peer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert peer_pid(client) is None


def test_a_process_that_is_not_visible_here_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    class Invisible:
        """A peer in another namespace: Linux gives 0 for its process."""

        family = getattr(socket, "AF_UNIX", None)

        def getsockopt(self, level: int, option: int, size: int = 0) -> bytes:
            return bytes(size)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(socket, "SO_PEERCRED", 17, raising=False)
    assert peer_pid(Invisible()) is None  # type: ignore[arg-type]
