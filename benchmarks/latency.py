"""How long a search takes at several sizes of index, with all vectors in place.

    python benchmarks/latency.py [--size 1000 --size 10000 --size 100000] [--threads 2] [--plot FILE.svg]

The index is synthetic: Python's standard library, its functions multiplied under renamed identifiers, with vectors that
are drawn at random around the directions of topics, so that nothing has to be embedded. The queries are the questions
of `benchmarks/questions/`, and names. The queries themselves are encoded, as in any search.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sysconfig
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.config import Config
from fathom_indexer.encoder import EncoderConfig, code_text, text_key
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.engine import Engine
from fathom_indexer.identifiers import identifiers
from fathom_indexer.languages import extract, language_named
from fathom_indexer.storage import Store
from fathom_indexer.types import FileRecord, Function
from growth_plot import draw_growth

TITLES = ("p50", "p95", "processor time p50", "processor time p95")
SIZES = (1_000, 10_000, 100_000)
TOPICS = 500
ROUNDS = 3
NAMES = (
    "quote",
    "SplitResult.geturl",
    "get_close_matches",
    "ThreadPoolExecutor",
    "class HTTPConnection",
    "no_such_nmae",
)
PARTS = ("async", "base", "cached", "deep", "eager", "fast", "global", "hidden", "inner", "joined", "known", "lazy")


def library_files() -> Iterator[tuple[str, list[Function]]]:
    """Path and functions of each file of the standard library."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root).as_posix()
        if "site-packages" not in relative and "test" not in relative:
            try:
                yield relative, extract(path.read_bytes(), language_named("python"))
            except ValueError:
                continue


def renamed(path: str, functions: Sequence[Function], copy: int) -> tuple[str, list[Function]]:
    """The file as another project could have written it: a third of its longer identifiers get another part."""
    if not copy:
        return path, list(functions)
    part = PARTS[copy % len(PARTS)]
    chance = random.Random(f"{copy} {path}")
    known = sorted({name for function in functions for name in identifiers(function.text) if len(name) > 5})
    new = {name: f"{part}_{name}" for name in known if chance.random() < 0.3}
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, new)) + r")\b") if new else None

    def rename(text: str) -> str:
        return pattern.sub(lambda match: new[match[0]], text) if pattern else text

    return f"{part}_{copy}/{path}", [
        replace(
            function,
            name=rename(function.name),
            qualified_name=rename(function.qualified_name),
            signature=rename(function.signature),
            text=rename(function.text),
        )
        for function in functions
    ]


def fill(store: Store, size: int, model: EncoderConfig) -> None:
    """Put `size` functions with vectors at both exits into the store."""
    random_numbers = np.random.default_rng(0)
    topics = random_numbers.standard_normal((TOPICS, model.hidden)).astype(np.float32)
    files, count, copy = list(library_files()), 0, 0
    while count < size:
        for path, functions in files:
            new_path, new = renamed(path, functions[: size - count], copy)
            keys = [text_key(code_text(function, new_path)) for function in new]
            store.put_file(FileRecord(new_path, "python", 1, 1, f"{copy} {path}"), list(zip(new, keys, strict=True)))
            count += len(new)
            topic = topics[random_numbers.integers(TOPICS)]
            for layer in sorted({model.index_exit, model.rerank_exit}):
                store.put_vectors(model.model_id, layer, keys, _around(topic, len(keys), random_numbers))
            if count >= size:
                break
        copy += 1


def _around(topic: NDArray[np.float32], count: int, random_numbers: np.random.Generator) -> NDArray[np.float32]:
    rows = topic + random_numbers.standard_normal((count, len(topic))).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def queries() -> list[str]:
    """Questions and names."""
    folder = Path(__file__).parent / "questions"
    rows = [row for name in ("python", "go") for row in json.loads((folder / f"{name}.json").read_text())["questions"]]
    return [str(row["query"]) for row in rows] + list(NAMES)


def measure(size: int, threads: int, model_folder: Path) -> list[tuple[float, float]]:
    """Milliseconds of each search in an index of `size` functions, on the clock and of processor time (all threads)."""
    model = EncoderConfig.load(model_folder)
    with TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        config = Config(cache_dir=folder, threads=threads, model=str(model_folder))
        with Engine.open(workspace, config) as engine:
            index = Path(engine.status().index_path)
        store = Store(index)
        fill(store, size, model)
        store.close()
        with Engine.open(workspace, config) as engine:
            engine.search("warm up")
            return [_timed(engine, query) for query in queries() * ROUNDS]


def _timed(engine: Engine, query: str) -> tuple[float, float]:
    start, start_cpu = time.perf_counter(), time.process_time()
    engine.search(query)
    return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - start_cpu)


def _figures(times: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure how long a search takes.")
    parser.add_argument("--size", type=int, action="append", help=f"functions in the index (default: {SIZES})")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--model", type=Path, default=PACKAGED_MODEL)
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the figures")
    options = parser.parse_args()
    lines: dict[str, list[tuple[float, float]]] = {title: [] for title in TITLES}
    print(f"| functions | {' | '.join(TITLES)} |")
    print("|---|" + "---|" * len(TITLES))
    for size in options.size or SIZES:
        times = measure(size, options.threads, options.model)
        clock, cpu = zip(*times, strict=True)
        figures = [figure for values in (clock, cpu) for figure in _figures(values)]
        for title, figure in zip(TITLES, figures, strict=True):
            lines[title].append((size, figure))
        print(f"| {size:,} | {' | '.join(f'{figure:.1f}' for figure in figures)} |", flush=True)
    if options.plot:
        draw_growth({"a search, ms": lines}, options.plot)
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")


if __name__ == "__main__":
    main()
