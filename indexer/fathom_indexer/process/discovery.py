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
from fathom_indexer.process.connections import SocketLink
from fathom_indexer.process.exit_log import in_words, note_ending
from fathom_indexer.process.handshake import EXIT_NO_MEETING, EXIT_TAKEN, Identity, Welcome, apart
from fathom_indexer.process.rendezvous import Address, Rendezvous, RendezvousError, check_address
from fathom_indexer.wire.messages import Json, config_to_json, decode, encode

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
    """Where a client belongs: the meeting place, the configuration for it, and the indexer there, if one runs."""

    meeting: Rendezvous
    config: Config
    link: SocketLink | None


async def look_up(root: Path, config: Config) -> Welcome | None:
    """Who serves the workspace at its usual place, whether one fits it or not. Raises `RendezvousError`."""
    meeting = Rendezvous.open(root, config.cache_directory())
    greeted = await _greet(meeting, Identity.of(config))
    if greeted is None:
        return None
    link, welcome = greeted
    link.writer.close()
    return welcome


async def find(root: Path, config: Config, *, any_settings: bool = False, may_retire: bool = False) -> Attachment:
    """The seat of a client that wants to use `config`; the connection has joined.

    The usual place may be taken by an indexer that does not fit. With `may_retire`, one that is not newer and has no
    clients is asked to end, and the place counts as free; otherwise the seat is in a place apart. `any_settings` says
    that the client takes a running indexer as it is set up. Raises `RendezvousError`.
    """
    for wanted in (config, apart(config)):
        meeting = Rendezvous.open(root, wanted.cache_directory())
        identity = Identity.of(wanted)
        greeted = await _greet(meeting, replace(identity, settings="") if any_settings else identity)
        if greeted is None:
            return Attachment(meeting, wanted, None)
        link, welcome = greeted
        if welcome.joined:
            return Attachment(meeting, wanted, link)
        try:
            newer = identity.is_older_than(welcome.protocol, welcome.version)
            if may_retire and not newer and await _retire(link):
                return Attachment(meeting, wanted, None)
        finally:
            link.writer.close()
        logger.info("process %d (version %s) serves %s in another way", welcome.pid, welcome.version, root)
    raise RendezvousError("no indexer can be shared: the one in the place apart is none of ours")


async def find_or_start(
    root: Path, config: Config, log_level: str, command: Sequence[str] = COMMAND, timeout: float = START_TIMEOUT
) -> SocketLink:
    """A connection to the indexer of `root` (absolute), which is started if there is none.

    Raises `IndexerUnavailableError` when that fails, `RendezvousError` when no indexer can be shared here.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    process: subprocess.Popen[bytes] | None = None
    while True:
        seat = await find(root, config, may_retire=True)
        if seat.link is not None:
            return seat.link
        if process is None:
            process = _start(seat, [*command, *arguments(root, seat.config, log_level), "--shared"])
        elif (code := process.poll()) is not None:
            process = None
            if code == EXIT_NO_MEETING:
                raise RendezvousError(f"no indexer can be shared; {seat.meeting.log} says why")
            if code != EXIT_TAKEN:
                raise IndexerUnavailableError(
                    f"the indexer ended at its start ({in_words(code)}, log in {seat.meeting.log})"
                )
        if loop.time() > deadline:
            raise IndexerUnavailableError(f"there was no indexer after {timeout:g} seconds (log in {seat.meeting.log})")
        await asyncio.sleep(_POLL)


def arguments(root: Path, config: Config, log_level: str) -> list[str]:
    """What an indexer process is told on its command line."""
    return ["--root", str(root), "--config", json.dumps(config_to_json(config)), "--log-level", log_level]


def working_directory() -> Path:
    """Where an indexer process runs.

    `python -m` looks for modules in the working directory first; a workspace must not be able to shadow them. This
    directory is on the path already.
    """
    return Path(__file__).parents[2]


def _start(seat: Attachment, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one, and that no signal to this one's terminal or group reaches."""
    apart_from_us: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart_from_us = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    try:
        log = seat.meeting.open_log()
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=working_directory(), **apart_from_us
            )
        finally:
            os.close(log)
    except OSError as error:
        raise IndexerUnavailableError(f"the indexer could not be started: {error}") from error
    # It may end long after we have stopped to care; somebody must take note, or its entry stays in the process table.
    noting = (process, seat.meeting.open_log, EXIT_TAKEN)
    threading.Thread(target=note_ending, args=noting, name="indexer's end", daemon=True).start()
    return process


async def _greet(meeting: Rendezvous, identity: Identity) -> tuple[SocketLink, Welcome] | None:
    """A connection to the indexer at a meeting place and its answer to our greeting; None when nobody is there.

    Raises `RendezvousError` when somebody is there who cannot be trusted or understood.
    """
    address = meeting.address()
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
    return SocketLink(reader, writer, welcome.pid, meeting.log), welcome


async def _connect(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Raises `OSError` when nobody listens, `PermissionError` when others could be listening in its place."""
    if sys.platform == "win32" or not address.path:
        return await asyncio.open_connection("127.0.0.1", address.port, limit=LONGEST_LINE)
    check_address(address)
    return await asyncio.open_unix_connection(address.path, limit=LONGEST_LINE)


async def _retire(link: SocketLink) -> bool:
    """Ask an indexer to end; whether it does."""
    try:
        return (await _ask(link.reader, link.writer, "retire", {})).get("stopping") is True
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
