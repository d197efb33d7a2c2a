"""The pairs on disk: gzipped JSON lines, so many to a file, one series of files a language."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

SHARD_RECORDS = 20_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A query and the function that answers it; `docs/training-data.md` describes the fields."""

    id: str
    language: str
    package: str
    split: str
    file: str
    name: str
    kind: str
    query: str
    code: str
    hard: bool


class ShardWriter:
    """Writes pairs to `pairs-<language>-NNN.jsonl.gz` in a folder. The same pairs give the same bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, IO[str]] = {}
        self._counts: dict[str, int] = {}

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._open.values():
            stream.close()

    def write(self, pair: Pair) -> None:
        """Append one pair to its language's current shard."""
        count = self._counts.get(pair.language, 0)
        if count % SHARD_RECORDS == 0:
            if pair.language in self._open:
                self._open[pair.language].close()
            name = f"pairs-{pair.language}-{count // SHARD_RECORDS:03d}.jsonl.gz"
            self._open[pair.language] = open_gzip(self._folder / name)
        self._counts[pair.language] = count + 1
        self._open[pair.language].write(json.dumps(asdict(pair), ensure_ascii=False) + "\n")


def open_gzip(path: Path) -> IO[str]:
    """A text stream into a gzip file that holds no name and no time, so that equal texts give equal files."""
    raw = path.open("wb")
    return io.TextIOWrapper(_Closing(raw), encoding="utf-8", errors="replace", newline="\n")


def read_records(path: Path) -> Iterator[dict[str, object]]:
    """The records of a gzipped JSON lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class _Closing(gzip.GzipFile):
    """A gzip file that closes what it writes to."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0)
        self._raw_file = raw

    def close(self) -> None:
        super().close()
        self._raw_file.close()
