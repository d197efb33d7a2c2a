"""How a client and a shared indexer find out whether they fit each other.

    client   {"id": 0, "method": "hello", "params": {"protocol": 3, "version": "1.2", "settings": "...", "token": ""}}
    indexer  {"id": 0, "result": {"protocol": 3, "version": "1.2", "pid": 4711, "clients": 1, "joined": true}}

Only a client that has `joined` may ask anything. One that has not, because the two speak different versions or are
set up differently, may ask for one thing, after which the indexer answers and, if it has no clients, ends:

    client   {"id": 0, "method": "retire"}
    indexer  {"id": 0, "result": {"stopping": true}}

These four messages are the same in all versions.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fathom_indexer import __version__
from fathom_indexer.config import APART, INDEX_CONTENT
from fathom_indexer.wire.messages import PROTOCOL_VERSION, Json, config_to_json

if TYPE_CHECKING:
    from fathom_indexer.config import Config

EXIT_TAKEN = 75
"""Exit code of an indexer that leaves the workspace to one that serves it already."""

EXIT_NO_MEETING = 76
"""Exit code of an indexer that cannot be shared here; see `meeting.MeetingError`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What two processes compare."""

    protocol: int
    version: str
    settings: str
    """A digest of what decides the content of the index. Empty for a client that takes it as it is."""

    @classmethod
    def of(cls, config: Config) -> Identity:
        """That of this process."""
        everything = config_to_json(config)
        content = json.dumps([everything[name] for name in INDEX_CONTENT])
        return cls(PROTOCOL_VERSION, __version__, hashlib.sha256(content.encode()).hexdigest()[:16])

    def admits(self, client: Identity) -> bool:
        """Whether an indexer with this identity can serve a client with that one."""
        same_version = (self.protocol, self.version) == (client.protocol, client.version)
        return same_version and client.settings in ("", self.settings)

    def is_older_than(self, protocol: int, version: str) -> bool:
        """Whether this is from an earlier version than one with these numbers."""
        return (self.protocol, _numbers(self.version)) < (protocol, _numbers(version))

    def digest(self) -> str:
        """A short name for all of it."""
        return hashlib.sha256(repr((self.protocol, self.version, self.settings)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Welcome:
    """What an indexer answers to `hello`."""

    protocol: int
    version: str
    pid: int
    clients: int
    """How many clients it has, besides the one that asks."""
    joined: bool

    @classmethod
    def from_json(cls, value: Json) -> Welcome:
        """Raises `ValueError` for what is no welcome."""
        try:
            return cls(
                protocol=int(value["protocol"]),
                version=str(value["version"]),
                pid=int(value["pid"]),
                clients=int(value["clients"]),
                joined=value["joined"] is True,
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a welcome: {value!r:.200}") from error


def apart(config: Config) -> Config:
    """The same configuration with the index kept where only those meet who agree on everything.

    For those who find the usual place taken by an indexer that they do not fit: two that index one file in two ways
    would undo each other's work.
    """
    folder = Path(config.cache_directory()) / APART / Identity.of(config).digest()
    return replace(config, cache_dir=str(folder))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
