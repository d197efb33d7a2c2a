"""The indexer process: `python -m fathom_indexer.process --root DIR [--config JSON] [--shared]`.

With `--shared` it serves every client that finds it through the workspace's meeting place, and ends some seconds
after the last one has left. Without, it serves whoever started it, over standard input and output, and ends with it.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fathom_indexer import __version__
from fathom_indexer.process.handshake import EXIT_NO_MEETING, EXIT_TAKEN, Identity
from fathom_indexer.process.locks import EVERYBODY
from fathom_indexer.process.rendezvous import Rendezvous, RendezvousError
from fathom_indexer.process.request_queue import STARTER, Request, RequestQueue, receive
from fathom_indexer.process.stdio import claim_stdout, read_lines
from fathom_indexer.wire.messages import PROTOCOL_VERSION, Json, config_from_json, encode

if TYPE_CHECKING:
    from fathom_indexer.config import Config
    from fathom_indexer.process.worker import SearchEngine, Watch

logger = logging.getLogger(__name__)

EXIT_GRACE = 5.0
"""Seconds that a step of the engine may still take once the clients are gone."""

TURN_PATIENCE = 30.0
"""Seconds to wait for an indexer that is about to end."""

Opener = Callable[[], "SearchEngine"]


class LineWriter:
    """Sends messages from any thread, a line at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, message: Json) -> None:
        with self._lock:
            try:
                self._stream.write(encode(message))
                self._stream.flush()
            except OSError:
                # The client is gone. The end of its input, which follows, ends the process.
                logger.debug("nobody reads the answer any more")


def read_requests(lines: Iterable[bytes | None], inbox: RequestQueue, send: Callable[[Json], None]) -> None:
    """Lines of the only client into the inbox, until the stream ends."""
    for line in lines:
        receive(line, STARTER, inbox, send)
    inbox.close()


def serve_starter(open_engine: Opener, meeting: Rendezvous | None, root: Path, config: Config) -> int:
    """Serve whoever started this process; the exit code."""
    from fathom_indexer.process.throttling import Throttle  # noqa: PLC0415
    from fathom_indexer.process.worker import Worker  # noqa: PLC0415

    send = LineWriter(claim_stdout())
    send({"method": "ready", "params": {"protocol": PROTOCOL_VERSION, "version": __version__}})
    inbox = RequestQueue()

    def read() -> None:
        read_requests(read_lines(), inbox, send)
        leave_soon()

    threading.Thread(target=read, name="reader", daemon=True).start()
    turn = meeting.turn() if meeting else EVERYBODY
    reason, watch = Throttle(config).reason, watcher(root, config, inbox)
    Worker(open_engine, inbox, send, turn, wait_reason=reason, watch=watch).run()
    return 0


def serve_all(open_engine: Opener, meeting: Rendezvous, root: Path, config: Config) -> int:
    """Serve every client that comes to the meeting place; the exit code."""
    try:
        if not _take_over(meeting):
            return EXIT_TAKEN
        listener, address = meeting.listen()
    except OSError as error:
        raise RendezvousError(f"no indexer can be shared: {error}") from error
    from fathom_indexer.process.socket_server import SocketServer  # noqa: PLC0415

    inbox = RequestQueue()
    host = SocketServer(listener, address.token, Identity.of(config), inbox, config.linger)

    def end() -> None:
        meeting.withdraw()
        inbox.close()
        leave_soon()

    host.start(end)
    signal.signal(signal.SIGTERM, lambda *_: host.stop())
    from fathom_indexer.process.throttling import Throttle  # noqa: PLC0415
    from fathom_indexer.process.worker import Worker  # noqa: PLC0415

    reason, watch = Throttle(config).reason, watcher(root, config, inbox)
    turn = meeting.turn()
    Worker(open_engine, inbox, host.broadcast, turn, lambda: host.clients, wait_reason=reason, watch=watch).run()
    host.finish()
    return 0


def leave_soon() -> None:
    """Nobody is left to serve: make sure that the process ends too, even out of a step that hangs."""
    time.sleep(EXIT_GRACE)
    logger.warning("a step takes longer than the %g s that are left; the process ends in the middle of it", EXIT_GRACE)
    # A kill at any instant leaves the index as it was before or after a file, never between.
    os._exit(1)


def opener(root: Path, config: Config) -> Opener:
    """What opens the engine, on the engine's thread."""

    def open_engine() -> SearchEngine:
        from fathom_indexer.process.throttling import lower_priority, multiply_on_one_thread  # noqa: PLC0415

        multiply_on_one_thread()
        # Imported here so that requests are read meanwhile, and a native library that is missing becomes an answer.
        from fathom_indexer.engine import Engine  # noqa: PLC0415

        if config.low_priority:
            lower_priority()

        return Engine.open(root, config)

    return open_engine


def watcher(root: Path, config: Config, inbox: RequestQueue) -> Watch:
    """What begins to watch the workspace, and puts what changes into the inbox."""

    def changed(paths: Sequence[str]) -> None:
        inbox.put(Request(0, "update", {"paths": list(paths)}))

    def watch(failed: Callable[[str], None]) -> None:
        from fathom_indexer.process.watching import Watcher  # noqa: PLC0415 - most editors watch by themselves

        Watcher(root.resolve(), config, changed, failed).start()

    return watch


def _take_over(meeting: Rendezvous) -> bool:
    """Become the one who serves; False when somebody else does. Waits for one who has stopped to serve to end."""
    deadline = time.monotonic() + TURN_PATIENCE
    while not meeting.serving.acquire():
        if meeting.address() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _background(config: Config) -> Config:
    """The indexer runs behind an editor: unless told otherwise, it leaves half of the cores alone."""
    return config if config.threads else replace(config, threads=max(1, (os.cpu_count() or 1) // 2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m fathom_indexer.process", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the workspace to index")
    parser.add_argument("--config", default="{}", help="settings as a JSON object; see fathom_indexer.config.Config")
    parser.add_argument("--log-level", default="WARNING", help="how much to say on standard error")
    parser.add_argument("--shared", action="store_true", help="serve all clients, not just the one that starts this")
    options = parser.parse_args(arguments)
    try:
        config = config_from_json(json.loads(options.config))
    except (ValueError, TypeError) as error:
        parser.error(f"--config: {error}")

    logging.basicConfig(
        stream=sys.stderr,
        level=options.log_level.upper(),
        format=f"%(asctime)s %(levelname)s indexer {os.getpid()} %(message)s",
    )
    # What a native library crashes in stands in the log then.
    faulthandler.enable()
    # Ctrl-C in a terminal reaches the whole process group. The clients decide what ends, and their going ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    open_engine = opener(options.root, _background(config))
    try:
        meeting = Rendezvous.open(options.root, config.cache_directory())
        if options.shared:
            return serve_all(open_engine, meeting, options.root, config)
    except RendezvousError as error:
        logger.warning("%s", error)
        if options.shared:
            return EXIT_NO_MEETING
        meeting = None
    return serve_starter(open_engine, meeting, options.root, config)
