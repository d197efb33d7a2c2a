"""What indexing costs at several sizes: until the first search, in full, after edits, at start-up, and what it takes.

    python benchmarks/indexing.py [--size 1000 --size 10000] [--random 100000] [--threads 1] [--deep] [--semble PYTHON]
                                  [--results FILE.json] [--plot FILE.svg]

The workspace is Python's standard library, cut to the size or multiplied under renamed identifiers. For `--random`
sizes nothing is embedded but what is edited: the store is filled with random vectors. Those of the rerank exit are
random in any case, unless they are measured (`--deep`). `--semble` names the interpreter of an environment that has
semble, which indexes the same folder with a stand-in for its model (`semble_index.py`). `--results` keeps the figures
of every size that is done, with the load; sizes that are in the file are not measured again, and all of them are shown
and drawn. Every phase runs in a process of its own. Figures depend on the machine and its load; compare ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import live
from fathom_indexer.config import Config
from fathom_indexer.encoder import EncoderConfig
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.engine import Engine
from fathom_indexer.identifiers import identifiers
from fathom_indexer.languages import extract, language_named
from fathom_indexer.storage import Store
from fathom_indexer.types import Progress, Stage
from growth_plot import draw_growth

SIZES = (1_000, 10_000)
EDITS = 15
FILES_OF_A_BRANCH = 300
PARTS = ("async", "base", "cached", "deep", "eager", "fast", "global", "hidden", "inner", "joined", "known", "lazy")
QUERY = "retry a request that failed"

Figures = dict[str, Any]

DRAWN = {
    "until it can be searched, s": (
        "first word-searchable, s",
        "first meaning-searchable, s",
        "index exit complete, s",
        "start-up unchanged, s",
    ),
    "searches and edits, ms": (
        "query, idle, p50 ms",
        "query, idle, p95 ms",
        "first order while indexing, p95 ms",
        "query while indexing, p95 ms",
        "unsaved edit to found, p95 ms",
        "edit of 1 function p50, ms",
    ),
    "memory, MB": ("idle memory of both, MB", "idle memory of the indexer, MB", "peak memory, MB"),
    "on disk, bytes per function": ("bytes per function",),
}
"""What is drawn together."""


def write_workspace(root: Path, size: int) -> None:
    """Put about `size` functions of the standard library under `root`, as often renamed as it takes."""
    library = Path(sysconfig.get_paths()["stdlib"])
    paths = [
        path
        for path in sorted(library.rglob("*.py"))
        if not {"site-packages", "test", "tests"} & set(path.relative_to(library).parts)
    ]
    count, copy = 0, 0
    while count < size:
        for path in paths:
            try:
                text = path.read_text(encoding="utf-8")
                count += len(extract(text.encode(), language_named("python")))
            except ValueError:
                continue
            target = root / f"copy_{copy}" / path.relative_to(library)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(renamed(text, copy, target.name), encoding="utf-8")
            if count >= size:
                return
        copy += 1


def renamed(text: str, copy: int, name: str) -> str:
    """The file as another project could have written it: a third of its longer identifiers get another part."""
    if not copy:
        return text
    chance = random.Random(f"{copy} {name}")
    part = f"{PARTS[copy % len(PARTS)]}{copy // len(PARTS) or ''}"
    new = {word: f"{part}_{word}" for word in sorted(set(identifiers(text))) if len(word) > 5 and chance.random() < 0.3}
    return re.sub(r"\b[A-Za-z_]\w{5,}\b", lambda match: new.get(match[0], match[0]), text)


class StageTimes:
    """When each stage had done something and when all, in seconds since the start, and how many functions."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.began: dict[Stage, float] = {}
        self.ended: dict[Stage, float] = {}
        self.done: dict[Stage, int] = {}

    def follow(self, steps: Iterator[Progress]) -> None:
        """Run the steps to the end."""
        for step in steps:
            self.ended[step.stage] = time.perf_counter() - self._start
            if step.done:
                self.began.setdefault(step.stage, self.ended[step.stage])
            self.done[step.stage] = step.done

    def seconds(self, stage: Stage) -> float:
        """How long a stage took, from the end of the one before it."""
        ends = sorted(self.ended.values())
        end = self.ended[stage]
        return end - max([earlier for earlier in ends if earlier < end], default=0.0)


def fresh(engine: Engine, _root: Path, deep: bool) -> Figures:
    """A first index."""
    times = StageTimes()
    times.follow(engine.index_steps())
    if deep:
        times.follow(engine.idle_steps())
    functions = engine.status().functions
    figures: Figures = {
        "functions": functions,
        "files": engine.status().files,
        "first word-searchable, s": times.ended[Stage.PARSE],
        "first meaning-searchable, s": times.began[Stage.EMBED],
        "index exit complete, s": times.ended[Stage.READY],
        "reading, functions/s": functions / times.seconds(Stage.PARSE),
    }
    for stage in (Stage.EMBED, Stage.DEEPEN):
        if stage in times.ended:
            figures[f"{stage.value}, texts/s"] = times.done[stage] / times.seconds(stage)
    return figures | memory(engine)


def filled(engine: Engine, _root: Path, deep: bool) -> Figures:
    """As `fresh`, but with random vectors in place of embedding."""
    times = StageTimes()
    for step in engine.index_steps():
        times.follow(iter([step]))
        if step.stage is Stage.PARSE and step.done == step.total:
            break
    fill(engine, Stage.EMBED)
    status = engine.status()
    return {
        "functions": status.functions,
        "files": status.files,
        "first word-searchable, s": times.ended[Stage.PARSE],
        "reading, functions/s": status.functions / times.ended[Stage.PARSE],
    }


def fill(engine: Engine, stage: Stage) -> None:
    """Put random vectors where a stage would put its own."""
    status = engine.status()
    numbers = np.random.default_rng(0)
    with closing(Store(Path(status.index_path))) as store:
        for layer in (part.exit for part in status.coverage if part.stage is stage and part.exit is not None):
            lacking = store.texts_without_vector(status.model, layer)
            keys = list(dict.fromkeys(key for of_file in lacking.values() for key in of_file))
            for start in range(0, len(keys), 1000):
                rows = numbers.standard_normal((len(keys[start : start + 1000]), 384)).astype(np.float32)
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                store.put_vectors(status.model, layer, keys[start : start + 1000], rows)


def deepened(engine: Engine, _root: Path, _deep: bool) -> Figures:
    """What idle time leaves."""
    fill(engine, Stage.DEEPEN)
    return {}


def unchanged(engine: Engine, _root: Path, _deep: bool) -> Figures:
    """A start with nothing to do, and the first search."""
    start = time.perf_counter()
    engine.index()
    ready = time.perf_counter() - start
    engine.search(QUERY)
    first = time.perf_counter() - start - ready
    figures = {"start-up unchanged, s": ready, "first search (loads model and vectors), ms": 1000 * first}
    return figures | {f"searching, {name}": value for name, value in memory(engine).items()}


def edits(engine: Engine, root: Path, _deep: bool) -> Figures:
    """What changes cost: one function, one file, many files, and back again."""
    engine.index()
    engine.search(QUERY)
    chance = random.Random(0)
    files = [path for path in sorted(root.rglob("*.py")) if "    return" in path.read_text(encoding="utf-8")]
    one = [
        timed(lambda path=path: engine.index([path.relative_to(root).as_posix()]))  # type: ignore[misc]
        for path in chance.sample(files, min(EDITS, len(files)))
        if edit(path, 1)
    ]
    path = chance.choice(files)
    edit(path, 10**9)
    whole = timed(lambda: engine.index([path.relative_to(root).as_posix()]))
    branch = chance.sample(files, min(FILES_OF_A_BRANCH, len(files)))
    before = {path: path.read_bytes() for path in branch}
    for path in branch:
        edit(path, 1)
    there = timed(engine.index)
    for path, content in before.items():
        path.write_bytes(content)
    back = timed(engine.index)
    return {
        "edit of 1 function p50, ms": 1000 * statistics.median(one),
        "edit of 1 function p95, ms": 1000 * statistics.quantiles(one, n=20)[-1],
        "every function of 1 file, ms": 1000 * whole,
        f"branch with {len(branch)} changed files, s": there,
        "and back, s": back,
    }


def edit(path: Path, times: int) -> bool:
    """Change up to so many functions of a file."""
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("    return", f"    edited_at = {time.time_ns()}\n    return", times), encoding="utf-8"
    )
    return True


def timed(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def memory(engine: Engine) -> Figures:
    """What this process holds now, and what it held at most."""
    gc.collect()
    process = psutil.Process()
    figures: Figures = {"memory afterwards, MB": process.memory_info().rss / 1e6}
    if hasattr(os, "wait4"):
        import resource  # noqa: PLC0415 - not on Windows

        figures["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return figures


def index_bytes(cache: Path) -> int:
    """The size of the index after it was closed, its write-ahead log merged."""
    return sum(file.stat().st_size for file in cache.rglob("index.sqlite3*"))


def bytes_by_table(index: Path, functions: int) -> Figures:
    """Bytes per function of each table and its indexes, where SQLite can tell."""
    with closing(sqlite3.connect(index)) as db:
        try:
            rows = db.execute("SELECT name, SUM(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC").fetchall()
        except sqlite3.OperationalError:
            return {}
    return {f"  {name}, bytes": size / functions for name, size in rows if size > 5 * functions}


PHASES = {"fresh": fresh, "filled": filled, "deepened": deepened, "unchanged": unchanged, "edits": edits}


def run_phase(phase: str, options: argparse.Namespace, root: Path, cache: Path) -> Figures:
    """The figures of a phase, from a process of its own."""
    command = [sys.executable, __file__, "--phase", phase, "--root", str(root), "--cache", str(cache)]
    command += ["--threads", str(options.threads), "--model", str(options.model)] + ["--deep"] * options.deep
    figures: Figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return figures


def run_semble(python: str, root: Path) -> Figures:
    """How long semble takes to index the folder."""
    script = Path(__file__).with_name("semble_index.py")
    answer = subprocess.run([python, str(script), str(root)], check=True, stdout=subprocess.PIPE).stdout
    figures: Figures = json.loads(answer)
    return figures


def measure(size: int, first: str, options: argparse.Namespace) -> Figures:
    """All figures of one size."""
    with tempfile.TemporaryDirectory() as folder:
        root, cache = Path(folder) / "workspace", Path(folder) / "cache"
        root.mkdir()
        write_workspace(root, size)
        figures = run_phase(first, options, root, cache)
        figures["bytes per function"] = index_bytes(cache) / figures["functions"]
        figures |= bytes_by_table(next(cache.rglob("index.sqlite3")), figures["functions"])
        if options.semble:
            figures |= run_semble(options.semble, root)
            whole = next(value for name, value in figures.items() if name.endswith("full index, s"))
            figures["first word-searchable / semble's full index"] = figures["first word-searchable, s"] / whole
        for phase in ("deepened", "unchanged", "edits"):
            figures |= run_phase(phase, options, root, cache)
        run_phase("deepened", options, root, cache)
        figures |= asyncio.run(live.measure(root.resolve(), cache))
        load = os.getloadavg()[1] if hasattr(os, "getloadavg") else 0.0
        return {**figures, "load over 5 minutes": load}


def draw(columns: dict[int, Figures], path: Path) -> None:
    """How the figures grow with the number of functions, as SVG."""
    panels = {
        title: {
            name: [(figures["functions"], figures[name]) for figures in columns.values() if name in figures]
            for name in names
        }
        for title, names in DRAWN.items()
    }
    draw_growth(panels, path)


def show(columns: dict[int, Figures]) -> None:
    """A table with a column a size."""
    names = list(dict.fromkeys(name for figures in columns.values() for name in figures))
    print("| |", " | ".join(f"{size:,}" for size in columns), "|")
    print("|---|" + "---|" * len(columns))
    for name in names:
        cells = [figures.get(name) for figures in columns.values()]
        print(f"| {name} |", " | ".join("" if cell is None else f"{cell:,.{digits(cell)}f}" for cell in cells), "|")


def digits(value: float) -> int:
    """As many as are worth reading."""
    return 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure what indexing costs.")
    parser.add_argument("--size", type=int, action="append", help=f"functions, embedded (default: {SIZES})")
    parser.add_argument("--random", type=int, action="append", default=[], help="functions, with random vectors")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", type=Path, default=PACKAGED_MODEL)
    parser.add_argument("--deep", action="store_true", help="measure the deep exit's stage, too")
    parser.add_argument("--semble", default="", metavar="PYTHON", help="interpreter of an environment with semble")
    parser.add_argument("--results", type=Path, help="a JSON file to keep figures in, and to go on from")
    parser.add_argument("--plot", type=Path, help="an SVG file to draw the figures into")
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phase:
        config = Config(cache_dir=str(options.cache), model=str(options.model.absolute()), threads=options.threads)
        opened = time.perf_counter()
        with Engine.open(options.root, config) as engine:
            opening = time.perf_counter() - opened
            figures = PHASES[options.phase](engine, options.root, options.deep)
        if options.phase == "unchanged":
            figures["start-up unchanged, s"] += opening
        print(json.dumps(figures))
        return
    known = json.loads(options.results.read_text()) if options.results and options.results.exists() else {}
    columns: dict[int, Figures] = {int(size): figures for size, figures in known.items()}
    sizes = options.size or ([] if options.random else list(SIZES))
    for size, first in [*((size, "fresh") for size in sizes), *((size, "filled") for size in options.random)]:
        if size not in columns:
            columns[size] = measure(size, first, options)
            if options.results:
                options.results.write_text(json.dumps(columns, indent=1) + "\n")
    columns = dict(sorted(columns.items()))
    show(columns)
    if options.plot:
        draw(columns, options.plot)
    model = EncoderConfig.load(options.model)
    print(f"\nmodel {model.model_id}, exits {model.index_exit} and {model.rerank_exit}, {options.threads} thread(s)")
    print(f"load at the end: {os.getloadavg()[0] if hasattr(os, 'getloadavg') else 0:.1f}, cores: {os.cpu_count()}")


if __name__ == "__main__":
    main()
