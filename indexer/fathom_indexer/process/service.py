"""The indexer process: `python -m fathom_indexer.process --root DIR [--config JSON] [--shared]`.

With `--shared` it serves every client that finds it through the workspace's rendezvous, and ends some seconds after the
last one has disconnected. Without, it serves the process that started it, over standard input and output, and ends with
it.
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
from fathom_indexer.process.handshake import EXIT_NO_RENDEZVOUS, EXIT_TAKEN, Identity
from fathom_indexer.process.locks import NO_LEASE
from fathom_indexer.process.rendezvous import Rendezvous, RendezvousError
from fathom_indexer.process.request_queue import STARTER, Request, RequestQueue, receive
from fathom_indexer.process.stdio import claim_stdout, read_lines
from fathom_indexer.wire.conversion import config_from_json
from fathom_indexer.wire.framing import Json, encode
from fathom_indexer.wire.messages import PROTOCOL_VERSION

if TYPE_CHECKING:
    from fathom_indexer.config import Config
    from fathom_indexer.process.methods import SearchEngine
    from fathom_indexer.process.workspace_monitor import Watch

logger = logging.getLogger(__name__)

EXIT_GRACE = 5.0
"""Seconds that a step of the engine may still take once all clients have disconnected."""

SERVING_PATIENCE = 30.0
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
                logger.debug("the client does not read answers any more")


def read_requests(lines: Iterable[bytes | None], queue: RequestQueue, send: Callable[[Json], None]) -> None:
    """Put the lines of the only client into the queue, until the stream ends."""
    for line in lines:
        receive(line, STARTER, queue, send)
    queue.close()


def serve_starter(open_engine: Opener, rendezvous: Rendezvous | None, root: Path, config: Config) -> int:
    """Serve the process that started this one; the exit code."""
    from fathom_indexer.process.throttling import Throttle  # noqa: PLC0415
    from fathom_indexer.process.worker import Worker  # noqa: PLC0415

    send = LineWriter(claim_stdout())
    send({"method": "ready", "params": {"protocol": PROTOCOL_VERSION, "version": __version__}})
    queue = RequestQueue()

    def read() -> None:
        read_requests(read_lines(), queue, send)
        exit_after_grace()

    threading.Thread(target=read, name="reader", daemon=True).start()
    lease = rendezvous.lease() if rendezvous else NO_LEASE
    reason, watch = Throttle(config).reason, watcher(root, config, queue)
    Worker(open_engine, queue, send, lease, wait_reason=reason, watch=watch).run()
    return 0


def serve_all(open_engine: Opener, rendezvous: Rendezvous, root: Path, config: Config) -> int:
    """Serve every client that connects; the exit code."""
    try:
        if not _take_over(rendezvous):
            return EXIT_TAKEN
        listener, address = rendezvous.listen()
    except OSError as error:
        raise RendezvousError(f"no indexer can be shared: {error}") from error
    from fathom_indexer.process.socket_server import SocketServer  # noqa: PLC0415

    queue = RequestQueue()
    server = SocketServer(listener, address.token, Identity.of(config), queue, config.linger)

    def end() -> None:
        rendezvous.withdraw()
        queue.close()
        exit_after_grace()

    server.start(end)
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    from fathom_indexer.process.throttling import Throttle  # noqa: PLC0415
    from fathom_indexer.process.worker import Worker  # noqa: PLC0415

    reason, watch = Throttle(config).reason, watcher(root, config, queue)
    lease = rendezvous.lease()
    Worker(open_engine, queue, server.broadcast, lease, lambda: server.clients, wait_reason=reason, watch=watch).run()
    server.finish()
    return 0


def exit_after_grace() -> None:
    """End the process after a while, even if a step of the engine hangs: there are no clients left."""
    time.sleep(EXIT_GRACE)
    logger.warning("a step takes longer than the %g s that are left; the process ends in the middle of it", EXIT_GRACE)
    # A kill at any instant leaves the index as it was before or after a file, never between.
    os._exit(1)


def opener(root: Path, config: Config) -> Opener:
    """A function that opens the engine, to be called on the engine's thread."""

    def open_engine() -> SearchEngine:
        from fathom_indexer.process.throttling import lower_priority, multiply_on_one_thread  # noqa: PLC0415

        multiply_on_one_thread()
        # Imported here so that requests are read meanwhile, and a missing native library becomes an error in an answer.
        from fathom_indexer.engine import Engine  # noqa: PLC0415

        if config.low_priority:
            lower_priority()

        return Engine.open(root, config)

    return open_engine


def watcher(root: Path, config: Config, queue: RequestQueue) -> Watch:
    """A function that begins to watch the workspace, and puts changes into the queue."""

    def changed(paths: Sequence[str]) -> None:
        queue.put(Request(0, "update", {"paths": list(paths)}))

    def watch(failed: Callable[[str], None]) -> None:
        from fathom_indexer.process.watching import Watcher  # noqa: PLC0415 - most editors watch by themselves

        Watcher(root.resolve(), config, changed, failed).start()

    return watch


def _take_over(rendezvous: Rendezvous) -> bool:
    """Become the process that serves; False when another one does. Waits for one that has stopped serving to end."""
    deadline = time.monotonic() + SERVING_PATIENCE
    while not rendezvous.serving.acquire():
        if rendezvous.address() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _background(config: Config) -> Config:
    """The same configuration for a background process: half of the cores, unless `threads` is set."""
    return config if config.threads else replace(config, threads=max(1, (os.cpu_count() or 1) // 2))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m fathom_indexer.process", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the workspace to index")
    parser.add_argument("--config", default="{}", help="settings as a JSON object; see fathom_indexer.config.Config")
    parser.add_argument("--log-level", default="WARNING", help="level of the messages on standard error")
    parser.add_argument(
        "--shared", action="store_true", help="serve all clients, not only the one that starts this process"
    )
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
    # A crash in a native library leaves a traceback in the log.
    faulthandler.enable()
    # Ctrl-C in a terminal reaches the whole process group. This process ends with its clients instead.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    open_engine = opener(options.root, _background(config))
    try:
        rendezvous = Rendezvous.open(options.root, config.cache_directory())
        if options.shared:
            return serve_all(open_engine, rendezvous, options.root, config)
    except RendezvousError as error:
        logger.warning("%s", error)
        if options.shared:
            return EXIT_NO_RENDEZVOUS
        rendezvous = None
    return serve_starter(open_engine, rendezvous, options.root, config)
