"""How a client and a shared indexer find out whether they are compatible.

    client   {"id": 0, "method": "hello", "params": {"protocol": 4, "version": "1.2", "settings": "...", "token": ""}}
    indexer  {"id": 0, "result": {"protocol": 4, "version": "1.2", "pid": 4711, "clients": 1, "joined": true}}

Only a client that has `joined` may send requests. One that has not, because versions or settings differ, may ask the
indexer to end, which it does if it has no clients:

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
from fathom_indexer.wire.conversion import config_to_json
from fathom_indexer.wire.framing import Json
from fathom_indexer.wire.messages import PROTOCOL_VERSION

if TYPE_CHECKING:
    from fathom_indexer.config import Config

EXIT_TAKEN = 75
"""Exit code of an indexer that found another one serving the workspace."""

EXIT_NO_RENDEZVOUS = 76
"""Exit code of an indexer that cannot be shared here; see `rendezvous.RendezvousError`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Protocol, version and settings of a process, which a greeting compares."""

    protocol: int
    version: str
    settings: str
    """A digest of the settings that decide the content of the index. Empty for a client that takes any index."""

    @classmethod
    def of(cls, config: Config) -> Identity:
        """The identity of this process."""
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
    """An indexer's answer to `hello`."""

    protocol: int
    version: str
    pid: int
    clients: int
    """The number of its other clients."""
    joined: bool

    @classmethod
    def from_json(cls, value: Json) -> Welcome:
        """Raises `ValueError` for another shape."""
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


def private_index(config: Config) -> Config:
    """The same configuration with a private index, which is shared only by processes of the same identity.

    For clients whose usual index belongs to an indexer with another identity: two that index one file in two ways would
    undo each other's work.
    """
    folder = Path(config.cache_directory()) / APART / Identity.of(config).digest()
    return replace(config, cache_dir=str(folder))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
