"""Indexes a folder of real code, asks questions with known answers, and prints what it cost and how good it was.

    python benchmarks/codebase.py FOLDER --questions benchmarks/questions/go.json

Words alone (BM25 over split identifiers) run beside the full search in the same run. Figures depend on the machine and
its load, which is printed; compare ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.search import Pipeline
from fathom_indexer.types import Hit, Stage

DEPTH = 50
REPEATS = 3


@dataclass(frozen=True)
class Question:
    """A question and what answers it, as `path::qualified name`."""

    query: str
    answers: frozenset[str]


@dataclass(frozen=True)
class IndexCost:
    """What making the index cost. Seconds, bytes."""

    functions: int
    files: int
    by_words: float
    by_meaning: float
    deepened: float
    index_bytes: int
    peak_bytes: int


def read_questions(path: Path) -> list[Question]:
    """The questions of a file in `benchmarks/questions/`."""
    rows = json.loads(path.read_text(encoding="utf-8"))["questions"]
    return [Question(row["query"], frozenset(row["answers"])) for row in rows]


def build(engine: Engine) -> IndexCost:
    """Index the engine's workspace and time it, with what idle time would do afterwards."""
    start = time.perf_counter()
    by_words = 0.0
    for step in engine.index_steps():
        if step.stage is Stage.PARSE:
            by_words = time.perf_counter() - start
    seconds = time.perf_counter() - start
    index_bytes = engine.status().index_bytes
    for _ in engine.idle_steps():
        pass
    deepened = time.perf_counter() - start
    status = engine.status()
    return IndexCost(status.functions, status.files, by_words, seconds, deepened, index_bytes, peak_memory())


def peak_memory() -> int:
    """The most memory this process ever held, in bytes; 0 where the system does not say."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def rank(hits: Sequence[Hit], answers: frozenset[str]) -> int:
    """The rank of the first right answer from 1, 0 if there is none."""
    names = [f"{hit.path}::{hit.function.qualified_name}" for hit in hits]
    return next((position for position, name in enumerate(names, start=1) if name in answers), 0)


def show(rank_: int) -> str:
    """A rank as the table shows it."""
    return str(rank_) if rank_ else f"> {DEPTH}"


def run(folder: Path, questions: list[Question], exclude: tuple[str, ...], threads: int) -> int:
    """Index, ask, print. Returns how many questions had a right answer among the first five."""
    with tempfile.TemporaryDirectory() as cache:
        config = Config(cache_dir=cache, exclude=exclude, threads=threads)
        with Engine.open(folder, config) as engine:
            cost = build(engine)
            start = time.perf_counter()
            engine.search("warm up")
            first = time.perf_counter() - start
            rows, times = [], []
            for question in questions:
                for _ in range(REPEATS):
                    start = time.perf_counter()
                    hits = engine.search(question.query, DEPTH)
                    times.append(time.perf_counter() - start)
                words = engine.search(question.query, DEPTH, steps=Pipeline.LEXICAL.steps)
                rows.append((question.query, rank(hits, question.answers), rank(words, question.answers)))
        start = time.perf_counter()
        with Engine.open(folder, config) as engine:
            engine.index()
            unchanged = time.perf_counter() - start
    _print_cost(cost, times, first, unchanged)
    return _print_ranks(rows)


def _print_cost(cost: IndexCost, times: list[float], first: float, unchanged: float) -> None:
    times = sorted(times)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print("| what | figure |")
    print("|---|---|")
    print(f"| units (functions and code outside them) | {cost.functions} in {cost.files} files |")
    print(f"| searchable by words after | {cost.by_words:.1f} s |")
    print(f"| searchable by meaning after | {cost.by_meaning:.1f} s |")
    print(f"| vectors of the rerank exit for all, in idle time, after | {cost.deepened:.1f} s |")
    print(f"| functions/s, parsing / embedding / all | {cost.functions / max(cost.by_words, 1e-9):.0f}", end=" / ")
    print(f"{cost.functions / max(cost.by_meaning - cost.by_words, 1e-9):.0f}", end=" / ")
    print(f"{cost.functions / max(cost.by_meaning, 1e-9):.0f} |")
    print(f"| start on the unchanged folder | {unchanged:.2f} s |")
    print(f"| first query (loads vectors) | {first * 1000:.0f} ms |")
    print(
        f"| query p50 / p95 | {statistics.median(times) * 1000:.1f} / {times[int(len(times) * 0.95)] * 1000:.1f} ms |"
    )
    print(f"| peak memory | {cost.peak_bytes / 1e6:.0f} MB |")
    print(f"| index per function, at the index exit | {cost.index_bytes / max(cost.functions, 1):.0f} bytes |")
    print(f"| cores, load at the end | {os.cpu_count()}, {load:.1f} |")
    print()


def _print_ranks(rows: list[tuple[str, int, int]]) -> int:
    print("| question | rank | words alone |")
    print("|---|---|---|")
    for query, full, words in rows:
        print(f"| {query} | {show(full)} | {show(words)} |")
    top_five = sum(1 <= full <= 5 for _, full, _ in rows)
    words_five = sum(1 <= words <= 5 for _, _, words in rows)
    mrr = sum(1 / full for _, full, _ in rows if 0 < full <= 10) / len(rows)
    words_mrr = sum(1 / words for _, _, words in rows if 0 < words <= 10) / len(rows)
    print(f"| **in the first five** | **{top_five} of {len(rows)}** | {words_five} |")
    print(f"| **MRR@10** | **{mrr:.3f}** | {words_mrr:.3f} |")
    return top_five


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Benchmark indexing and search on a folder of code.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--exclude", action="append", default=[])
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    run(options.folder, read_questions(options.questions), tuple(options.exclude), options.threads)


if __name__ == "__main__":
    main()
