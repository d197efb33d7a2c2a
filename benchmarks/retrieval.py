"""Measures search on retrieval sets: words alone, vectors alone, and both, on each runtime.

    python benchmarks/retrieval.py SETS [--runtime onnx --runtime torch] [--only cosqa_dev]

SETS is a folder of retrieval sets (see `fathom eval`). Prints MRR@10 with a 95 % bootstrap interval over queries for
sets of questions, NDCG@10 for sets whose queries are code.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fathom_indexer.encoder import Encoder, load_encoder
from fathom_indexer.evaluation import RetrievalSet, Task, rank_all, read_set, score
from fathom_indexer.search import Pipeline

RESAMPLES = 1000


def sets_in(folder: Path) -> list[Path]:
    """The retrieval sets directly below a folder."""
    return sorted(path.parent for path in [*folder.glob("*/queries.jsonl"), *folder.glob("*/queries.jsonl.gz")])


def figure(retrieval_set: RetrievalSet, rankings: Mapping[str, Sequence[str]], task: Task) -> tuple[float, float]:
    """The metric of a ranking and the half width of its bootstrap interval."""
    queries = [
        query for query, grades in retrieval_set.judgements.items() if any(grade >= 1 for grade in grades.values())
    ]
    values = np.array(
        [_one(score({query: retrieval_set.judgements[query]}, rankings).to_json(), task) for query in queries]
    )
    picks = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(axis=1), [2.5, 97.5])
    return float(values.mean()), float(high - low) / 2


def _one(metrics: Mapping[str, float | int], task: Task) -> float:
    return float(metrics["NDCG@10" if task is Task.SIMILAR else "MRR@10"])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure search on retrieval sets.")
    parser.add_argument("sets", type=Path)
    parser.add_argument("--runtime", action="append", choices=("onnx", "torch"), default=None)
    parser.add_argument("--only", action="append", default=None, help="name of a set")
    options = parser.parse_args()
    runtimes = options.runtime or ["onnx"]
    encoders: dict[str, Encoder] = {runtime: load_encoder(runtime=runtime) for runtime in runtimes}
    columns = [("words", Pipeline.LEXICAL, runtimes[0])]
    for runtime in runtimes:
        columns += [(f"vectors, {runtime}", Pipeline.DENSE, runtime), (f"both, {runtime}", Pipeline.HYBRID, runtime)]
    print("| set | queries | " + " | ".join(name for name, _, _ in columns) + " |")
    print("|---|---|" + "---|" * len(columns))
    totals: list[list[float]] = []
    for folder in sets_in(options.sets):
        if options.only and folder.name not in options.only:
            continue
        retrieval_set = read_set(folder)
        task = Task.SIMILAR if any(query.self_id for query in retrieval_set.queries) else Task.SEARCH
        figures = [
            figure(retrieval_set, rank_all(retrieval_set, encoders[runtime], task, pipeline.steps), task)
            for _, pipeline, runtime in columns
        ]
        cells = " | ".join(f"{value:.3f} ± {half:.3f}" for value, half in figures)
        print(f"| {folder.name} | {len(retrieval_set.queries)} | {cells} |", flush=True)
        totals.append([value for value, _ in figures])
    print("| **mean** | | " + " | ".join(f"**{value:.3f}**" for value in np.mean(totals, axis=0)) + " |")


if __name__ == "__main__":
    main()
