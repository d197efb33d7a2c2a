"""`fathom eval`: measure search on a retrieval set."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from fathom_indexer.cli.options import add_json, add_model_options, natural
from fathom_indexer.cli.output import write_json
from fathom_indexer.encoder import load_encoder
from fathom_indexer.errors import EvaluationError
from fathom_indexer.evaluation import RetrievalSet, Task, rank_all, read_set, score
from fathom_indexer.search import Pipeline


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "eval",
        help="measure search on a retrieval set",
        description="Rank a retrieval set (queries, corpus, qrels: JSON lines, plain or .gz) and print its metrics.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the set")
    parser.add_argument(
        "--task",
        choices=[task.value for task in Task],
        default=Task.SEARCH.value,
        help="what the queries are: words (search) or code (similar)",
    )
    parser.add_argument("--exit", type=natural, default=None, metavar="N", help="exit whose vectors are searched")
    parser.add_argument("--dim", type=natural, default=None, metavar="D", help="dimensions kept of them")
    parser.add_argument(
        "--pipeline",
        choices=[pipeline.value for pipeline in Pipeline],
        default=Pipeline.HYBRID.value,
        help="words only, vectors only, or what a search does (default)",
    )
    parser.add_argument("--rankings", type=Path, metavar="FILE", help="write the rankings as JSON lines")
    add_model_options(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Rank, write the rankings if asked to, print the metrics."""
    retrieval_set = read_set(options.folder)
    encoder = load_encoder(Path(options.model) if options.model else None, options.runtime, options.threads)
    rankings = _rank(retrieval_set, options, encoder)
    if options.rankings is not None:
        _write(options.rankings, rankings)
    metrics = score(retrieval_set.judgements, rankings).to_json()
    if options.json:
        write_json(metrics, indent=None)
    else:
        for name, value in metrics.items():
            sys.stdout.write(f"{name:<10} {value}\n")
    return 0


def _rank(retrieval_set: RetrievalSet, options: argparse.Namespace, encoder: Any) -> dict[str, list[str]]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)

        return rank_all(
            retrieval_set,
            encoder,
            Task(options.task),
            Pipeline(options.pipeline).steps,
            options.exit,
            options.dim,
            progress,
        )


def _write(path: Path, rankings: dict[str, list[str]]) -> None:
    try:
        with path.open("w", encoding="utf-8") as lines:
            for query, ranked in rankings.items():
                lines.write(json.dumps({"qid": query, "ranked": ranked}, ensure_ascii=False) + "\n")
    except OSError as error:
        raise EvaluationError(f"the rankings cannot be written to {path}: {error.strerror}") from error
