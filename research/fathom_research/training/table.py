"""Measures models exit by exit on retrieval sets, and writes `docs/encoder.md` with a plot beside it.

    python -m fathom_research.training.table trained=FOLDER base=FOLDER --eval SETS --json FIGURES --out docs/encoder.md
    python -m fathom_research.training.table --rows FIGURES --techniques research/techniques.json --out docs/encoder.md

Each model encodes each corpus once for all of its exits. Vectors alone make the rankings, compared exactly; BM25 is
that of a workspace's search. The second command measures nothing; figures of several runs can be put together.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fathom_indexer.encoder import Encoder, TextKind, load_encoder, query_text
from fathom_indexer.errors import FathomError, ModelError
from fathom_indexer.evaluation import RetrievalSet, Task, rank_all, read_sets, score
from fathom_indexer.search import Pipeline
from fathom_research.evaluation import estimate, exit_rankings
from fathom_research.training.figures import (
    ONNX,
    Figure,
    Quality,
    Row,
    Speed,
    cost_table,
    merged,
    quality_table,
    read_rows,
    write_rows,
)
from fathom_research.training.techniques import Technique, read_techniques, techniques_table

logger = logging.getLogger(__name__)

TIMED_FUNCTIONS = 256
TIMED_QUERIES = 50

INTRODUCTION = """# The encoder, exit by exit

Made by `python -m fathom_research.training.table`. Vectors alone make these rankings, with no words, no fusion and no
reranking; BM25 stands beside them. After ±: half the width of the 95 % bootstrap interval over the set's queries.
"""


def quality(name: str, retrieval_set: RetrievalSet, rankings: Mapping[str, Sequence[str]]) -> Quality:
    """The metrics of rankings of one set."""
    judged = {
        query: grades for query, grades in retrieval_set.judgements.items() if any(g >= 1 for g in grades.values())
    }
    each = [score({query: grades}, rankings) for query, grades in judged.items()]
    mrr, ndcg = _figure([metrics.mrr for metrics in each]), _figure([metrics.ndcg for metrics in each])
    return Quality(name, mrr, ndcg, task_of(retrieval_set))


def _figure(values: Sequence[float]) -> Figure:
    if not values:
        return Figure(0.0, 0.0)
    found = estimate(values)
    return Figure(found.mean, found.half_width)


def task_of(retrieval_set: RetrievalSet) -> Task:
    """Sets in which queries stand in the corpus themselves ask for code like code."""
    return Task.SIMILAR if any(query.self_id is not None for query in retrieval_set.queries) else Task.SEARCH


def model_rows(
    name: str, encoder: Encoder, sets: Mapping[str, RetrievalSet], runtime: str = ONNX, threads: int = 1
) -> list[Row]:
    """A row for every exit and length of a model. `runtime` and `threads` say how the encoder was loaded."""
    exits = encoder.config.exits
    found: dict[tuple[int, int], list[Quality]] = {(exit_.layer, dim): [] for exit_ in exits for dim in exit_.dims}
    for set_name, retrieval_set in sets.items():
        for layer, dim, rankings in exit_rankings(retrieval_set, encoder):
            found[layer, dim].append(quality(set_name, retrieval_set, rankings))
        logger.info("%s: %s", name, set_name)
    speeds = {exit_.layer: speed(encoder, exit_.layer, sets, threads) for exit_ in exits}
    return [Row(name, layer, dim, tuple(each), speeds[layer], runtime) for (layer, dim), each in found.items()]


def speed(encoder: Encoder, layer: int, sets: Mapping[str, RetrievalSet], threads: int) -> Speed:
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
    return Speed(functions_per_second, statistics.median(times) * 1000, threads)


def words_row(sets: Mapping[str, RetrievalSet], encoder: Encoder) -> Row:
    """BM25 on every set. The encoder is not used, but the searcher wants one."""
    each = [
        quality(name, retrieval_set, rank_all(retrieval_set, encoder, task_of(retrieval_set), Pipeline.LEXICAL.steps))
        for name, retrieval_set in sets.items()
    ]
    return Row("BM25", None, None, tuple(each), None)


def markdown(rows: Sequence[Row], techniques: Sequence[Technique] = (), picture: str | None = None) -> str:
    """The whole document; `picture` is the file name of the plot that lies beside it."""
    parts = [INTRODUCTION]
    if picture is not None:
        parts.append(f"![Mean MRR@10 on questions against functions per second]({picture})\n")
    for title, metric in (("MRR@10", "mrr"), ("NDCG@10", "ndcg")):
        parts.append(f"## {title}\n\n{quality_table(rows, metric)}")
    parts.append(f"## Cost\n\nTokenizing included.\n\n{cost_table(rows)}")
    if techniques:
        parts.append(f"## Techniques tried\n\n{techniques_table(techniques)}")
    return "\n".join(parts)


def measure(
    models: Sequence[tuple[str, Path]], sets: Mapping[str, RetrievalSet], runtimes: Sequence[str], threads: int
) -> list[Row]:
    """BM25 and every model with every runtime, on all sets. Raises `ModelError` for a model that cannot be loaded."""
    rows: list[Row] = []
    for name, folder in models:
        for runtime in runtimes:
            encoder = load_encoder(folder, runtime, threads)
            if not rows:
                rows.append(words_row(sets, encoder))
            rows += model_rows(name, encoder, sets, runtime, threads)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when something cannot be measured, read or drawn."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.table", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="NAME=FOLDER", help="model folders, and what to call them")
    parser.add_argument("--eval", type=Path, help="folder of retrieval sets; needed when models are given")
    parser.add_argument("--only", action="append", default=[], metavar="SET", help="these sets; may be repeated")
    parser.add_argument("--rows", action="append", default=[], type=Path, help="figures of a former run; repeatable")
    parser.add_argument("--techniques", type=Path, help="what was tried, as research/techniques.json")
    parser.add_argument("--out", type=Path, help="document to write, its plot beside it; not given, standard output")
    parser.add_argument("--json", type=Path, help="write all figures to this file as well, for --rows")
    parser.add_argument("--runtime", action="append", help="onnx (the default) or torch; may be repeated")
    parser.add_argument("--threads", type=int, default=1, help="cores to use")
    options = parser.parse_args(arguments)
    if bool(options.models) != bool(options.eval) or not (options.models or options.rows):
        parser.error("give models with --eval, or --rows, or both")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        draw = _plotter() if options.out is not None else None
        before = [row for path in options.rows for row in read_rows(path)]
        techniques = read_techniques(options.techniques) if options.techniques is not None else []
        sets = read_sets(options.eval, options.only) if options.models else {}
        models = [(name or Path(folder).name, Path(folder)) for name, folder in map(_named, options.models)]
        rows = merged(before, measure(models, sets, options.runtime or [ONNX], options.threads))
    except FathomError as error:
        logger.error("%s", error)
        return 1
    if options.json is not None:
        write_rows(rows, options.json)
    if options.out is None or draw is None:
        sys.stdout.write(markdown(rows, techniques))
        return 0
    picture = options.out.with_suffix(".svg")
    draw(rows, picture)
    options.out.write_text(markdown(rows, techniques, picture.name), encoding="utf-8")
    return 0


def _named(argument: str) -> tuple[str, str]:
    name, _, folder = argument.rpartition("=")
    return name, folder


def _plotter() -> Callable[[Sequence[Row], Path], None]:
    # Looked for before anything is measured, which takes long.
    try:
        from fathom_research.training.plot import plot  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(f"the plot needs the train extra, pip install 'fathom-lsp[train]': {error}") from error
    return plot


if __name__ == "__main__":
    sys.exit(main())
