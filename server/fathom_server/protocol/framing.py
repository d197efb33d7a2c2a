"""Splits a stream of bytes into the bodies of messages, and resynchronizes after errors.

A body follows `Content-Length: N` and an empty line (LSP's base protocol). JSON cannot contain such a header, because
line ends in strings are escaped. Wherever a header stands, a message therefore begins, whatever the previous length
says. A client that sends a wrong length loses at most one message.
"""

from __future__ import annotations

import logging
import re

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 64 * 1024 * 1024
"""The most bytes of a message. Editors do not synchronize files of that size."""

_HEADER = re.compile(rb"[Cc]ontent-[Ll]ength:[ \t]*(\d+)[ \t]*\r?\n(?:(?![Cc]ontent-[Ll]ength:)[\w-]+:[^\n]*\n)*?\r?\n")
_BLANK_OR_FIELDS = re.compile(rb"(?:[\w-]+:[^\n]*\n|\s)*")
"""What may precede it: other header fields, and line ends that some clients send after a body."""

_LONGEST_HEADER = 4096


class MessageTooLongError(Exception):
    """The client announced a message that is longer than the limit."""


class MessageSplitter:
    """Splits a stream into bodies. Buffers at most one body of at most `longest` bytes."""

    def __init__(self, longest: int = LONGEST_MESSAGE) -> None:
        self._longest = longest
        self._buffer = bytearray()
        self._length: int | None = None
        """The length of the body at the start of the buffer; None while a header is expected."""
        self._searched = 0
        """Bytes at the start of an unfinished body that are known to contain no header."""
        self._warned = False
        """Whether the log has the warning about skipped bytes."""

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._length is not None

    def feed(self, chunk: bytes) -> None:
        """Append bytes. The caller takes all bodies out before it feeds more."""
        self._buffer += chunk

    def take(self) -> bytes | None:
        """The next body; None until more has arrived. Raises `MessageTooLongError`."""
        if self._length is None and not self._begin():
            return None
        length = self._length or 0
        if length > len(self._buffer):
            header = _HEADER.search(self._buffer, self._searched)
            if header is None:
                self._searched = max(0, len(self._buffer) - _LONGEST_HEADER)
                return None
            logger.warning("the client sent a message that is shorter than its Content-Length")
            length = header.start()
        self._length = None
        return self._cut(length)

    def until_header(self, body: bytes) -> bytes | None:
        """The part of the last body before a header that it contains; None if it contains none.

        The message after that header is read next.
        """
        self._buffer[:0] = body
        header = _HEADER.search(self._buffer)
        if header is not None and header.start() < len(body):
            return self._cut(header.start())
        # A header may begin at the end of the body and continue in bytes that have not arrived.
        self._cut(max(0, len(body) - _LONGEST_HEADER))
        return None

    def _begin(self) -> bool:
        """Find a header and remove it. Bytes before it are skipped."""
        header = _HEADER.search(self._buffer)
        if header is None:
            # Keep enough bytes for a header whose end has not arrived.
            self._skip(max(0, len(self._buffer) - _LONGEST_HEADER))
            return False
        digits, end = header[1].lstrip(b"0"), header.end()
        self._skip(header.start())
        self._cut(end - header.start())
        self._warned = False
        if len(digits) > len(str(self._longest)) or int(digits or b"0") > self._longest:
            raise MessageTooLongError(
                f"the client announced a message of {digits[:20].decode()} bytes; the limit is {self._longest}"
            )
        self._length = int(digits or b"0")
        return True

    def _skip(self, count: int) -> None:
        if not _BLANK_OR_FIELDS.fullmatch(self._cut(count)) and not self._warned:
            self._warned = True
            logger.warning("the client sent bytes that are not a message; skipping to the next header")

    def _cut(self, count: int) -> bytes:
        part = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._searched = 0
        return part
