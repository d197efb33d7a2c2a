"""Requests on their way from the threads that read connections to the engine's thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from fathom_indexer.wire.conversion import error_to_json
from fathom_indexer.wire.framing import Json, decode
from fathom_indexer.wire.messages import ErrorAnswer

Reply = Callable[[Json], None]
"""Sends a message to the client of a request."""

STARTER = 0
"""The number of the client on standard input, which started the process and alone may end it. Clients of a shared
process have other numbers."""


def _discard(_: Json) -> None:
    """The `Reply` of requests without an answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was received, its parameters not checked yet.

    Each client numbers its requests by itself: `client` and `id` together identify a request.
    """

    id: int
    method: str
    params: Json
    client: int = STARTER
    reply: Reply = field(default=_discard, compare=False, repr=False)
    cancelled: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    """Set when the answer is not needed any more."""


class RequestQueue:
    """Requests of all clients, in the order they came. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: deque[Request] = deque()
        self._current: Request | None = None
        self._closed = False

    def put(self, request: Request) -> None:
        """Add a request, unless the queue is closed."""
        with self._changed:
            if not self._closed:
                self._requests.append(request)
                self._changed.notify()

    def cancel(self, client: int, request_id: int) -> None:
        """Remove a request that still waits, and mark it as cancelled if it is being answered."""
        self._cancel(lambda request: (request.client, request.id) == (client, request_id))

    def leave(self, client: int) -> None:
        """Cancel all requests of a client that has disconnected."""
        self._cancel(lambda request: request.client == client)

    def close(self) -> None:
        """Cancel all requests and take no new ones."""
        with self._changed:
            self._closed = True
            self._cancel(lambda _: True)
            self._changed.notify()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def take(self, timeout: float | None = None) -> Request | None:
        """The next request, for which this waits `timeout` seconds at most, or for as long as the queue is open.

        None when there is none. The request taken before counts as done.
        """
        with self._changed:
            self._current = None
            self._changed.wait_for(lambda: self._requests or self._closed, timeout)
            self._current = self._requests.popleft() if self._requests else None
            return self._current

    def _cancel(self, concerned: Callable[[Request], bool]) -> None:
        with self._changed:
            if self._current is not None and concerned(self._current):
                self._current.cancelled.set()
            self._requests = deque(request for request in self._requests if not concerned(request))


def receive(line: bytes | None, client: int, queue: RequestQueue, reply: Reply) -> None:
    """Put one line from a client into the queue. A malformed line is answered with an error, a `ping` at once.

    `None` stands for a line that was too long to keep.
    """
    if line is not None and not line.strip():
        return
    message: Json = {}
    try:
        if line is None:
            raise ValueError("it is too long")
        message = decode(line)
        request = _request(message, client, reply)
    except ValueError as error:
        answer = ErrorAnswer("query", f"malformed message: {error}")
        reply({"id": message.get("id"), "error": error_to_json(answer)})
        return
    if request.method == "cancel":
        queue.cancel(client, request.id)
    elif request.method == "ping":
        reply({"id": request.id, "result": {}})
    else:
        queue.put(request)


def _request(message: Json, client: int, reply: Reply) -> Request:
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str):
        raise ValueError("method must be a string")
    if not isinstance(params, dict):
        raise ValueError("params must be an object")
    request_id = params.get("id") if method == "cancel" else message.get("id")
    if not isinstance(request_id, int):
        raise ValueError("id must be a whole number")
    return Request(request_id, method, params, client, reply)
