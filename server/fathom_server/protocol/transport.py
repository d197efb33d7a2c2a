"""Carries messages between one client and a server, and closes the session with the connection.

pygls' own loops lose the exit code, do not end before the thread that reads standard input does, and do not stop the
indexer processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from pygls.exceptions import JsonRpcException
from pygls.io_ import StdoutWriter

from fathom_indexer.process.stdio import read_chunks
from fathom_server.protocol.framing import MessageSplitter, MessageTooLongError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fathom_server.protocol.rpc import FathomProtocol

logger = logging.getLogger(__name__)

_CHUNK = 1 << 16


class Server(Protocol):
    """What a connection needs of a language server."""

    @property
    def protocol(self) -> FathomProtocol: ...

    @property
    def exit_code(self) -> int: ...

    on_parent_death: Callable[[], None]
    """Called when the client's process has ended."""

    async def close(self) -> None: ...


async def serve_stdio(server: Server, stdout: BinaryIO) -> int:
    """Serve the client on standard input and `stdout`, and return the exit code."""
    return await _serve(server, _read_stdin(), StdoutWriter(stdout))


async def serve_tcp(server: Server, host: str, port: int) -> int:
    """Serve the first client that connects, and return the exit code. Raises `OSError` for an unusable address."""
    connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
        asyncio.get_running_loop().create_future()
    )

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connected.done():
            writer.close()
        else:
            connected.set_result((reader, writer))

    listener = await asyncio.start_server(accept, host, port)
    for socket in listener.sockets:
        address, bound_port = socket.getsockname()[:2]
        logger.warning("listening on %s:%d", f"[{address}]" if ":" in address else address, bound_port)
    reader, writer = await connected
    listener.close()
    try:
        return await _serve(server, reader, writer)
    finally:
        writer.close()


async def _serve(server: Server, reader: asyncio.StreamReader, writer: StdoutWriter | asyncio.StreamWriter) -> int:
    server.protocol.set_writer(writer)
    # The end of the client's process counts as the end of input, so that there is one way to end.
    server.on_parent_death = reader.feed_eof
    try:
        await _listen(reader, server.protocol)
    except SystemExit:
        logger.debug("the client sent exit")
    except MessageTooLongError as error:
        logger.error("%s. The connection is closed, because the rest of the stream cannot be read", error)
    except ConnectionError as error:
        logger.warning("the connection broke: %s", error)
    finally:
        await server.close()
    return server.exit_code


async def _listen(reader: asyncio.StreamReader, protocol: FathomProtocol) -> None:
    """Handle messages until the client closes the stream. Raises `MessageTooLongError` and `ConnectionError`."""
    splitter = MessageSplitter()
    while chunk := await reader.read(_CHUNK):
        splitter.feed(chunk)
        while (body := splitter.take()) is not None:
            try:
                protocol.handle_message(protocol.structure_message(_decoded(body, splitter)))
            except _UnreadableError as error:
                logger.warning("the client sent a message that is not JSON: %s", error)
            except JsonRpcException as error:
                logger.warning("the client sent a message that cannot be handled: %s", error)
            except Exception:
                logger.exception("a message could not be handled")
    if splitter.unfinished:
        logger.warning("the connection ended within a message")


class _UnreadableError(Exception):
    """A body is not JSON."""


def _decoded(body: bytes, splitter: MessageSplitter) -> Any:
    """The JSON value of a body, or of its part before the next header. Raises `_UnreadableError`."""
    try:
        try:
            return json.loads(body)
        except ValueError:
            if (shorter := splitter.until_header(body)) is None:
                raise
            return json.loads(shorter)
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(str(error)) from None


def _read_stdin() -> asyncio.StreamReader:
    """Standard input as a stream. A daemon thread reads it, so that the process can end at any time."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)

    def feed(chunk: bytes) -> None:
        if not reader.at_eof():  # The end of the client's process may have ended the stream.
            reader.feed_data(chunk)

    def pump() -> None:
        with contextlib.suppress(RuntimeError):  # The event loop is closed.
            for chunk in read_chunks():
                loop.call_soon_threadsafe(feed, chunk)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    return reader
