"""The connections of a shared indexer, with clients that do not behave."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from fathom_indexer.config import Config
from fathom_indexer.process.handshake import Identity
from fathom_indexer.process.request_queue import RequestQueue
from fathom_indexer.process.socket_server import SocketServer

MEBIBYTE = 1 << 20
SYSTEMS_BUFFERS = 16
"""Mebibytes that the system may hold for a connection besides."""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def server(listener: socket.socket) -> Iterator[SocketServer]:
    server = SocketServer(listener, "token", Identity.of(Config()), RequestQueue(), idle_timeout=600.0)
    server.start(lambda: None)
    yield server
    server.finish()


@contextlib.contextmanager
def joined(listener: socket.socket) -> Iterator[BinaryIO]:
    """The messages to a client that has joined."""
    identity = Identity.of(Config())
    params = {"protocol": identity.protocol, "version": identity.version, "settings": identity.settings}
    hello = {"id": 0, "method": "hello", "params": {**params, "token": "token"}}
    with socket.create_connection(listener.getsockname(), timeout=60) as client, client.makefile("rb") as told:
        client.sendall(json.dumps(hello).encode() + b"\n")
        assert json.loads(told.readline())["result"]["joined"]
        yield told


def let_work(server: SocketServer) -> None:
    """Wait until the server's thread has done its work."""
    for _ in range(5):
        done = threading.Event()
        server._call_soon(done.set)
        assert done.wait(60)


def test_a_client_that_does_not_read_is_cut_off_after_64_mebibytes(
    server: SocketServer, listener: socket.socket
) -> None:
    with joined(listener):
        told = 0
        while server.clients and told < 200:
            server.broadcast({"method": "progress", "params": "x" * MEBIBYTE})
            told += 1
            let_work(server)
        assert 64 <= told <= 64 + SYSTEMS_BUFFERS


def test_a_client_that_reads_may_be_told_any_amount(server: SocketServer, listener: socket.socket) -> None:
    with joined(listener) as told:
        for _ in range(100):
            server.broadcast({"method": "progress", "params": "x" * MEBIBYTE})
            assert len(told.readline()) > MEBIBYTE
        let_work(server)
        assert server.clients == 1
