"""Many edits of one workspace: do memory and the index stay as small as they were?

    python benchmarks/soak.py [--edits 10000] [--functions 2000] [--model FOLDER]

The workspace is a part of Python's standard library. Each edit does to a file what people do: most change a function,
some add or take out one, some move the file, now and then a branch is switched there and back, and a search is asked.
At the end the index is compared with one that is made afresh: they must hold the same. Every function is embedded for
real. Prints memory and the file's size over time; both should be level once the texts of two weeks ago are pruned,
which is done here as if a day passed with every hundredth part of the edits.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.indexing import pipeline
from indexing import write_workspace

QUERIES = ("retry a request that failed", "parse_args", "open a socket", "compress a file")
ROWS = 20
DAYS = 100
BRANCH = 20
"""Files that are different on the other branch."""


class Programmer:
    """Does one edit after another, and says which files it touched."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self._root = root
        self._chance = chance
        self._count = 0

    def edit(self) -> list[str]:
        """What was touched, relative to the root."""
        self._count += 1
        files = sorted(self._root.rglob("*.py"))
        kind: Callable[[list[Path]], list[Path]] = self._chance.choices(
            (self._change, self._add, self._take_out, self._move, self._switch), weights=(80, 8, 8, 3, 1)
        )[0]
        return [path.relative_to(self._root).as_posix() for path in kind(files)]

    def _change(self, files: list[Path]) -> list[Path]:
        file = self._chance.choice(files)
        before, _, after = file.read_text(encoding="utf-8").partition("    return")
        file.write_text(f"{before}    return {self._count} or{after or ' None'}", encoding="utf-8")
        return [file]

    def _add(self, files: list[Path]) -> list[Path]:
        file = self._chance.choice(files)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"\n\ndef added_{self._count}(value):\n    return value + {self._count}\n")
        return [file]

    def _take_out(self, files: list[Path]) -> list[Path]:
        file = self._chance.choice(files)
        text = file.read_text(encoding="utf-8")
        kept, found, _ = text.rpartition("\n\ndef added_")
        file.write_text(kept if found else text, encoding="utf-8")
        return [file]

    def _move(self, files: list[Path]) -> list[Path]:
        file = self._chance.choice(files)
        target = file.with_name(f"{file.stem.partition('__moved')[0]}__moved{self._count}.py")
        file.rename(target)
        return [file, target]

    def _switch(self, files: list[Path]) -> list[Path]:
        """To a branch on which some files lack their last lines; the next switch brings others."""
        chosen = self._chance.sample(files, min(BRANCH, len(files)))
        for file in chosen:
            text = file.read_text(encoding="utf-8")
            file.write_text(
                text[: -len(text) // 50] if self._count % 2 else text + "\n# here again\n", encoding="utf-8"
            )
        return chosen


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Edit a workspace many times.")
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--functions", type=int, default=2_000)
    parser.add_argument("--model", default="", help="folder of an encoder; empty: the packaged one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "workspace"
        root.mkdir()
        write_workspace(root, options.functions)
        config = Config(cache_dir=str(Path(scratch) / "cache"), model=options.model, threads=1)
        soak(root, config, options.edits)


def soak(root: Path, config: Config, edits: int) -> None:
    """Edit, index, search, and print figures from time to time."""
    programmer = Programmer(root, random.Random(0))
    process = psutil.Process()
    started, today = time.time(), time.time()
    # The pipeline's days go by faster than those of the machine.
    pipeline.time = Clock(lambda: today)  # type: ignore[attr-defined, assignment]
    print("| edits | functions | memory, MB | index, MB | open files | ms an edit |\n|--:|--:|--:|--:|--:|--:|")
    with Engine.open(root, config) as engine:
        engine.index()
        finish(engine)
        for number in range(edits + 1):
            if number % max(1, edits // ROWS) == 0:
                gc.collect()
                status = engine.status()
                spent = 1000 * (time.time() - started) / max(1, edits // ROWS)
                print(
                    f"| {number:,} | {status.functions:,} | {process.memory_info().rss / 1e6:.0f} "
                    f"| {status.index_bytes / 1e6:.1f} | {len(process.open_files())} | {spent:.0f} |",
                    flush=True,
                )
                started = time.time()
            engine.index(programmer.edit())
            engine.search(QUERIES[number % len(QUERIES)])
            if number % max(1, edits // DAYS) == 0:
                today += 86_400
                finish(engine)
        engine.index()
        finish(engine)
        mine = content(engine)
    with Engine.open(root, replace(config, cache_dir=config.cache_dir + "-fresh")) as fresh:
        for step in fresh.index_steps():
            if step.stage.value == "embed":
                break
        same = mine == content(fresh)
    print(f"\nholds the same as a fresh index: {'yes' if same else 'NO'}")
    print(f"load at the end: {os.getloadavg()[0] if hasattr(os, 'getloadavg') else 0:.1f}, cores: {os.cpu_count()}")


class Clock:
    """Stands for the module `time` where days are counted."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.time = now
        self.time_ns = time.time_ns


def finish(engine: Engine) -> None:
    """What idle time would do."""
    for _ in engine.idle_steps():
        pass


def content(engine: Engine) -> list[tuple[object, ...]]:
    """Every function, and every word of it as full-text search has it."""
    db = engine._store._connection.db
    db.execute("DROP TABLE IF EXISTS temp.terms")
    db.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'words', 'row')")
    functions = db.execute(
        "SELECT path, start_byte, end_byte, qualified_name, text_key, checksum FROM functions "
        "JOIN files ON files.id = file_id ORDER BY 1, 2, 3, 4"
    ).fetchall()
    return [*functions, *db.execute("SELECT term, doc, cnt FROM temp.terms ORDER BY term")]


if __name__ == "__main__":
    main()
