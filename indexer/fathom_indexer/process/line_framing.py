"""Splits a stream of bytes into lines, however long or broken they are."""

from __future__ import annotations

MAX_LINE = 16 * 1024 * 1024
"""Bytes of the longest message that an indexer takes. A file of code is far smaller."""


class LineSplitter:
    """Cuts a stream into lines, and holds no more than one line of at most `longest` bytes."""

    def __init__(self, longest: int = MAX_LINE) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._dropping = False

    def feed(self, chunk: bytes) -> list[bytes | None]:
        """The lines that are complete now, without their ends; None stands for one that was too long to keep."""
        *complete, rest = chunk.split(b"\n")
        lines: list[bytes | None] = []
        for part in complete:
            self._keep(part)
            lines.append(None if self._dropping else bytes(self._rest))
            self._rest, self._dropping = bytearray(), False
        self._keep(rest)
        return lines

    def _keep(self, part: bytes) -> None:
        if self._dropping or len(self._rest) + len(part) > self._longest:
            self._rest, self._dropping = bytearray(), True
        else:
            self._rest += part
