"""Messages are lines, however the bytes arrive."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.process.line_framing import LineSplitter


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)), st.integers(0, 12))
def test_lines_do_not_depend_on_how_the_bytes_arrive(stream: bytes, cuts: list[int], longest: int) -> None:
    splitter = LineSplitter(longest)
    lines: list[bytes | None] = []
    places = sorted({0, len(stream), *(cut for cut in cuts if cut <= len(stream))})
    for start, end in pairwise(places):
        lines += splitter.feed(stream[start:end])
    assert lines == [line if len(line) <= longest else None for line in stream.split(b"\n")[:-1]]


def test_a_line_without_end_is_not_kept() -> None:
    splitter = LineSplitter(longest=10)
    for _ in range(1000):
        assert splitter.feed(b"x" * 100) == []
    assert len(splitter._rest) <= 10
    assert splitter.feed(b"\nnext\n") == [None, b"next"]
