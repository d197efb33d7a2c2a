"""Messages are found in a stream for any division into chunks and any content of the headers."""

from __future__ import annotations

import itertools
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_server.protocol.framing import MessageSplitter, MessageTooLongError

bodies = st.lists(st.binary(max_size=40).filter(lambda body: b":" not in body), max_size=5)


def framed(body: bytes, length: int | str | None = None, name: str = "Content-Length") -> bytes:
    return f"{name}: {len(body) if length is None else length}\r\n\r\n".encode() + body


def split(stream: bytes, *cuts: int, longest: int = 1000) -> list[bytes]:
    splitter = MessageSplitter(longest)
    found: list[bytes] = []
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(places):
        splitter.feed(stream[start:end])
        while (body := splitter.take()) is not None:
            found.append(body)
    return found


@given(bodies, st.lists(st.integers(0, 500), max_size=6))
def test_bodies_are_cut_out_wherever_the_stream_is_cut(sent: list[bytes], cuts: list[int]) -> None:
    assert split(b"".join(framed(body) for body in sent), *cuts) == sent


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"content-length: 2\r\n\r\n",
        b"Content-Length:2\n\n",
        b"Content-Length: 0002\r\n\r\n",
        b"\r\n\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 900\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_headers(header: bytes) -> None:
    assert split(header + b"{}" + framed(b"[]")) == [b"{}", b"[]"]


@given(
    st.sampled_from(
        [
            b"Content-Length: \r\n\r\n{}",
            b"Content-Length: -5\r\n\r\n{}",
            b"Content-Length: five\r\n\r\n{}",
            b"Content-Length: 5.5\r\n\r\n{}",
            b"Length: 2\r\n\r\n{}",
            b"\r\n\r\n{}",
            b'{"jsonrpc": "2.0"}',
            b"\0" * 9000,
            b"x" * 9000,
            b"X: y\r\n" * 9000,
            b"X: y\r\n" * 9000 + b"\r\n",
            b"Content-Length: 2\r\n" + b"X: y\r\n" * 9000,
            b"Content-Length: 2",
        ]
    ),
    st.lists(st.integers(0, 60_000), max_size=4),
)
def test_what_is_no_header_is_passed_over(garbage: bytes, cuts: list[int]) -> None:
    assert split(garbage + framed(b"[1]") + framed(b"[2]"), *cuts)[-2:] == [b"[1]", b"[2]"]


@given(st.integers(-9, 60), st.lists(st.integers(0, 200), max_size=4))
def test_a_wrong_length_costs_one_message_at_most(wrong: int, cuts: list[int]) -> None:
    """The message after a body of a wrong length is found, and the body if all of it has arrived."""
    first, others = b'{"number": 1}', [b'{"number": 2}', b'{"number": 3}']
    stream = framed(first, max(0, len(first) + wrong)) + b"".join(map(framed, others))
    splitter = MessageSplitter(1000)
    read: list[Any] = []
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in itertools.pairwise(places):
        splitter.feed(stream[start:end])
        while (body := splitter.take()) is not None:
            try:
                read.append(json.loads(body))
            except ValueError:
                if (shorter := splitter.until_header(body)) is not None:
                    read.append(json.loads(shorter))
    assert read[-2:] == [{"number": 2}, {"number": 3}]
    assert wrong < 0 or len(places) > 2 or read[0] == {"number": 1}


@pytest.mark.parametrize("length", ["1001", "99999999999999999999", "0" * 30 + "1001", "9" * 3000])
def test_a_message_that_is_too_long_is_refused_at_its_header(length: str) -> None:
    assert split(framed(b"x" * 1000)) == [b"x" * 1000]
    with pytest.raises(MessageTooLongError, match="the limit is 1000"):
        split(framed(b"", length))


def test_no_more_is_held_than_a_header_of_what_is_no_message(caplog: pytest.LogCaptureFixture) -> None:
    splitter = MessageSplitter()
    with caplog.at_level(logging.WARNING):
        for _ in range(200):
            splitter.feed(b"x" * 10_000)
            assert splitter.take() is None
    assert len(splitter._buffer) < 10_000
    assert len(caplog.records) == 1
