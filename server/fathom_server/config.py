"""The client's `initializationOptions` as typed settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fathom_indexer.config import Config

MAX_LIMIT = 200
"""The most results that a request may ask for."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a client can set; `docs/protocol.md` lists the names on the wire."""

    limit: int = 20
    """Results of a request that does not say how many it wants; 1 to `MAX_LIMIT`."""
    indexer: Config = field(default_factory=Config)
    """What the indexer process is told."""


class _InvalidError(Exception):
    """Says what a value must be."""


Reader = Callable[[Any], Any]


def read_settings(options: Any) -> tuple[Settings, list[str]]:
    """Settings, and a warning for the user about each value that was replaced by its default."""
    if options is None:
        return Settings(), []
    if not isinstance(options, Mapping):
        return Settings(), ["Fathom: initializationOptions must be an object; the defaults are used."]
    values: dict[str, Any] = {}
    warnings: list[str] = []
    for name, value in options.items():
        if name not in READERS:
            warnings.append(f"Fathom: there is no setting {name!r}; it is ignored.")
        elif value is not None:
            try:
                values[name] = READERS[name](value)
            except _InvalidError as error:
                warnings.append(f"Fathom: the setting {name!r} must be {error}; its default is used.")
    limit = values.pop("limit", Settings().limit)
    return Settings(limit, Config(**{_FIELDS.get(name, name): value for name, value in values.items()})), warnings


def _whole_number(low: int, high: int | None = None) -> Reader:
    expected = f"a whole number from {low} to {high}" if high else f"a whole number, {low} or more"

    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < low or (high and value > high):
            raise _InvalidError(expected)
        return value

    return read


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _InvalidError("a string")
    return value


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _InvalidError("a list of strings")
    return tuple(value)


def _one_of(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if value not in choices:
            raise _InvalidError("one of " + ", ".join(choices))
        return str(value)

    return read


READERS: dict[str, Reader] = {
    "limit": _whole_number(1, MAX_LIMIT),
    "exclude": _strings,
    "maxFileBytes": _whole_number(1),
    "model": _string,
    "runtime": _one_of("onnx", "torch"),
    "vectors": _one_of("auto", "exact", "hnsw"),
    "threads": _whole_number(0),
    "linger": _whole_number(0),
}
"""The settings by their names on the wire."""

_FIELDS = {"maxFileBytes": "max_file_bytes"}
"""Names of `Config` where they differ."""
