"""Bytes as they arrive -> the bodies of messages, however broken the stream is.

A body is what follows `Content-Length: N` and an empty line. No JSON holds such a header as it stands here: within
strings, line ends are escaped. So wherever one is seen a message begins, whatever the length before it has promised.
A client that counts wrongly loses one message at most.
"""

from __future__ import annotations

import logging
import re

logger = logging.getLogger(__name__)

LONGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes of the longest message that is taken. Editors do not sync files of that size."""

_HEADER = re.compile(rb"[Cc]ontent-[Ll]ength:[ \t]*(\d+)[ \t]*\r?\n(?:(?![Cc]ontent-[Ll]ength:)[\w-]+:[^\n]*\n)*?\r?\n")
_BLANK_OR_FIELDS = re.compile(rb"(?:[\w-]+:[^\n]*\n|\s)*")
"""What may stand before it: other fields of the header, and the line ends that some clients put behind a body."""

_LONGEST_HEADER = 4096


class MessageTooLongError(Exception):
    """The client announced a message that is longer than any that is taken."""


class MessageSplitter:
    """Cuts a stream into the bodies of messages, and holds no more than one of at most `longest` bytes."""

    def __init__(self, longest: int = LONGEST_MESSAGE) -> None:
        self._longest = longest
        self._buffer = bytearray()
        self._length: int | None = None
        """Bytes of the body that the buffer begins with; None while a header is awaited."""
        self._searched = 0
        """Up to where the beginning of an unfinished body is known to hold no header."""
        self._told = False
        """Whether the log has it that something is passed over."""

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun that has not ended."""
        return self._length is not None

    def feed(self, chunk: bytes) -> None:
        """Take what has arrived. All of it is to be taken out before more is fed."""
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
            logger.warning("the client sent a message that is shorter than its header says")
            length = header.start()
        self._length = None
        return self._cut(length)

    def until_header(self, body: bytes) -> bytes | None:
        """What the body taken last has before another message begins, which is read next; None if none does in it."""
        self._buffer[:0] = body
        header = _HEADER.search(self._buffer)
        if header is not None and header.start() < len(body):
            return self._cut(header.start())
        # One may begin at the end, of which the rest has not arrived.
        self._cut(max(0, len(body) - _LONGEST_HEADER))
        return None

    def _begin(self) -> bool:
        """Look for a header and cut it off. What is none is passed over."""
        header = _HEADER.search(self._buffer)
        if header is None:
            # Enough is kept for a header of which the end is still to come.
            self._pass_over(max(0, len(self._buffer) - _LONGEST_HEADER))
            return False
        digits, end = header[1].lstrip(b"0"), header.end()
        self._pass_over(header.start())
        self._cut(end - header.start())
        self._told = False
        if len(digits) > len(str(self._longest)) or int(digits or b"0") > self._longest:
            raise MessageTooLongError(
                f"the client announced a message of {digits[:20].decode()} bytes; "
                f"the longest that is taken has {self._longest}"
            )
        self._length = int(digits or b"0")
        return True

    def _pass_over(self, count: int) -> None:
        if not _BLANK_OR_FIELDS.fullmatch(self._cut(count)) and not self._told:
            self._told = True
            logger.warning("the client sent what is no message; it is passed over up to the next header")

    def _cut(self, count: int) -> bytes:
        part = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._searched = 0
        return part
