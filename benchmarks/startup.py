"""How long `fathom-lsp` takes from its start to the answer to `initialize`, against a bare pygls server.

    python benchmarks/startup.py [--runs 15]

Both are started in turn, so that whatever else the machine does hits both alike. Prints medians and their ratio.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

BARE = """
from pygls.lsp.server import LanguageServer
LanguageServer("bare", "1").start_io()
"""

COMMANDS = {"bare pygls": [sys.executable, "-c", BARE], "fathom-lsp": [sys.executable, "-m", "fathom_server"]}


def framed(**fields: object) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


INITIALIZE = framed(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
END = framed(id=2, method="shutdown") + framed(method="exit")


def seconds(command: list[str]) -> tuple[float, float]:
    """From the start to the answer to `initialize`, and from `shutdown` to the end of the process."""
    begun = time.perf_counter()
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(INITIALIZE)
    server.stdin.flush()
    server.stdout.readline()
    answered = time.perf_counter()
    server.communicate(END, timeout=60)
    return answered - begun, time.perf_counter() - answered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    starts: dict[str, list[float]] = {name: [] for name in COMMANDS}
    ends: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(runs + 1):
        for name, command in COMMANDS.items():
            start, end = seconds(command)
            if turn:  # The first turn fills the file cache.
                starts[name].append(start)
                ends[name].append(end)
    for name in COMMANDS:
        start, end = statistics.median(starts[name]), statistics.median(ends[name])
        print(f"{name:12} initialize {1000 * start:6.0f} ms   shutdown to end {1000 * end:6.0f} ms")
    ratios = [ours / bare for ours, bare in zip(starts["fathom-lsp"], starts["bare pygls"], strict=True)]
    of_medians = statistics.median(starts["fathom-lsp"]) / statistics.median(starts["bare pygls"])
    print(f"ratio of medians {of_medians:.2f}, median of the ratios of neighbours {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
