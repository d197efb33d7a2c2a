"""Measures how good search is, step by step of its pipeline, and writes the tables of `docs/quality.md`.

    python benchmarks/quality.py --eval SETS --repositories REPOSITORIES --checkouts CHECKOUTS --out docs/quality.md

SETS is a folder of retrieval sets (see `fathom eval`), REPOSITORIES one of questions about repositories (see
`fathom_research.evaluation.repositories`) and CHECKOUTS what `benchmarks/checkouts.py` makes of it; either kind may be
left out. `--cache` keeps indexes and vectors from run to run. `--peer-python` is an interpreter that has `semble`,
whose lexical ranking then runs beside. Figures published for the same repositories are read from
`REPOSITORIES/published.json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fathom_indexer.config import Config
from fathom_indexer.encoder import Encoder, load_encoder
from fathom_indexer.engine import Engine
from fathom_indexer.evaluation import RetrievalSet, Task, rank_all, read_set, score
from fathom_indexer.languages.extract import extract
from fathom_indexer.languages.registry import dialect, language_of_path
from fathom_indexer.search import ALL_STEPS, Step, Steps
from fathom_indexer.types import Function, Hit
from fathom_indexer.workspace import SourceFile, scan
from fathom_research.evaluation import (
    CodeRange,
    DocumentedFunction,
    FunctionRank,
    Question,
    Repository,
    answers_ndcg,
    ask_documentation,
    asked_function,
    function_rank,
    read_repositories,
)
from quality_tables import Asked, Report, SetScores, write_report

DEPTH = 10


LEGS: Steps = frozenset({Step.WORDS, Step.VECTORS})
ADDED = (
    Step.COVERAGE,
    Step.DEEP,
    Step.SYMBOLS,
    Step.NAME,
    Step.PLACE,
    Step.ROLE,
    Step.FORM,
    Step.COHERENCE,
    Step.DIVERSITY,
    Step.COPIES,
)
STEPS: dict[str, Steps] = {
    "words": frozenset({Step.WORDS}),
    "vectors": frozenset({Step.VECTORS}),
    "both": LEGS,
    **{f"+ {step.value}": LEGS | set(ADDED[: number + 1]) for number, step in enumerate(ADDED)},
    "all": ALL_STEPS,
}
"""The states of the pipeline that are compared: each leg alone, then one more step at a time."""

SET_STEPS = {
    "words": STEPS["words"],
    "vectors": STEPS["vectors"] | {Step.DEEP},
    "both": LEGS | {Step.COVERAGE, Step.DEEP},
    "all": ALL_STEPS,
}
"""Those that matter where documents stand in no files."""

DOCUMENTED_STEPS = ("words", "vectors", "both", "+ deep", "+ form", "all")
DOCUMENTED = 20
"""Functions of each repository that are asked for by their documentation."""

RERANK_MS = 600_000
"""Deep vectors are made however long that takes, so that figures do not depend on the machine."""

PEERS = {"bm25": "semble's BM25", "rules": "semble's BM25 and rules"}


def ask_repository(repository: Repository, checkout: Path, cache: str, threads: int, peer: str) -> list[Asked]:
    """Index one repository and ask it all its questions at every step."""
    root = checkout / repository.folder
    others = _ask_peer(peer, root, repository) if peer else {}
    asked = []
    with Engine.open(root, Config(cache_dir=cache, threads=threads, rerank_ms=RERANK_MS)) as engine:
        engine.index()
        for number, question in enumerate(repository.questions):
            scores = {name: answers_ndcg(rankings[number], question.answers) for name, rankings in others.items()}
            target = named_function(repository, checkout, question)
            functions: dict[str, FunctionRank] = {}
            for name, steps in STEPS.items():
                hits = engine.search(question.text, DEPTH, steps=steps)
                scores[name] = answers_ndcg(_code_ranges(repository, hits), question.answers)
                if target is not None:
                    functions[name] = function_rank(hits, *target)
            asked.append(
                Asked(repository.name, repository.language, question.category, question.text, scores, functions)
            )
    return asked


def without_documentation(repository: Repository, checkout: Path, cache: str) -> tuple[Path, list[DocumentedFunction]]:
    """A copy of what is searched, without the documentation of some functions, and the questions that it makes."""
    original, root = checkout / repository.folder, Path(cache) / "documented" / repository.name
    sources = [file.path for file in scan(original, Config(cache_dir=cache)) if isinstance(file, SourceFile)]
    asked, changed = ask_documentation({path: (original / path).read_bytes() for path in sources}, DOCUMENTED)
    shutil.copytree(original, root, dirs_exist_ok=True)
    for path, source in changed.items():
        (root / path).write_bytes(source)
    return root, asked


def ask_documented(repository: Repository, checkout: Path, cache: str, threads: int) -> dict[str, list[FunctionRank]]:
    """Ask a repository what its own documentation says, which is taken out of a copy. Ranks by step."""
    root, asked = without_documentation(repository, checkout, cache)
    with Engine.open(root, Config(cache_dir=cache, threads=threads, rerank_ms=RERANK_MS)) as engine:
        engine.index()
        return {
            name: [
                function_rank(engine.search(one.question, DEPTH, steps=STEPS[name]), one.path, one.function)
                for one in asked
            ]
            for name in DOCUMENTED_STEPS
        }


def _code_ranges(repository: Repository, hits: Sequence[Hit]) -> list[CodeRange]:
    return [repository.code_range(hit.path, (hit.function.start_line, hit.function.end_line)) for hit in hits]


def named_function(repository: Repository, checkout: Path, question: Question) -> tuple[str, Function] | None:
    """The path, relative to the searched folder, and the unit that the question asks for by the rule."""
    path = question.main[0].path
    language = language_of_path(path)
    if language is None:
        return None
    source = (checkout / path).read_bytes()
    function = asked_function(question, extract(source, dialect(language, source)))
    return None if function is None else (path.removeprefix(f"{repository.folder}/"), function)


def _ask_peer(python: str, root: Path, repository: Repository) -> dict[str, list[list[CodeRange]]]:
    request = {"folder": str(root), "queries": [question.text for question in repository.questions], "depth": DEPTH}
    script = Path(__file__).with_name("semble_lexical.py")
    done = subprocess.run([python, str(script)], input=json.dumps(request), capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return {
        title: [
            [repository.code_range(path, (first, last)) for path, first, last in ranking] for ranking in answer[name]
        ]
        for name, title in PEERS.items()
    }


def score_set(folder: Path, encoder: Encoder, cache: str) -> SetScores:
    """Rank one retrieval set at every step."""
    retrieval_set = read_set(folder)
    task = Task.SIMILAR if any(query.self_id for query in retrieval_set.queries) else Task.SEARCH
    file = Path(cache) / f"{folder.name}.sqlite"
    scores = {
        name: _ndcg(retrieval_set, rank_all(retrieval_set, encoder, task, steps, cache=file))
        for name, steps in SET_STEPS.items()
    }
    return SetScores(folder.name, task is Task.SIMILAR, scores)


def _ndcg(retrieval_set: RetrievalSet, rankings: dict[str, list[str]]) -> list[float]:
    """NDCG@10 of every query that has a relevant document."""
    return [
        score({query: grades}, rankings).ndcg
        for query, grades in retrieval_set.judgements.items()
        if any(grade >= 1 for grade in grades.values())
    ]


def sets_in(folder: Path) -> list[Path]:
    """The retrieval sets directly below a folder."""
    return sorted(path.parent for path in [*folder.glob("*/queries.jsonl"), *folder.glob("*/queries.jsonl.gz")])


def measure(options: argparse.Namespace, cache: str, note: Callable[[str], None]) -> Report:
    """Run all that the options ask for."""
    encoder = load_encoder(threads=options.threads)
    report = Report(
        model=encoder.config.model_id,
        steps=tuple(STEPS),
        set_steps=tuple(SET_STEPS),
        peers=tuple(PEERS.values()) if options.peer_python else (),
    )
    for repository in read_repositories(options.repositories) if options.repositories else ():
        if options.only and repository.name not in options.only:
            continue
        checkout = options.checkouts / repository.name
        if not (checkout / repository.folder).is_dir():
            report.missing.append(repository.name)
            continue
        report.asked += ask_repository(repository, checkout, cache, options.threads, options.peer_python)
        for step, found in ask_documented(repository, checkout, cache, options.threads).items():
            report.documented.setdefault(step, []).extend(found)
        report.revisions[repository.name] = repository.revision
        note(repository.name)
    if options.repositories:
        report.published = json.loads((options.repositories / "published.json").read_text(encoding="utf-8"))
        used = json.loads((options.checkouts / "revisions.json").read_text(encoding="utf-8"))
        report.other_revisions = {
            name: used.get(name, "unknown") for name, pinned in report.revisions.items() if used.get(name) != pinned
        }
    for folder in sets_in(options.eval) if options.eval else ():
        if options.only and folder.name not in options.only:
            continue
        report.sets.append(score_set(folder, encoder, cache))
        note(folder.name)
    return report


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure the quality of search, step by step.")
    parser.add_argument("--eval", type=Path, help="folder of retrieval sets")
    parser.add_argument("--repositories", type=Path, help="folder of questions about repositories")
    parser.add_argument("--checkouts", type=Path, help="folder with the repositories themselves")
    parser.add_argument("--out", type=Path, help="Markdown file to write; standard output without it")
    parser.add_argument("--details", type=Path, help="JSON file for what every single question got")
    parser.add_argument("--cache", help="folder that keeps indexes and vectors; a temporary one without it")
    parser.add_argument("--peer-python", default="", help="interpreter that has semble")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--only", action="append", help="name of a repository or set")
    options = parser.parse_args()
    if options.repositories and not options.checkouts:
        parser.error("--repositories needs --checkouts")
    with tempfile.TemporaryDirectory() as temporary:
        cache = options.cache or temporary
        Path(cache).mkdir(parents=True, exist_ok=True)
        report = measure(options, cache, lambda name: print(name, file=sys.stderr, flush=True))
    text = write_report(report)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    if options.details:
        rows = [asdict(asked) for asked in report.asked]
        options.details.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
