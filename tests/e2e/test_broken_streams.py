"""Clients that count wrongly or send no messages at all, over standard streams and over TCP."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from raw_client import Pipe, framed, message

SERVER = (sys.executable, "-m", "fathom_server")

INITIALIZE: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}


class Sockets:
    """A server that is spoken to over TCP, in the shape that `Pipe` knows."""

    def __init__(self, server: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self.stdin: IO[bytes] = connection.makefile("wb")
        self.stdout: IO[bytes] = connection.makefile("rb")
        self.stderr = server.stderr
        self.wait = server.wait


@contextmanager
def over_pipes(cache: Path) -> Iterator[Pipe]:
    server = subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield Pipe(server)
    finally:
        server.kill()
        server.communicate()


@contextmanager
def over_tcp(cache: Path) -> Iterator[Pipe]:
    server = subprocess.Popen([*SERVER, "--tcp", "127.0.0.1:0"], stderr=subprocess.PIPE)
    try:
        assert server.stderr is not None
        address = re.search(rb"listening on 127\.0\.0\.1:(\d+)", server.stderr.readline())
        assert address is not None
        with socket.create_connection(("127.0.0.1", int(address[1]))) as connection:
            yield Pipe(Sockets(server, connection))  # type: ignore[arg-type]
    finally:
        server.kill()
        server.communicate()


@pytest.fixture(params=[over_pipes, over_tcp], ids=["stdio", "tcp"])
def pipe(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pipe]:
    connect: Callable[[Path], Iterator[Pipe]] = request.param
    with connect(tmp_path) as pipe:  # type: ignore[attr-defined]
        assert "result" in pipe.ask("initialize", INITIALIZE)
        yield pipe


STATUS = message("fathom/status", {}, id="lost")


def test_a_server_hears_again_after_every_kind_of_broken_message(pipe: Pipe) -> None:
    body = STATUS.partition(b"\r\n\r\n")[2]
    for garbage in (
        b"Content-Length: 7\r\n\r\n" + body,
        b"Content-Length: %d\r\n\r\n" % (len(body) + 500) + body,
        b"Content-Length: -7\r\n\r\n" + body,
        b"Content-Length: many\r\n\r\n" + body,
        b"Content-Length:\r\n\r\n" + body,
        body,
        b"\r\n\r\n" + body,
        b"Content-Length: 7\r\n" + b"X: y\r\n" * 3000,
        b"x" * 300_000,
        framed(b"{"),
        framed(b"\xff\xfe\xfd"),
    ):
        # What is lost may be answered all the same; then the answer to the question itself comes later.
        assert "result" in pipe.ask("fathom/status", {}, garbage), garbage[:60]


def test_a_message_without_end_is_refused_at_once(pipe: Pipe) -> None:
    pipe.write(b"Content-Length: 99999999999\r\n\r\n")
    assert pipe.read() is None
    assert pipe.server.wait(60) == 1
    assert pipe.server.stderr is not None
    log = pipe.server.stderr.read().decode()
    assert "ERROR fathom_server.protocol.transport the client announced a message of 99999999999 bytes" in log
    assert "Traceback" not in log


def test_mistakes_in_parameters_leave_one_line_each_in_the_log(pipe: Pipe) -> None:
    wrong = message("textDocument/didOpen", {"textDocument": {"uri": 5}})
    answer = pipe.ask("textDocument/hover", {"textDocument": {}}, wrong)
    assert answer["error"]["message"] == "textDocument.uri is missing; position is missing"
    pipe.ask("shutdown")
    pipe.write(message("exit"))
    assert pipe.server.wait(60) == 0
    assert pipe.server.stderr is not None
    [line] = pipe.server.stderr.read().decode().splitlines()
    assert " WARNING " in line
    assert "textDocument/didOpen" in line
    assert line.endswith(
        "textDocument.languageId is missing; textDocument.version is missing; textDocument.text is missing"
    )
