"""Finds the indexer that the clients of a workspace share, and starts it when there is none."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom_indexer.errors import IndexerUnavailableError
from fathom_indexer.process.connections import SocketConnection
from fathom_indexer.process.exit_log import describe_exit, note_exit
from fathom_indexer.process.handshake import EXIT_NO_RENDEZVOUS, EXIT_TAKEN, Identity, Welcome, private_index
from fathom_indexer.process.rendezvous import Address, Rendezvous, RendezvousError, check_address
from fathom_indexer.wire.conversion import config_to_json
from fathom_indexer.wire.framing import Json, decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "fathom_indexer.process")

GREETING_TIMEOUT = 5.0
"""Seconds that an indexer has to answer a greeting. Its connections never wait for its engine."""

START_TIMEOUT = 60.0
"""Seconds until an indexer must have been found or started."""

LONGEST_LINE = 1 << 28
"""Bytes of the longest answer that a client takes."""

_POLL = 0.02


@dataclass(frozen=True, slots=True)
class Attachment:
    """The rendezvous that a client uses, the configuration for it, and a connection to its indexer, if one runs."""

    rendezvous: Rendezvous
    config: Config
    connection: SocketConnection | None


async def look_up(root: Path, config: Config) -> Welcome | None:
    """The indexer at the workspace's usual rendezvous, compatible or not. Raises `RendezvousError`."""
    rendezvous = Rendezvous.open(root, config.cache_directory())
    greeted = await _greet(rendezvous, Identity.of(config))
    if greeted is None:
        return None
    connection, welcome = greeted
    connection.writer.close()
    return welcome


async def find(root: Path, config: Config, *, any_settings: bool = False, may_retire: bool = False) -> Attachment:
    """The attachment of a client that wants to use `config`; its connection has joined.

    The indexer at the usual rendezvous may be incompatible. With `may_retire`, one that is not newer and has no clients
    is asked to end, and the rendezvous counts as free; otherwise the client is attached to a private index.
    `any_settings` says that the client takes a running indexer with other settings. Raises `RendezvousError`.
    """
    for wanted in (config, private_index(config)):
        rendezvous = Rendezvous.open(root, wanted.cache_directory())
        identity = Identity.of(wanted)
        greeted = await _greet(rendezvous, replace(identity, settings="") if any_settings else identity)
        if greeted is None:
            return Attachment(rendezvous, wanted, None)
        connection, welcome = greeted
        if welcome.joined:
            return Attachment(rendezvous, wanted, connection)
        try:
            newer = identity.is_older_than(welcome.protocol, welcome.version)
            if may_retire and not newer and await _retire(connection):
                return Attachment(rendezvous, wanted, None)
        finally:
            connection.writer.close()
        logger.info("process %d (version %s) serves %s with other settings", welcome.pid, welcome.version, root)
    raise RendezvousError("no indexer can be shared: the one of the private index has other settings")


async def find_or_start(
    root: Path, config: Config, log_level: str, command: Sequence[str] = COMMAND, timeout: float = START_TIMEOUT
) -> SocketConnection:
    """A connection to the indexer of `root` (absolute), which is started if there is none.

    Raises `IndexerUnavailableError` when that fails, `RendezvousError` when no indexer can be shared here.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    process: subprocess.Popen[bytes] | None = None
    while True:
        found = await find(root, config, may_retire=True)
        if found.connection is not None:
            return found.connection
        log = found.rendezvous.log
        if process is None:
            process = _start(found, [*command, *arguments(root, found.config, log_level), "--shared"])
        elif (code := process.poll()) is not None:
            process = None
            if code == EXIT_NO_RENDEZVOUS:
                raise RendezvousError(f"no indexer can be shared; {log} says why")
            if code != EXIT_TAKEN:
                raise IndexerUnavailableError(f"the indexer ended at its start ({describe_exit(code)}, log in {log})")
        if loop.time() > deadline:
            raise IndexerUnavailableError(f"there was no indexer after {timeout:g} seconds (log in {log})")
        await asyncio.sleep(_POLL)


def arguments(root: Path, config: Config, log_level: str) -> list[str]:
    """The command-line arguments of an indexer process."""
    return ["--root", str(root), "--config", json.dumps(config_to_json(config)), "--log-level", log_level]


def working_directory() -> Path:
    """The working directory of an indexer process.

    `python -m` looks for modules in the working directory first; a workspace must not be able to shadow them. This
    directory is on the path already.
    """
    return Path(__file__).parents[2]


def _start(found: Attachment, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one, and that no signal to this one's terminal or group reaches."""
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    try:
        log = found.rendezvous.open_log()
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=working_directory(), **detached
            )
        finally:
            os.close(log)
    except OSError as error:
        raise IndexerUnavailableError(f"the indexer could not be started: {error}") from error
    # It may end much later than the client that started it. A thread waits for it, or it would stay a zombie.
    noting = (process, found.rendezvous.open_log, EXIT_TAKEN)
    threading.Thread(target=note_exit, args=noting, name="indexer exit", daemon=True).start()
    return process


async def _greet(rendezvous: Rendezvous, identity: Identity) -> tuple[SocketConnection, Welcome] | None:
    """A connection to the indexer at a rendezvous and its answer to the greeting; None when no indexer listens.

    Raises `RendezvousError` when the indexer there cannot be trusted or understood.
    """
    address = rendezvous.address()
    if address is None:
        return None
    try:
        reader, writer = await _connect(address)
    except PermissionError as error:
        raise RendezvousError(f"no indexer can be shared: {error}") from error
    except OSError:
        return None
    try:
        answer = await _ask(reader, writer, "hello", {**asdict(identity), "token": address.token})
        welcome = Welcome.from_json(answer)
    except (ValueError, asyncio.TimeoutError) as error:
        writer.close()
        reason = str(error) or f"it did not answer within {GREETING_TIMEOUT:g} seconds"
        raise RendezvousError(f"the running indexer (process {address.pid}) cannot be shared: {reason}") from error
    except (OSError, EOFError):
        writer.close()
        return None  # It ended just now.
    except asyncio.CancelledError:
        writer.close()
        raise
    return SocketConnection(reader, writer, welcome.pid, rendezvous.log), welcome


async def _connect(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Raises `OSError` when no process listens, `PermissionError` when another user could be listening."""
    if sys.platform == "win32" or not address.path:
        return await asyncio.open_connection("127.0.0.1", address.port, limit=LONGEST_LINE)
    check_address(address)
    return await asyncio.open_unix_connection(address.path, limit=LONGEST_LINE)


async def _retire(connection: SocketConnection) -> bool:
    """Ask an indexer to end; whether it does."""
    try:
        return (await _ask(connection.reader, connection.writer, "retire", {})).get("stopping") is True
    except (ValueError, asyncio.TimeoutError):
        return False
    except (OSError, EOFError):
        return True


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, params: Json) -> Json:
    """The result of a request of the handshake. Raises `OSError`, `EOFError`, `ValueError`, `asyncio.TimeoutError`."""
    writer.write(encode({"id": 0, "method": method, "params": params}))
    line = await asyncio.wait_for(reader.readline(), GREETING_TIMEOUT)
    if not line.endswith(b"\n"):
        raise EOFError("the connection ended")
    message = decode(line)
    result = message.get("result")
    if not isinstance(result, dict):
        error = message.get("error")
        raise ValueError(str(error.get("message") if isinstance(error, dict) else error))
    return result
