"""The tables of `docs/quality.md`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fathom_research.evaluation import FunctionRank, estimate

Published = dict[str, dict[str, dict[str, float]]]
"""Repository -> method -> `ndcg10` and others."""

PUBLISHED = ("unranked-bm25", "semble-bm25", "semble hybrid", "CodeRankEmbed hybrid")


LEFT_OUT = (
    "The weights of the ranking were fitted on these questions. With weights fitted without the repository that is "
    "asked about, NDCG@10 is **.874** (`benchmarks/fit_weights.py`, cross-validation): expect this figure for code of "
    "your own. In the tables, the weights of *all* and of the steps before it are those fitted on these questions."
)
"""A figure of the shipped weights (`search/weights.py`); replace it when they change."""
FUNCTIONS_LEFT_OUT = (
    "These questions were in the goal of the fit, as were those of the section before. For both together, weights "
    "fitted without the repository reach an NDCG@10 of .606, those fitted on all .618."
)
SETS_FITTED = (
    "Some 200 queries of each set, evenly spaced, were in the goal of the fit, too; fits without one of the sets were "
    "not measured."
)


@dataclass(frozen=True)
class Asked:
    """A question about a repository: NDCG@10 by ranking, and by step the rank of the function that it asks for,
    if it asks for one."""

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
    """All measurements of one run."""

    model: str
    steps: tuple[str, ...]
    set_steps: tuple[str, ...]
    peers: tuple[str, ...] = ()
    asked: list[Asked] = field(default_factory=list)
    documented: dict[str, list[FunctionRank]] = field(default_factory=dict)
    """By step, the ranks of the functions that were asked for by their documentation."""
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
        f"over queries. Model: `{report.model}`.",
    ]
    if report.asked:
        parts += _repositories(report)
        parts += _functions(report)
    if report.documented:
        parts += _documented(report)
    if report.sets:
        parts += _sets(report)
    return "\n\n".join(parts) + "\n"


def _repositories(report: Report) -> list[str]:
    asked, columns = report.asked, (*report.peers, "words", "vectors", "all")
    published = PUBLISHED if report.published else ()
    heads = [*columns, *(f"published: {method}" for method in published)]
    categories = _distinct(one.category for one in asked)

    def row(title: str, chosen: Sequence[Asked], intervals: bool = True) -> list[str]:
        show = _figure if intervals else _plain
        cells = [show([one.scores[column] for one in chosen]) for column in columns]
        return [title, str(len(chosen)), *cells, *(_published(report, chosen, method) for method in published)]

    kinds = [row("**all**", asked)]
    kinds += [
        # Published figures are per repository: there are none per kind of question.
        [*row(kind, _of(asked, category=kind))[: 2 + len(columns)], *("" for _ in published)]
        for kind in categories
    ]
    languages = [row(name, _of(asked, language=name)) for name in _distinct(one.language for one in asked)]
    names = [row(name, _of(asked, repository=name), False) for name in _distinct(one.repository for one in asked)]
    steps = [
        [
            step,
            _figure([one.scores[step] for one in asked]),
            *(_plain([one.scores[step] for one in _of(asked, category=kind)]) for kind in categories),
        ]
        for step in (*report.peers, *report.steps)
    ]
    parts = [
        "## Questions about repositories",
        f"{len(asked)} questions about {len(names)} repositories, a development half of semble's benchmark (MIT). An "
        "answer is found at the rank of the first result in its file (within its lines, where the label has lines). "
        "The columns of semble were measured in the same run, with its own files, chunks and ranking but without its "
        "dense model; the columns *published* are those of semble's repository.",
        LEFT_OUT,
        _table(["", "questions", *heads], kinds),
        "### Step by step",
        "Each row switches on one more step; the steps are those of `fathom search --explain`.",
        _table(["", "all", *categories], steps),
        "### By language",
        _table(["language", "questions", *heads], languages),
        "### By repository",
        _table(["repository", "questions", *heads], names),
    ]
    if report.other_revisions:
        used = ", ".join(f"{name} at {revision[:10]}" for name, revision in sorted(report.other_revisions.items()))
        parts.append(f"Not at the pinned revision, which was not available; every annotated path exists: {used}.")
    if report.missing:
        parts.append(f"Left out, because there is no checkout: {', '.join(report.missing)}.")
    return parts


def _functions(report: Report) -> list[str]:
    chosen = [one.functions for one in report.asked if one.functions]
    if not chosen:
        return []
    ranks = {step: [functions[step] for functions in chosen] for step in report.steps}
    return [
        "## The function asked for",
        f"{len(chosen)} of these questions name one function or class of the labelled file: exactly one of their words "
        "is an identifier that is defined exactly once there (the rule in full: "
        "`research/fathom_research/evaluation/functions.py`). Shares of questions; MRR@10.",
        _function_table(ranks),
    ]


def _documented(report: Report) -> list[str]:
    asked = len(next(iter(report.documented.values())))
    return [
        "## Functions by their documentation",
        f"{asked} questions: the first sentences of the documentation of up to 20 functions of each of these "
        "repositories, drawn at random, with the documentation taken out of the source "
        "(`research/fathom_research/evaluation/documented.py`). Only that one function is right. Shares of questions; "
        "MRR@10.",
        FUNCTIONS_LEFT_OUT,
        _function_table(report.documented),
    ]


def _function_table(ranks: Mapping[str, Sequence[FunctionRank]]) -> str:
    rows = [
        [
            step,
            _plain([float(one.rank == 1) for one in found]),
            _plain([float(one.rank is not None) for one in found]),
            _figure([_reciprocal(one.rank) for one in found]),
            _plain([float(one.rank_in_file == 1) for one in found]),
        ]
        for step, found in ranks.items()
    ]
    return _table(["", "comes first", "in the first ten", "MRR@10", "first of its file"], rows)


def _sets(report: Report) -> list[str]:
    rows = [
        [
            one.name,
            str(len(one.scores["all"])),
            *(_figure(one.scores[step]) for step in report.set_steps),
            f"{_mean(one.scores['all']) - max(_mean(one.scores['words']), _mean(one.scores['vectors'])):+.3f}",
        ]
        for one in report.sets
    ]
    questions = [one for one in report.sets if not one.similar]
    if questions:
        means = [_plain([_mean(one.scores[step]) for one in questions]) for step in report.set_steps]
        rows.append([f"**mean of the {len(questions)} sets of questions**", "", *means, ""])
    return [
        "## Functions",
        "Public sets of questions about single functions, and `mbxp_xlang_anon`, whose queries are code. Vectors are "
        "those of the rerank exit. The last column is what all steps add to the better of words and vectors.",
        SETS_FITTED,
        _table(["set", "queries", *report.set_steps, "over the better leg"], rows),
    ]


def _of(asked: Sequence[Asked], **wanted: str) -> list[Asked]:
    return [one for one in asked if all(getattr(one, name) == value for name, value in wanted.items())]


def _published(report: Report, chosen: Sequence[Asked], method: str) -> str:
    """The mean over the questions of the figures published for their repositories."""
    values = [report.published.get(one.repository, {}).get(method, {}).get("ndcg10") for one in chosen]
    known = [value for value in values if value is not None]
    return f"{_mean(known):.3f}" if len(known) == len(values) else "–"


def _figure(values: Sequence[float]) -> str:
    found = estimate(values)
    return f"{found.mean:.3f} ± {found.half_width:.3f}"


def _plain(values: Sequence[float]) -> str:
    return f"{_mean(values):.3f}"


def _reciprocal(rank: int | None) -> float:
    return 1 / rank if rank is not None else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted(set(values))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
