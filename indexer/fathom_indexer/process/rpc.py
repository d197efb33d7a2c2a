"""Requests and answers over a connection to an indexer: ids, futures, notifications, and the end of the connection."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fathom_indexer.errors import FathomError, IndexerUnavailableError
from fathom_indexer.process.connections import Connection
from fathom_indexer.wire.framing import Json, decode, encode

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT = 60.0
"""Seconds to wait for an answer. Far more than any takes; for an indexer that hangs in native code."""

PING_INTERVAL = 10.0
"""Seconds between two pings."""

MISSED_PINGS = 4
"""The number of pings in a row without any message from the indexer after which it is killed."""

PING_ID = 0


class IndexerError(FathomError):
    """An error that the indexer answered with. `kind` is `query` (the request is at fault), `index` or `internal`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class IndexerGoneError(IndexerUnavailableError):
    """The process ended before it answered."""


Calls = list[Callable[[], None]]
"""Functions of the client to call for a notification."""

Notified = Callable[[str, Any], Calls]
"""Reads a notification, by its method and parameters. Raises `KeyError`, `TypeError` or `ValueError`."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request without an answer so far."""

    answer: asyncio.Future[Json]
    on_partial: Callable[[Json], Callable[[], None]] | None


class RpcConnection:
    """A connection with requests under way. Made on a running event loop."""

    def __init__(self, connection: Connection, notified: Notified, timeout: float, ping_interval: float) -> None:
        self.connection = connection
        self._notified = notified
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._missed_pings = 0
        self._end_reason = ""
        self._reading = asyncio.create_task(self._read())
        self._pinging = asyncio.create_task(self._ping(ping_interval))

    async def request(
        self, method: str, params: Json, on_partial: Callable[[Json], Callable[[], None]] | None = None
    ) -> Json:
        """The `result` of a request. `on_partial` reads a partial result and gives what to call with it.

        Raises `IndexerError`, and `IndexerUnavailableError` when there is no answer. A request that the caller stops to
        wait for is cancelled.
        """
        if self._reading.done():
            raise IndexerGoneError("the indexer process has ended")
        request_id = next(self._ids)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = _Waiting(answer, on_partial)
        try:
            self._send({"id": request_id, "method": method, "params": params})
            return await asyncio.wait_for(answer, self._timeout)
        except asyncio.TimeoutError:
            self._cancel(request_id)
            raise IndexerUnavailableError(f"the indexer did not answer within {self._timeout:g} seconds") from None
        except asyncio.CancelledError:
            self._cancel(request_id)
            raise
        finally:
            del self._waiting[request_id]

    async def wait(self) -> str:
        """Wait until the connection has ended and all messages are handled; a description of how it ended."""
        return await asyncio.shield(self._reading)

    async def leave(self, grace: float, reason: str = "") -> None:
        """Disconnect, as `Connection.leave` does it. A `reason` becomes the description of how it ended."""
        self._end_reason = reason
        await self.connection.leave(grace)

    async def shutdown(self, grace: float) -> None:
        """Disconnect and wait until that is done."""
        self._pinging.cancel()
        if not self._reading.done():
            await self.connection.leave(grace)
        await self.wait()

    def _cancel(self, request_id: int) -> None:
        self._send({"method": "cancel", "params": {"id": request_id}})

    def _send(self, message: Json) -> None:
        # Not drained: messages are small, the indexer always reads, and a caller must not wait for one that hangs.
        if not self.connection.writer.is_closing():
            self.connection.writer.write(encode(message))

    async def _read(self) -> str:
        """Handle messages until the connection ends, then fail all requests; a description of how it ended."""
        try:
            while line := await self.connection.reader.readline():
                self._missed_pings = 0
                self._handle(line)
        except OSError as error:
            logger.info("the connection to the indexer broke: %s", error)
        except ValueError as error:
            # A line without end: no later message can be found.
            logger.error("the indexer's output cannot be read: %s", error)
        ended = await self.connection.ended()
        how = self._end_reason or ended
        self._pinging.cancel()
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(IndexerGoneError(f"the indexer process ended ({how})"))
        return how

    async def _ping(self, interval: float) -> None:
        """Kill a process that does not answer pings, which neither requests nor indexing delay."""
        while True:
            await asyncio.sleep(interval)
            if self._missed_pings >= MISSED_PINGS:
                break
            self._missed_pings += 1
            self._send({"id": PING_ID, "method": "ping", "params": {}})
        logger.error("the indexer (process %d) does not answer any more and is killed", self.connection.pid)
        self.connection.kill()

    def _handle(self, line: bytes) -> None:
        try:
            message = decode(line)
            if "method" not in message:
                self._answered(message)
                return
            calls = self._calls(message["method"], message["params"])
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("the indexer sent a line that is no message (%r): %.200r", error, line)
            return
        for call in calls:
            try:
                call()
            except Exception:  # An error in the client's own function must not end the reading.
                logger.exception("a message of the indexer could not be handled: %.200r", line)

    def _calls(self, method: str, params: Any) -> Calls:
        if method != "partial":
            return self._notified(method, params)
        waiting = self._waiting.get(params["id"])
        if waiting is None or waiting.on_partial is None or waiting.answer.done():
            return []
        return [waiting.on_partial(params["result"])]

    def _answered(self, message: Json) -> None:
        waiting = self._waiting.get(message["id"])
        if waiting is None or waiting.answer.done():
            return
        answer = waiting.answer
        error, result = message.get("error"), message.get("result")
        if isinstance(error, dict):
            answer.set_exception(IndexerError(str(error.get("kind")), str(error.get("message"))))
        elif isinstance(result, dict):
            answer.set_result(result)
        else:
            answer.set_exception(IndexerError("internal", "the indexer's answer is neither a result nor an error"))
