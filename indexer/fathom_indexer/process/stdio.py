"""The standard streams of a process that speaks a protocol over them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO

from fathom_indexer.process.line_framing import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16


def claim_stdout() -> BinaryIO:
    """The real standard output, from now on for the protocol alone.

    File descriptor 1 becomes standard error, so that prints of this process, a native library or a child cannot get
    into the stream.
    """
    sys.stdout.flush()
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return protocol


def read_chunks(descriptor: int = 0) -> Iterator[bytes]:
    """Bytes as they arrive, until the other side closes.

    Reads the descriptor itself: a daemon thread that waits inside a buffered file holds that file's lock, and the
    interpreter aborts when it wants the lock at exit.
    """
    while True:
        try:
            chunk = os.read(descriptor, _CHUNK)
        except OSError:
            return
        if not chunk:
            return
        yield chunk


def read_lines(descriptor: int = 0) -> Iterator[bytes | None]:
    """Whole lines without their ends, until the other side closes; an unfinished last line is dropped.

    None stands for a line that was too long to keep.
    """
    splitter = LineSplitter()
    for chunk in read_chunks(descriptor):
        yield from splitter.feed(chunk)
