"""How long it takes until an edit that was not saved can be found, from the editor's side.

    python benchmarks/edits.py FOLDER [--edits 50] [--file FILE]

Starts `fathom-lsp` on a copy of the folder's files and waits until everything is indexed. Each edit writes one new
function into an open document (`textDocument/didChange`, incremental) and asks at once for what it does, in words; the
time runs from before the change until the answer that has the new function on the edited line. Nothing waits for the
pause in typing: a question ends it. Beside that: the same questions while no document is open, and what of the time
parsing takes, from nothing and with the tree from before the edit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from tree_sitter import Parser, Point

from fathom_indexer.config import Config
from fathom_indexer.languages import extract, language_named, language_of_path
from fathom_indexer.workspace import SourceFile, resolve_root, scan

VERBS = ("fold", "water", "tune", "season", "varnish", "prune", "knit", "polish", "brew", "plaster")
NOUNS = ("paper crane", "tomato plants", "old piano", "iron skillet", "oak table", "apple tree", "wool sweater")
PLACES = ("in winter", "before breakfast", "at the workshop", "for the neighbours", "by hand")
WARM_UP = 3


def phrase(number: int) -> str:
    """What an edit's function does."""
    verb, noun = VERBS[number % len(VERBS)], NOUNS[number // len(VERBS) % len(NOUNS)]
    return f"{verb} the {noun} {PLACES[number % len(PLACES)]}"


def function(number: int) -> tuple[str, str]:
    """The name and the text of an edit's function."""
    name = f"{phrase(number).replace(' ', '_')}_{number}"
    text = (
        f'def {name}(steps, patience={number}):\n    """How to {phrase(number)}."""\n'
        f"    for step in steps:\n        if step.effort > patience:\n            patience += step.rest({number})\n"
        "    return patience\n\n\n"
    )
    return name, text


class Editor:
    """A client with one document open."""

    def __init__(self, client: LanguageClient, file: Path) -> None:
        self.client = client
        self.uri = file.as_uri()
        self.version = 0

    def open(self, text: str) -> None:
        item = types.TextDocumentItem(self.uri, "python", self.version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def insert(self, text: str) -> None:
        """Put text at the start of the document."""
        self.version += 1
        start = types.Position(0, 0)
        change = types.TextDocumentContentChangePartial(range=types.Range(start, start), text=text)
        document = types.VersionedTextDocumentIdentifier(version=self.version, uri=self.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    async def search(self, query: str) -> Sequence[Any]:
        protocol: Any = self.client.protocol
        return list((await protocol.send_request_async("fathom/search", {"query": query, "limit": 10})).results)


async def indexed(client: LanguageClient) -> int:
    """Wait until everything is indexed; how many functions there are."""
    protocol: Any = client.protocol
    while True:
        [root] = (await protocol.send_request_async("fathom/status", {})).roots
        if not getattr(root, "indexing", True) and not getattr(root, "deepening", False):
            return int(root.functions)
        await asyncio.sleep(0.2)


async def measure(root: Path, file: Path, cache: Path, edits: int) -> tuple[int, list[float], list[float]]:
    """Functions in the index; milliseconds from edit to found; milliseconds of the same searches without a document."""
    client = LanguageClient("edits", "1")
    await client.start_io(sys.executable, "-m", "fathom_server", env={**os.environ, "FATHOM_CACHE_DIR": str(cache)})
    folder = types.WorkspaceFolder(root.as_uri(), root.name)
    await client.initialize_async(
        types.InitializeParams(types.ClientCapabilities(), process_id=os.getpid(), workspace_folders=[folder])
    )
    client.initialized(types.InitializedParams())
    functions = await indexed(client)
    editor = Editor(client, file)
    plain = [await timed(editor, phrase(number)) for number in range(edits + WARM_UP)]
    editor.open(file.read_text(encoding="utf-8"))
    found: list[float] = []
    for number in range(edits + WARM_UP):
        name, text = function(number)
        start = time.perf_counter()
        editor.insert(text)
        while not any(hit.name == name for hit in await editor.search(phrase(number))):
            pass
        found.append((time.perf_counter() - start) * 1000)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]
    return functions, found[WARM_UP:], plain[WARM_UP:]


async def timed(editor: Editor, query: str) -> float:
    start = time.perf_counter()
    await editor.search(query)
    return (time.perf_counter() - start) * 1000


def parsing(file: Path, rounds: int = 20) -> tuple[float, float, float]:
    """Milliseconds for a file's functions; for its tree alone; for its tree after an edit, from the one before."""
    language = language_named(_language(file))
    code = file.read_bytes()
    edit = function(0)[1].encode()
    whole, fresh, again = [], [], []
    for _ in range(rounds):
        start = time.perf_counter()
        extract(edit + code, language)
        whole.append(time.perf_counter() - start)
        parser = Parser(language.tree_sitter_grammar)
        tree = parser.parse(code)
        start = time.perf_counter()
        parser.parse(edit + code)
        fresh.append(time.perf_counter() - start)
        tree.edit(0, 0, len(edit), Point(0, 0), Point(0, 0), Point(edit.count(b"\n"), 0))
        start = time.perf_counter()
        parser.parse(edit + code, tree)
        again.append(time.perf_counter() - start)
    return (*(statistics.median(times) * 1000 for times in (whole, fresh, again)),)  # type: ignore[return-value]


def _language(file: Path) -> str:
    language = language_of_path(file.name)
    if language is None:
        raise SystemExit(f"{file} is in no language that Fathom knows")
    return language.name


def percentile(times: Sequence[float], share: float) -> float:
    """The time within which a share of all lies."""
    return sorted(times)[min(len(times) - 1, round(share * len(times)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--edits", type=int, default=50)
    parser.add_argument("--file", help="which file is edited, relative to the folder; a Python file of middling size")
    options = parser.parse_args()
    origin = resolve_root(options.folder)
    files = [item for item in scan(origin, Config()) if isinstance(item, SourceFile)]
    python = sorted((item for item in files if item.language == "python"), key=lambda item: (item.size, item.path))
    edited = options.file or python[len(python) * 3 // 4].path
    with TemporaryDirectory() as scratch:
        root = Path(scratch).resolve() / "workspace"
        for item in files:
            (root / item.path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin / item.path, root / item.path)
        file = root / edited
        units = len(extract(file.read_bytes(), language_named(_language(file))))
        size = f"{edited}, {file.stat().st_size:,} bytes, {units} units"
        functions, found, plain = asyncio.run(measure(root, file, Path(scratch) / "cache", options.edits))
        whole, fresh, again = parsing(file)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    print(f"{functions:,} functions; edited: {size}; {options.edits} edits; load over 1, 5, 15 minutes: {load}\n")
    print("| | p50 ms | p95 ms |\n|---|---|---|")
    for label, times in (("edit to found", found), ("search, no document open", plain)):
        print(f"| {label} | {statistics.median(times):.0f} | {percentile(times, 0.95):.0f} |")
    print(f"\nparsing, medians: all units {whole:.2f} ms, tree {fresh:.2f} ms, tree from the last one {again:.2f} ms")


if __name__ == "__main__":
    main()
