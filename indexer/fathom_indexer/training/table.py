"""Measures models exit by exit on retrieval sets, and writes `docs/encoder.md`.

    python -m fathom_indexer.training.table trained=FOLDER base=FOLDER --eval SETS --out docs/encoder.md

Each model encodes each corpus once for all of its exits. Vectors alone make the rankings, compared exactly; BM25 is
that of a workspace's search.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fathom_indexer.encoder import Encoder, TextKind, load_encoder, query_text
from fathom_indexer.errors import FathomError
from fathom_indexer.evaluation import RetrievalSet, Task, exit_rankings, rank_all, read_sets, score
from fathom_indexer.search import Pipeline

log = logging.getLogger(__name__)

RESAMPLES = 1000
TIMED_FUNCTIONS = 256
TIMED_QUERIES = 50
BYTES_A_FEATURE = 2
"""The store keeps vectors as 16-bit floats."""

INTRODUCTION = """# The encoder, exit by exit

Made by `python -m fathom_indexer.training.table`. Vectors alone make these rankings, with no words, no fusion and no
reranking; BM25 stands beside them. After ±: half the width of the 95 % bootstrap interval over the set's queries.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over queries, with half the width of its bootstrap interval."""

    mean: float
    half_width: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ±{self.half_width:.3f}"


@dataclass(frozen=True, slots=True)
class Quality:
    """What a way of ranking reaches on one set."""

    set: str
    mrr: Figure
    ndcg: Figure


@dataclass(frozen=True, slots=True)
class Speed:
    """What an exit costs; `threads` cores."""

    functions_per_second: float
    query_milliseconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """One way of ranking on all sets: a model's exit at a length, or BM25, which has neither."""

    model: str
    layer: int | None
    dim: int | None
    quality: tuple[Quality, ...]
    speed: Speed | None


def quality(name: str, retrieval_set: RetrievalSet, rankings: Mapping[str, Sequence[str]]) -> Quality:
    """The metrics of rankings of one set."""
    judged = {
        query: grades for query, grades in retrieval_set.judgements.items() if any(g >= 1 for g in grades.values())
    }
    each = [score({query: grades}, rankings) for query, grades in judged.items()]
    return Quality(name, _figure([metrics.mrr for metrics in each]), _figure([metrics.ndcg for metrics in each]))


def _figure(values: Sequence[float]) -> Figure:
    if not values:
        return Figure(0.0, 0.0)
    array = np.array(values)
    picks = np.random.default_rng(0).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.percentile(array[picks].mean(axis=1), [2.5, 97.5])
    return Figure(float(array.mean()), float(high - low) / 2)


def task_of(retrieval_set: RetrievalSet) -> Task:
    """Sets in which queries stand in the corpus themselves ask for code like code."""
    return Task.SIMILAR if any(query.self_id is not None for query in retrieval_set.queries) else Task.SEARCH


def model_rows(name: str, encoder: Encoder, sets: Mapping[str, RetrievalSet]) -> list[Row]:
    """A row for every exit and length of a model."""
    exits = encoder.config.exits
    found: dict[tuple[int, int], list[Quality]] = {(exit_.layer, dim): [] for exit_ in exits for dim in exit_.dims}
    for set_name, retrieval_set in sets.items():
        for layer, dim, rankings in exit_rankings(retrieval_set, encoder):
            found[layer, dim].append(quality(set_name, retrieval_set, rankings))
        log.info("%s: %s", name, set_name)
    speeds = {exit_.layer: speed(encoder, exit_.layer, sets) for exit_ in exits}
    return [Row(name, layer, dim, tuple(each), speeds[layer]) for (layer, dim), each in found.items()]


def speed(encoder: Encoder, layer: int, sets: Mapping[str, RetrievalSet]) -> Speed:
    """How fast an exit is, on the first texts of the sets together, after a warm-up."""
    texts = [query_text(document.text) for each in sets.values() for document in each.documents][:TIMED_FUNCTIONS]
    questions = [query.text for each in sets.values() for query in each.queries][:TIMED_QUERIES]
    encoder.encode(texts[:8], TextKind.CODE, layer)
    started = time.perf_counter()
    encoder.encode(texts, TextKind.CODE, layer)
    functions_per_second = len(texts) / (time.perf_counter() - started)
    times: list[float] = []
    for question in questions:
        started = time.perf_counter()
        encoder.encode([question], TextKind.QUERY, layer)
        times.append(time.perf_counter() - started)
    return Speed(functions_per_second, statistics.median(times) * 1000)


def words_row(sets: Mapping[str, RetrievalSet], encoder: Encoder) -> Row:
    """BM25 on every set. The encoder is not used, but the searcher wants one."""
    each = [
        quality(name, retrieval_set, rank_all(retrieval_set, encoder, task_of(retrieval_set), Pipeline.LEXICAL.steps))
        for name, retrieval_set in sets.items()
    ]
    return Row("BM25", None, None, tuple(each), None)


def markdown(rows: Sequence[Row], threads: int) -> str:
    """The whole document."""
    parts = [INTRODUCTION]
    for title, metric in (("MRR@10", "mrr"), ("NDCG@10", "ndcg")):
        names = [each.set for each in rows[0].quality]
        lines = [["model", "exit", "dim", "mean", *names]]
        for row in rows:
            figures: list[Figure] = [getattr(each, metric) for each in row.quality]
            mean = sum(figure.mean for figure in figures) / len(figures)
            lines.append([*_head(row), f"{mean:.3f}", *map(str, figures)])
        parts.append(f"## {title}\n\n{_table(lines, 3)}")
    cost = [["model", "exit", "dim", "functions/s", "one query, ms", "bytes a function"]]
    for row in rows:
        if row.speed is not None and row.dim is not None:
            per_second, milliseconds = f"{row.speed.functions_per_second:.0f}", f"{row.speed.query_milliseconds:.1f}"
            cost.append([*_head(row), per_second, milliseconds, str(row.dim * BYTES_A_FEATURE)])
    cores = f"{threads} threads" if threads > 1 else "one thread"
    parts.append(f"## Cost\n\nTokenizing included, on {cores}.\n\n{_table(cost, 1)}")
    return "\n".join(parts)


def _head(row: Row) -> list[str]:
    return [row.model, *("" if value is None else str(value) for value in (row.layer, row.dim))]


def _table(lines: Sequence[Sequence[str]], left: int) -> str:
    header, *body = lines
    rule = ["---"] * left + ["---:"] * (len(header) - left)
    return "".join(f"| {' | '.join(line)} |\n" for line in (header, rule, *body))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when something cannot be measured."""
    parser = argparse.ArgumentParser(prog="python -m fathom_indexer.training.table", description=__doc__)
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER", help="model folders, and what to call them")
    parser.add_argument("--eval", type=Path, required=True, help="folder of retrieval sets")
    parser.add_argument("--only", action="append", default=[], metavar="SET", help="these sets; may be repeated")
    parser.add_argument("--out", type=Path, help="document to write; standard output when not given")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--runtime", default="onnx", help="onnx or torch")
    parser.add_argument("--threads", type=int, default=1, help="cores to use")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        sets = read_sets(options.eval, options.only)
        rows: list[Row] = []
        for argument in options.models:
            name, _, folder = argument.rpartition("=")
            encoder = load_encoder(Path(folder), options.runtime, options.threads)
            if not rows:
                rows.append(words_row(sets, encoder))
            rows += model_rows(name or Path(folder).name, encoder, sets)
    except FathomError as error:
        log.error("%s", error)
        return 1
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    document = markdown(rows, options.threads)
    if options.out is None:
        sys.stdout.write(document)
    else:
        options.out.write_text(document, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
