"""Requests on their way from those who read them off a connection to the engine's thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from fathom_indexer.wire.messages import Json, ProtocolError, decode

Reply = Callable[[Json], None]


STARTER = 0
"""Stands for whoever started the process, who alone may end it. Clients of a shared one have other numbers."""


def _nobody(_: Json) -> None:
    """For requests whose answer nobody reads."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came off the wire, its parameters not yet looked at.

    Ids are each client's own business: a request is known by `client` and `id` together.
    """

    id: int
    method: str
    params: Json
    client: int = STARTER
    reply: Reply = field(default=_nobody, compare=False, repr=False)
    dropped: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    """Set once nobody waits for the answer any more."""


class RequestQueue:
    """Requests of all clients, in the order they came. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: deque[Request] = deque()
        self._current: Request | None = None
        self._closed = False

    def put(self, request: Request) -> None:
        """Add a request, unless the inbox is closed."""
        with self._changed:
            if not self._closed:
                self._requests.append(request)
                self._changed.notify()

    def cancel(self, client: int, request_id: int) -> None:
        """Forget a request that is still waiting, and mark it as dropped if it is under way."""
        self._drop(lambda request: (request.client, request.id) == (client, request_id))

    def leave(self, client: int) -> None:
        """A client is gone: as `cancel`, for everything it asked."""
        self._drop(lambda request: request.client == client)

    def close(self) -> None:
        """Nobody will read answers any more: drop everything and take nothing new."""
        with self._changed:
            self._closed = True
            self._drop(lambda _: True)
            self._changed.notify()

    @property
    def closed(self) -> bool:
        return self._closed

    def take(self, timeout: float | None = None) -> Request | None:
        """The next request, for which this waits `timeout` seconds at most, or for as long as the inbox is open.

        None when there is none. The request taken before counts as done.
        """
        with self._changed:
            self._current = None
            self._changed.wait_for(lambda: self._requests or self._closed, timeout)
            self._current = self._requests.popleft() if self._requests else None
            return self._current

    def _drop(self, concerned: Callable[[Request], bool]) -> None:
        with self._changed:
            if self._current is not None and concerned(self._current):
                self._current.dropped.set()
            self._requests = deque(request for request in self._requests if not concerned(request))


def receive(line: bytes | None, client: int, inbox: RequestQueue, reply: Reply) -> None:
    """One line from a client into the inbox. A line that is no request is answered so; a `ping` is answered at once.

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
        reply({"id": message.get("id"), "error": asdict(ProtocolError("query", f"malformed message: {error}"))})
        return
    if request.method == "cancel":
        inbox.cancel(client, request.id)
    elif request.method == "ping":
        reply({"id": request.id, "result": {}})
    else:
        inbox.put(request)


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
