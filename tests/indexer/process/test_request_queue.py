"""Lines from clients on their way into the request queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom_indexer.process.request_queue import Request, RequestQueue
from fathom_indexer.process.service import read_requests


def read(*lines: bytes) -> tuple[list[Request], list[dict[str, Any]]]:
    """The requests that lines put into the queue, and the messages that are sent."""

    class Recorder(RequestQueue):
        def put(self, request: Request) -> None:
            requests.append(request)

    queue = Recorder()
    requests: list[Request] = []
    sent: list[dict[str, Any]] = []
    read_requests(iter(lines), queue, sent.append)
    assert queue.closed
    return requests, sent


def test_requests_are_read() -> None:
    requests, sent = read(
        b'{"id": 1, "method": "status"}', b"", b'{"id": 2, "method": "search", "params": {"query": 1}}\r'
    )
    assert requests == [Request(1, "status", {}), Request(2, "search", {"query": 1})]
    assert sent == []


@pytest.mark.parametrize(
    ("line", "answered_id"),
    [
        (b"hello", None),
        (b"\xff\xfe", None),
        (b"[1]", None),
        (b"[" * 100_000, None),
        (b'{"id": 1}', 1),
        (b'{"id": 2, "method": "search", "params": []}', 2),
        (b'{"id": "x", "method": "search"}', "x"),
        (b'{"method": "search"}', None),
        (b'{"method": "cancel", "params": {}}', None),
    ],
)
def test_malformed_lines_are_answered(line: bytes, answered_id: object) -> None:
    requests, sent = read(line, b'{"id": 9, "method": "status"}')
    assert [request.id for request in requests] == [9]
    assert len(sent) == 1
    assert sent[0]["id"] == answered_id
    assert sent[0]["error"]["kind"] == "query"
    json.dumps(sent[0])


@settings(deadline=None)  # A busy machine is no failure.
@given(st.lists(st.binary().filter(lambda line: b"\n" not in line)))
def test_no_line_goes_unnoticed(lines: list[bytes]) -> None:
    requests, sent = read(*lines)
    assert len(requests) + len(sent) == sum(1 for line in lines if line.strip())
