"""Carries messages between one client and a server, and makes sure that everything ends with the connection.

pygls' own loops swallow the exit code, wait for a thread that reads standard input before the process may end, and
know nothing of the indexer processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import TYPE_CHECKING, BinaryIO

from pygls.io_ import StdoutWriter, run_async

from fathom_indexer.process.stdio import read_chunks

if TYPE_CHECKING:
    from fathom_server.server import FathomServer

logger = logging.getLogger(__name__)


async def serve_stdio(server: FathomServer, stdout: BinaryIO) -> int:
    """Serve the client on standard input and `stdout`; the exit code."""
    return await _serve(server, _read_stdin(), StdoutWriter(stdout))


async def serve_tcp(server: FathomServer, host: str, port: int) -> int:
    """Serve the first client that connects; the exit code. Raises `OSError` when the address cannot be used."""
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


class _Input:
    """What the message loop reads from: a stream in which garbage is passed over."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream

    async def readline(self) -> bytes:
        try:
            return await self._stream.readline()
        except ValueError:
            logger.warning("the client sent a header without end")
            return b"\n"

    async def readexactly(self, count: int) -> bytes:
        return await self._stream.readexactly(count)


async def _serve(
    server: FathomServer, reader: asyncio.StreamReader, writer: StdoutWriter | asyncio.StreamWriter
) -> int:
    server.protocol.set_writer(writer)
    # A parent that is gone is the end of input, so that there is one way to end.
    server.on_parent_death = reader.feed_eof
    try:
        await run_async(
            stop_event=threading.Event(),
            reader=_Input(reader),
            protocol=server.protocol,
            error_handler=server.report_server_error,
        )
    except SystemExit:
        logger.debug("the client sent exit")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        logger.warning("the connection broke: %s", error)
    finally:
        await server.close()
    return server.exit_code


def _read_stdin() -> asyncio.StreamReader:
    """Standard input as a stream. A daemon thread reads it, which does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)

    def feed(chunk: bytes) -> None:
        if not reader.at_eof():  # The parent's death may have ended it before.
            reader.feed_data(chunk)

    def pump() -> None:
        with contextlib.suppress(RuntimeError):  # The loop has ended, and with it the interest in input.
            for chunk in read_chunks():
                loop.call_soon_threadsafe(feed, chunk)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    return reader
