"""A client that writes bytes as it likes into a real server's pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LAUNCHER = str(Path(__file__).parents[1] / "e2e" / "server_with_fake_indexer.py")


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def message(method: str, params: Any = None, **more: Any) -> bytes:
    return framed(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode())


class Pipe:
    """The server's standard streams."""

    def __init__(self, server: subprocess.Popen[bytes]) -> None:
        self.server = server
        self.told: list[Any] = []
        """Messages that are no answers."""
        self._number = 0

    def write(self, data: bytes) -> None:
        assert self.server.stdin is not None
        self.server.stdin.write(data)
        self.server.stdin.flush()

    def read(self) -> Any:
        """The next message; None at the end."""
        assert self.server.stdout is not None
        length = 0
        while (line := self.server.stdout.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.server.stdout.read(length)) if length else None

    def request(self, method: str, params: Any = None) -> tuple[int, bytes]:
        """A request that is still to be written, and its id."""
        self._number += 1
        return self._number, message(method, params, id=self._number)

    def ask(self, method: str, params: Any = None, before: bytes = b"") -> Any:
        """The answer to a request, written at once with what comes before it."""
        number, request = self.request(method, params)
        self.write(before + request)
        return self.answer(number)

    def answer(self, number: int) -> Any:
        """The answer with an id."""
        while (heard := self.read()) is not None:
            if heard.get("id") == number and "method" not in heard:
                return heard
            self.told.append(heard)
        raise EOFError("the server has ended")


@contextmanager
def started(
    *command: str, cache: Path, folders: tuple[Path, ...] = (), options: Any = None, capabilities: Any = None
) -> Iterator[Pipe]:
    """A server after `initialize`, before `initialized`."""
    server = subprocess.Popen(
        command or (sys.executable, LAUNCHER, "answer"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "FATHOM_CACHE_DIR": str(cache)},
    )
    pipe = Pipe(server)
    try:
        params = {
            "processId": None,
            "rootUri": None,
            "capabilities": capabilities or {},
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders],
            "initializationOptions": options,
        }
        assert "result" in pipe.ask("initialize", params)
        yield pipe
    finally:
        server.kill()
        server.communicate()
