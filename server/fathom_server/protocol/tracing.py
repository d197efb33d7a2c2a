"""`$/logTrace`: how long each request took, for clients that set `trace`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from lsprotocol import types


class RequestTrace:
    """Start times of the requests that are in progress."""

    def __init__(self, serialize: Callable[[Any], Any]) -> None:
        """`serialize` turns parameters that are not plain JSON into JSON values."""
        self._serialize = serialize
        self._started: dict[int | str, tuple[Any, float]] = {}

    def begin(self, request: Any) -> None:
        """A request has arrived."""
        self._started[request.id] = request, time.monotonic()

    def finish(
        self, request_id: int | str, error: types.ResponseError | None, level: types.TraceValue
    ) -> types.LogTraceParams | None:
        """A request was answered: the message for the client; None if the request was not traced."""
        request, since = self._started.pop(request_id, (None, 0.0))
        if request is None or level is types.TraceValue.Off:
            return None
        outcome = f"failed ({error.message})" if error is not None else "was answered"
        text = f"{request.method} {request_id} {outcome} after {1000 * (time.monotonic() - since):.0f} ms"
        verbose = level is types.TraceValue.Verbose
        return types.LogTraceParams(text, json.dumps(request.params, default=self._serialize) if verbose else None)
