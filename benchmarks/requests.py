"""What a client sees when it asks a lot at once: answers to 200 concurrent searches, every other one cancelled.

    python benchmarks/requests.py [FOLDER] [--requests 200]

Starts `fathom-lsp` on a folder (this repository's server, if none is given), waits until it is indexed, and asks.
Cancellations are timed from the notification to the answer, by the client's clock. Then the same with an indexer that
is stopped by a signal, so that nothing but the server can answer, all at once and one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CANCELLED = -32800


class Client:
    """Just enough of a language client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._writer, self._reader = process.stdin, process.stdout
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())

    def say(self, **fields: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def ask(self, request_id: int, method: str, params: Any = None) -> asyncio.Future[Any]:
        self._waiting[request_id] = asyncio.get_running_loop().create_future()
        self.say(id=request_id, method=method, params=params)
        return self._waiting[request_id]

    async def _read(self) -> None:
        while header := await self._reader.readline():
            length = int(header.split()[1])
            while (await self._reader.readline()).strip():
                pass
            message = json.loads(await self._reader.readexactly(length))
            if "method" not in message and (waiting := self._waiting.pop(message["id"], None)) is not None:
                waiting.set_result((time.perf_counter(), message))


async def burst(client: Client, first: int, count: int, cancel_all: bool) -> tuple[list[float], list[float]]:
    """Milliseconds until answers, and from cancellations to their answers."""
    begun = time.perf_counter()
    ids = range(first, first + count)
    asked = {one: client.ask(one, "fathom/search", {"query": f"where is number {one} parsed"}) for one in ids}
    await asyncio.sleep(0.05)
    cancelled: dict[int, float] = {}
    for one in ids:
        if (cancel_all or one % 2) and not asked[one].done():
            cancelled[one] = time.perf_counter()
            client.say(method="$/cancelRequest", params={"id": one})
    answers: list[float] = []
    cancels: list[float] = []
    for one, future in asked.items():
        when, message = await asyncio.wait_for(future, 120)
        if message.get("error", {}).get("code") == CANCELLED:
            cancels.append(1000 * (when - cancelled[one]))
        else:
            answers.append(1000 * (when - begun))
    return answers, cancels


def told(name: str, values: Sequence[float]) -> None:
    if values:
        ordered = sorted(values)
        print(
            f"{name:34} {len(ordered):4}   median {statistics.median(ordered):7.1f} ms   "
            f"95 % {ordered[int(0.95 * (len(ordered) - 1))]:7.1f} ms   most {ordered[-1]:7.1f} ms"
        )


async def measure(folder: Path, count: int, cache: str) -> None:
    command = (sys.executable, "-m", "fathom_server")
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "FATHOM_CACHE_DIR": cache},
    )
    client = Client(process)
    root = {"processId": os.getpid(), "rootUri": folder.as_uri(), "capabilities": {}}
    await client.ask(1, "initialize", {**root, "initializationOptions": {"linger": 0}})
    client.say(method="initialized", params={})
    number = 1
    while True:
        number += 1
        _, status = await client.ask(number, "fathom/status")
        [state] = status["result"]["roots"]
        if not state.get("indexing", True):
            break
        await asyncio.sleep(0.2)
    print(f"{state['functions']} functions, {count} requests at once, load {os.getloadavg()[0]:.1f}")
    await client.ask(number + 1, "fathom/search", {"query": "warm up"})
    answers, cancels = await burst(client, 1_000, count, cancel_all=False)
    told("answers", answers)
    told("cancellations", cancels)
    os.kill(state["pid"], signal.SIGSTOP)
    try:
        _, at_once = await burst(client, 10_000, count, cancel_all=True)
        one_by_one = [time for turn in range(30) for time in (await burst(client, 20_000 + turn, 1, True))[1]]
    finally:
        os.kill(state["pid"], signal.SIGCONT)
    told("indexer stopped, all at once", at_once)
    told("indexer stopped, one by one", one_by_one)
    ended = time.perf_counter()
    await client.ask(5, "shutdown")
    client.say(method="exit")
    await asyncio.wait_for(process.wait(), 60)
    print(f"shutdown and exit {1000 * (time.perf_counter() - ended):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parents[1] / "server")
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    with TemporaryDirectory() as cache:
        asyncio.run(measure(options.folder.resolve(), options.requests, cache))


if __name__ == "__main__":
    main()
