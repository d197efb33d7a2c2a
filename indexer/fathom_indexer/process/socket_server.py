"""The socket server of a shared indexer: accepts clients, queues their requests, ends some time after the last one."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom_indexer.process.handshake import Identity
from fathom_indexer.process.line_framing import LineSplitter
from fathom_indexer.process.request_queue import Request, RequestQueue, receive
from fathom_indexer.wire.conversion import error_to_json
from fathom_indexer.wire.framing import Json, decode, encode
from fathom_indexer.wire.messages import ErrorAnswer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

logger = logging.getLogger(__name__)

START_GRACE = 10.0
"""Seconds that an indexer without any client so far waits for the first one."""

GREETING_TIMEOUT = 10.0
"""Seconds within which a connection must have joined."""

FLUSH_TIMEOUT = 1.0
"""Seconds that sending the last messages may take at the end."""

MAX_UNREAD = 64 * 1024 * 1024
"""Bytes that may wait for a client that does not read. One with more of them is disconnected."""

_CHUNK = 1 << 16


@dataclass(eq=False)
class _Connection:
    number: int
    writer: asyncio.StreamWriter
    joined: bool = False


class SocketServer:
    """Serves all clients of one indexer from a thread of its own, which never waits for the engine."""

    def __init__(
        self, listener: socket.socket, token: str, identity: Identity, queue: RequestQueue, idle_timeout: float
    ) -> None:
        """`idle_timeout` is the seconds after the last client has disconnected at which this ends."""
        self._listener = listener
        self._token = token
        self._identity = identity
        self._queue = queue
        self._idle_timeout = idle_timeout
        self._numbers = itertools.count(1)
        self._clients: set[_Connection] = set()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._ending = self._loop.call_later(START_GRACE, self._end.set)
        self._served = threading.Event()
        self._had_clients = False
        self._problem = b""
        """The last broadcast, if it was a problem: clients that connect later have to know it."""

    @property
    def clients(self) -> int:
        """The number of clients."""
        return len(self._clients)

    def broadcast(self, message: Json) -> None:
        """Send a message to all clients. Thread-safe."""
        line = encode(message)
        params = message.get("params")
        persists = isinstance(params, dict) and bool(params.get("problem"))

        def write() -> None:
            if message.get("method") == "problem":
                self._problem = line
            elif not persists:
                self._problem = b""
            for client in self._clients:
                self._write(client, line)

        self._call_soon(write)

    def start(self, on_end: Callable[[], None]) -> None:
        """Accept clients from now on. `on_end` is called on the server's thread when the idle timeout is over."""

        def run() -> None:
            self._loop.run_until_complete(self._serve())
            self._served.set()
            on_end()

        threading.Thread(target=run, name="connections", daemon=True).start()

    def stop(self) -> None:
        """End as after the idle timeout. Safe from any thread and from signal handlers."""
        self._call_soon(self._end.set)

    def finish(self) -> None:
        """End once all messages to clients are sent. For the engine's thread."""
        self.stop()
        self._served.wait(FLUSH_TIMEOUT)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._listener)
        await self._end.wait()
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(next(self._numbers), writer)
        splitter = LineSplitter()
        greeting = self._loop.call_later(GREETING_TIMEOUT, self._refuse, connection)
        try:
            while chunk := await reader.read(_CHUNK):
                for line in splitter.feed(chunk):
                    self._receive(connection, line)
        except OSError as error:
            logger.info("the connection to a client broke: %s", error)
        finally:
            greeting.cancel()
            self._disconnected(connection)
            writer.close()

    def _receive(self, connection: _Connection, line: bytes | None) -> None:
        if connection.joined:
            receive(line, connection.number, self._queue, lambda message: self._reply(connection, message))
            return
        try:
            message = decode(line or b"")
            answer = self._greeted(connection, message)
        except (ValueError, KeyError, TypeError) as error:
            self._write(connection, encode({"id": None, "error": error_to_json(ErrorAnswer("query", str(error)))}))
            connection.writer.close()
        else:
            self._write(connection, encode({"id": message.get("id"), "result": answer}))

    def _greeted(self, connection: _Connection, message: Json) -> Json:
        """The answer to a message of the handshake. Raises `ValueError`, `KeyError` or `TypeError` for any other."""
        method, params = message["method"], message.get("params", {})
        if method == "retire":
            stopping = not self._clients
            if stopping:
                self._end.set()
            return {"stopping": stopping}
        if method != "hello":
            raise ValueError("a client must say hello first")
        if not secrets.compare_digest(str(params["token"]).encode(), self._token.encode()):
            raise ValueError("wrong token")
        others = len(self._clients)
        identity = self._identity
        fits = identity.admits(Identity(params["protocol"], params["version"], params["settings"]))
        connection.joined = fits and not self._end.is_set()
        if connection.joined:
            self._join(connection)
        return {
            "protocol": identity.protocol,
            "version": identity.version,
            "pid": os.getpid(),
            "clients": others,
            "joined": connection.joined,
        }

    def _join(self, connection: _Connection) -> None:
        self._clients.add(connection)
        self._ending.cancel()
        if self._had_clients:
            # While no client watched the files, changes may have been missed. For the first client the workspace is
            # being scanned already.
            self._queue.put(Request(0, "rescan", {}))
        self._had_clients = True
        self._loop.call_soon(self._write, connection, self._problem)

    def _refuse(self, connection: _Connection) -> None:
        if not connection.joined:
            connection.writer.close()

    def _disconnected(self, connection: _Connection) -> None:
        if connection in self._clients:
            self._clients.remove(connection)
            self._queue.leave(connection.number)
            self._queue.put(Request(0, "closeDocuments", {}, connection.number))
            if not self._clients:
                self._ending = self._loop.call_later(self._idle_timeout, self._end.set)

    def _reply(self, connection: _Connection, message: Json) -> None:
        line = encode(message)
        self._call_soon(lambda: self._write(connection, line))

    def _call_soon(self, call: Callable[[], object]) -> None:
        """Call a function on the server's thread. Once that has ended, there are no clients left."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def _write(self, connection: _Connection, line: bytes) -> None:
        if connection.writer.is_closing():
            return
        connection.writer.write(line)
        transport = connection.writer.transport
        if transport.get_write_buffer_size() > MAX_UNREAD:
            logger.warning("a client that does not read is disconnected")
            transport.abort()
