"""The tables of `docs/quality.md`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fathom_indexer.evaluation import FunctionRank, estimate

Published = dict[str, dict[str, dict[str, float]]]
"""Repository -> method -> `ndcg10` and others."""

PUBLISHED = ("unranked-bm25", "semble-bm25", "semble hybrid", "CodeRankEmbed hybrid")


@dataclass(frozen=True)
class Asked:
    """A question about a repository: NDCG@10 by ranking, and by step where the very function came, if it asks for
    one."""

    repository: str
    language: str
    category: str
    text: str
    scores: dict[str, float]
    functions: dict[str, FunctionRank]


@dataclass(frozen=True)
class SetScores:
    """A retrieval set: NDCG@10 of every query, by step. `similar`: the queries are code."""

    name: str
    similar: bool
    scores: dict[str, list[float]]


@dataclass
class Report:
    """All that was measured in one run."""

    model: str
    steps: tuple[str, ...]
    peers: tuple[str, ...] = ()
    asked: list[Asked] = field(default_factory=list)
    sets: list[SetScores] = field(default_factory=list)
    published: Published = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    other_revisions: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def write_report(report: Report) -> str:
    """The whole page."""
    parts = [
        "# Quality of search",
        "Written by `benchmarks/quality.py`; do not edit. NDCG@10 everywhere, ± half of the 95 % bootstrap interval "
        f"over queries. Every column switches on one more step of the pipeline. Model: `{report.model}`.",
    ]
    if report.asked:
        parts += _repositories(report)
        parts += _functions(report)
    if report.sets:
        parts += _sets(report)
    return "\n\n".join(parts) + "\n"


def _repositories(report: Report) -> list[str]:
    asked, columns = report.asked, (*report.peers, *report.steps)
    published = PUBLISHED if report.published else ()
    rows: list[list[str]] = []

    def add(title: str, chosen: Sequence[Asked], with_published: bool, bold: bool = False) -> None:
        cells = [_figure([one.scores[column] for one in chosen]) for column in columns]
        cells += [_published(report, chosen, method) if with_published else "" for method in published]
        rows.append([f"**{title}**" if bold else title, str(len(chosen)), *cells])

    add("all", asked, True, bold=True)
    for category in _distinct(one.category for one in asked):
        add(category, [one for one in asked if one.category == category], False, bold=True)
    for language in _distinct(one.language for one in asked):
        add(language, [one for one in asked if one.language == language], True)
    parts = [
        "## Questions about repositories",
        f"{len(asked)} questions about {len({one.repository for one in asked})} repositories, a development half of "
        "semble's benchmark (MIT). An answer is found at the rank of the first result in its file (within its lines, "
        "where the label has lines). The columns of semble were measured in the same run, with its own files, chunks "
        "and ranking but without its dense model; the columns *published* are those of semble's repository.",
        _table(["", "questions", *columns, *(f"published: {method}" for method in published)], rows),
    ]
    if report.other_revisions:
        used = ", ".join(f"{name} at {revision[:10]}" for name, revision in sorted(report.other_revisions.items()))
        parts.append(f"Not at the pinned revision, which could not be had; every annotated path exists: {used}.")
    if report.missing:
        parts.append(f"Left out, because there is no checkout: {', '.join(report.missing)}.")
    by_repository = []
    for name in _distinct(one.repository for one in asked):
        chosen = [one for one in asked if one.repository == name]
        cells = [f"{_mean([one.scores[column] for one in chosen]):.3f}" for column in columns]
        by_repository.append([name, *cells, *(_published(report, chosen, method) for method in published)])
    parts.append(_table(["repository", *columns, *(f"published: {method}" for method in published)], by_repository))
    return parts


def _functions(report: Report) -> list[str]:
    chosen = [one.functions for one in report.asked if one.functions]
    if not chosen:
        return []

    def share(step: str, holds: Callable[[FunctionRank], bool]) -> str:
        return f"{_mean([float(holds(functions[step])) for functions in chosen]):.3f}"

    rows = [
        [
            step,
            share(step, lambda found: found.rank == 1),
            share(step, lambda found: found.rank is not None and found.rank <= 10),
            _figure([_reciprocal(functions[step].rank) for functions in chosen]),
            share(step, lambda found: found.rank_in_file == 1),
        ]
        for step in report.steps
    ]
    return [
        "## The very function",
        f"{len(chosen)} of these questions name one function or class of the labelled file: exactly one of their words "
        "is an identifier that is defined exactly once there (the rule in full: "
        "`fathom_indexer/evaluation/functions.py`). Shares of questions; MRR@10.",
        _table(["", "comes first", "in the first ten", "MRR@10", "first of its file"], rows),
    ]


def _sets(report: Report) -> list[str]:
    rows = [
        [one.name, str(len(next(iter(one.scores.values())))), *(_figure(one.scores[step]) for step in report.steps)]
        for one in report.sets
    ]
    questions = [one for one in report.sets if not one.similar]
    means = [f"**{_mean([_mean(one.scores[step]) for one in questions]):.3f}**" for step in report.steps]
    if questions:
        rows.append([f"**mean of the {len(questions)} sets of questions**", "", *means])
    return [
        "## Functions",
        "Public sets of questions about single functions, and `mbxp_xlang_anon`, whose queries are code.",
        _table(["set", "queries", *report.steps], rows),
    ]


def _published(report: Report, chosen: Sequence[Asked], method: str) -> str:
    """The mean over the questions of what is published for their repositories."""
    values = [report.published.get(one.repository, {}).get(method, {}).get("ndcg10") for one in chosen]
    known = [value for value in values if value is not None]
    return f"{_mean(known):.3f}" if len(known) == len(values) else "–"


def _figure(values: Sequence[float]) -> str:
    found = estimate(values)
    return f"{found.mean:.3f} ± {found.half_width:.3f}"


def _reciprocal(rank: int | None) -> float:
    return 1 / rank if rank is not None and rank <= 10 else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted(set(values))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
