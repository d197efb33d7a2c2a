"""What an editor sees of a workspace that is indexed: searches at rest and under load, edits, memory of both processes.

Used by `benchmarks/indexing.py`.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from lsprotocol import types
from pygls.lsp.client import LanguageClient

import edits

QUERIES = (
    *("retry a request that failed", "open a socket", "parse a date", "where is the configuration read"),
    *("compress a folder into an archive", "walk a directory tree", "compare two sequences", "send an email"),
    *("stop a pool of threads", "parse_args", "format a traceback", "decode base64"),
)
ROUNDS = 5
EDITS = 30
CHANGED_FILES = 300
LONGEST_LOAD = 60.0
"""Seconds for which searches are asked while the indexer works."""


async def measure(root: Path, cache: Path) -> dict[str, float]:
    """The figures of a complete index. Changes the files."""
    client = LanguageClient("benchmark", "1")
    await client.start_io(sys.executable, "-m", "fathom_server", env={**os.environ, "FATHOM_CACHE_DIR": str(cache)})
    folder = types.WorkspaceFolder(root.as_uri(), root.name)
    await client.initialize_async(
        types.InitializeParams(types.ClientCapabilities(), process_id=os.getpid(), workspace_folders=[folder])
    )
    client.initialized(types.InitializedParams())
    await edits.indexed(client)
    figures: dict[str, float] = {}
    asking = Asking(client)
    for query in QUERIES:
        await asking(query)
    idle = [await asking(query) for _ in range(ROUNDS) for query in QUERIES]
    figures |= spread("query, idle", [whole for _, whole in idle])
    figures |= await memory(client)
    figures |= spread("unsaved edit to found", await unsaved_edits(client, next(iter(python_files(root)))))
    loaded = await under_load(asking, root)
    figures["queries asked while indexing"] = len(loaded)
    for part, name in enumerate(("first order", "query")):
        figures |= spread(f"{name} while indexing", [times[part] for times in loaded])
        rest, load = (edits.percentile([times[part] for times in many], 0.95) for many in (idle, loaded))
        figures[f"{name}, p95 while indexing / idle"] = load / rest
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]
    return figures


class Asking:
    """Asks, as editors do, for the first order, too."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.indexing = False
        """Whether the last answer says that the index was being made."""
        self._first = 0.0
        feature: Any = client.feature
        client.protocol.fm.features.pop(types.PROGRESS, None)
        feature(types.PROGRESS)(lambda _: self._partial())

    async def __call__(self, query: str) -> tuple[float, float]:
        """Milliseconds until there is something to see, and until the answer is final."""
        protocol: Any = self.client.protocol
        self._first = 0.0
        start = time.perf_counter()
        params = {"query": query, "limit": 10, "partialResultToken": 1}
        answer = await protocol.send_request_async("fathom/search", params)
        end = time.perf_counter()
        self.indexing = answer.indexing
        return ((self._first or end) - start) * 1000, (end - start) * 1000

    def _partial(self) -> None:
        self._first = time.perf_counter()


async def memory(client: LanguageClient) -> dict[str, float]:
    """Memory of server and indexer when they are idle."""
    protocol: Any = client.protocol
    [root] = (await protocol.send_request_async("fathom/status", {})).roots
    server: Any = client
    held = {"server": psutil.Process(server._server.pid), "indexer": psutil.Process(root.pid)}
    megabytes = {name: process.memory_info().rss / 1e6 for name, process in held.items()}
    figures = {f"idle memory of the {name}, MB": value for name, value in megabytes.items()}
    return {**figures, "idle memory of both, MB": sum(megabytes.values())}


async def unsaved_edits(client: LanguageClient, file: Path) -> list[float]:
    """Milliseconds from each edit of an open document until a search has its new function."""
    editor = edits.Editor(client, file)
    editor.open(file.read_text(encoding="utf-8"))
    found = []
    for number in range(edits.WARM_UP + EDITS):
        name, text = edits.function(number)
        start = time.perf_counter()
        editor.insert(text)
        while not any(hit.name == name for hit in await editor.search(edits.phrase(number))):
            pass
        found.append((time.perf_counter() - start) * 1000)
    client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(editor.uri)))
    return found[edits.WARM_UP :]


async def under_load(asking: Asking, root: Path) -> list[tuple[float, float]]:
    """Milliseconds of searches, as `Asking` has them, while all functions of many files are read and embedded anew.

    The last search, which is answered when that is done, does not count.
    """
    client = asking.client
    changed = random.Random(0).sample(files := python_files(root), min(CHANGED_FILES, len(files)))
    for file in changed:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("    return", "    edited_again = True\n    return"), encoding="utf-8")
    events = [types.FileEvent(file.as_uri(), types.FileChangeType.Changed) for file in changed]
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))
    protocol: Any = client.protocol
    times: list[tuple[float, float]] = []
    begun = time.perf_counter()
    for query in itertools.cycle(QUERIES):
        took = await asking(query)
        if asking.indexing:
            times.append(took)
        [state] = (await protocol.send_request_async("fathom/status", {})).roots
        if not state.indexing or time.perf_counter() - begun > LONGEST_LOAD:
            return times
        # A person does not ask again at once.
        await asyncio.sleep(0.05)
    return times


def python_files(root: Path) -> list[Path]:
    """The files with functions that return something, the same ones every time."""
    return [file for file in sorted(root.rglob("*.py")) if "    return" in file.read_text(encoding="utf-8")]


def spread(name: str, milliseconds: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {
        f"{name}, p50 ms": statistics.median(milliseconds),
        f"{name}, p95 ms": edits.percentile(milliseconds, 0.95),
    }
