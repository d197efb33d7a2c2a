"""Exact search against HNSW: from which size on does the approximate index pay?

    python benchmarks/vectors.py [--quick] [--dim 384]

Prints a Markdown table. Each row is measured in a process of its own, on clustered unit vectors as an encoder makes
them, with queries from the same clusters. The figures behind `fathom_indexer.vectors.choose.CROSSOVER` come from here.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from fathom_indexer.embedding_space import Floats
from fathom_indexer.vectors import ExactIndex, choose, hnsw_available

SIZES = (10_000, 50_000, 100_000, 200_000)
QUICK_SIZES = (10_000, 50_000)
LIMIT = 50
QUERIES = 200
CLUSTER_SIZE = 1_000
SPREAD = 1.5
"""How far vectors lie from their centre, centres being at distance 1 from the middle: enough that clusters overlap."""
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """What one index did. Times are wall-clock but for `build_cpu_seconds`; on a busy machine the fastest query and the
    seconds of CPU say more than the others."""

    name: str
    size: int
    build_seconds: float
    build_cpu_seconds: float
    p50_ms: float
    fastest_ms: float
    recall: float
    megabytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--dim", type=int, default=384, help="dimensions (default: 384)")
    arguments = parser.parse_args()
    names = ["exact", "hnsw"] if hnsw_available() else ["exact"]
    print(f"{platform.machine()}, {os.cpu_count()} cores, {arguments.dim} dimensions, top {LIMIT}, {QUERIES} queries\n")
    print("| vectors | index | build s | build CPU s | query p50 ms | fastest ms | recall@50 | MB | load before |")
    print("|--:|---|--:|--:|--:|--:|--:|--:|--:|")
    for size in QUICK_SIZES if arguments.quick else SIZES:
        for name in names:
            load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "–"
            row = in_own_process(name, size, arguments.dim)
            print(
                f"| {row.size:,} | {row.name} | {row.build_seconds:.1f} | {row.build_cpu_seconds:.1f} "
                f"| {row.p50_ms:.2f} | {row.fastest_ms:.2f} | {row.recall:.3f} | {row.megabytes:.0f} | {load} |",
                flush=True,
            )


def in_own_process(name: str, size: int, dim: int) -> Row:
    """Measure in a fresh process, so that no index sees the memory of another."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (name, size, dim))


def measure(name: str, size: int, dim: int) -> Row:
    """Build an index in batches, as indexing does, and search it."""
    data = clustered(size + QUERIES, dim)
    vectors, queries = data[:size], data[size:]
    before = resident_megabytes()
    started, started_cpu = time.perf_counter(), time.process_time()
    index = choose(name, size, dim)
    for start in range(0, size, BATCH):
        index.add(range(start, min(start + BATCH, size)), vectors[start : start + BATCH])
    built, built_cpu = time.perf_counter() - started, time.process_time() - started_cpu
    megabytes = resident_megabytes() - before

    times: list[float] = []
    answers: list[set[int]] = []
    for query in queries:
        started = time.perf_counter()
        found = index.search(query, LIMIT)
        times.append(1000 * (time.perf_counter() - started))
        answers.append({key for key, _ in found})
    return Row(
        name,
        size,
        built,
        built_cpu,
        median(times),
        min(times),
        recall(answers, vectors, queries),
        megabytes,
    )


def recall(answers: list[set[int]], vectors: Floats, queries: Floats) -> float:
    """The part of the true nearest neighbours that was found."""
    truth = ExactIndex(vectors.shape[1])
    truth.add(range(len(vectors)), vectors)
    shared = [
        len(found & {key for key, _ in truth.search(query, LIMIT)})
        for found, query in zip(answers, queries, strict=True)
    ]
    return sum(shared) / (LIMIT * len(queries))


def clustered(count: int, dim: int) -> Floats:
    """Unit vectors in clusters of about `CLUSTER_SIZE`, in random order, always the same."""
    rng = np.random.default_rng(7)
    centres = rng.standard_normal((max(count // CLUSTER_SIZE, 1), dim), np.float32)
    vectors = centres[rng.integers(0, len(centres), count)]
    vectors += np.float32(SPREAD) * rng.standard_normal((count, dim), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def resident_megabytes() -> float:
    """Memory of this process; not a number where the system does not tell it through /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
