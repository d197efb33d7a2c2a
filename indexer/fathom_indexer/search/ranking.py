"""The order of candidates: what every signal says of them, added up, and the sum that decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fathom_indexer.search.definition_penalties import definition_penalties
from fathom_indexer.search.files import coherence_values, diversity_values
from fathom_indexer.search.name_match import name_values
from fathom_indexer.search.path_match import path_values, stem_values
from fathom_indexer.search.path_roles import role_values
from fathom_indexer.search.query import Query, QueryKind
from fathom_indexer.search.rerank import estimate_missing
from fathom_indexer.search.signals import RankedIds, Signal, Values, plus, spread, total
from fathom_indexer.search.steps import Step, Steps
from fathom_indexer.search.symbols import closeness, in_files
from fathom_indexer.search.weights import Weights
from fathom_indexer.storage import FunctionSummary


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates in order, and why: the signals whose sum their scores are."""

    ranked: RankedIds
    signals: tuple[Signal, ...]
    reranked: int
    complete: bool
    final: bool = True


@dataclass(frozen=True, slots=True)
class Candidates:
    """What all steps after the first look at."""

    query: Query
    summaries: Mapping[int, FunctionSummary]
    words: Values = field(default_factory=dict)
    """BM25 scores, by how much of a question a function has."""
    cosines: Values = field(default_factory=dict)
    """At the index exit, of those candidates that have a vector there."""
    structure: Values = field(default_factory=dict)
    """How alike candidates are built to a query of code."""
    exact: Values = field(default_factory=dict)
    """How well candidates are what the query has typed exactly."""
    located: Values = field(default_factory=dict)
    """How well candidates are what stands at the query's locations."""
    stubs: Values = field(default_factory=dict)
    """How much candidates lack a body of their own."""
    windows: Values = field(default_factory=dict)
    """By how much the best window's cosine is above the function's own at the rerank exit."""
    joint: Values = field(default_factory=dict)
    """What the joint pass says of the candidates that it read, in standard deviations above the least of them."""
    history: Values = field(default_factory=dict)
    """What the repository's commits say of candidates and their files."""


def order(
    candidates: Candidates, deep: Mapping[int, float], steps: Steps, weights: Weights
) -> tuple[RankedIds, tuple[Signal, ...]]:
    """The candidates in order of the sum of all signals, given their cosines at the rerank exit as far as known."""
    query, summaries = candidates.query, candidates.summaries
    ids = list(summaries)
    shallow = estimate_missing(ids, {}, candidates.cosines)
    better = estimate_missing(ids, deep, candidates.cosines) if deep else shallow
    paths = {function_id: summary.path for function_id, summary in summaries.items()}
    code = query.kind is QueryKind.CODE
    # Cosines lie closer together for one query than for another: where they differ little, a little tells much.
    cosine = weights.cosine if code else weights.spread / spread(better.values())
    signals = [
        Signal(Step.VECTORS, cosine, shallow),
        Signal(Step.DEEP, cosine, {item: better[item] - shallow[item] for item in ids}),
        Signal(Step.WINDOWS, weights.window * cosine, candidates.windows),
        Signal(Step.JOINT, weights.joint, candidates.joint),
        Signal(Step.WORDS, weights.words_for_code if code else weights.words, candidates.words),
        Signal(Step.STRUCTURE, weights.structure, candidates.structure),
        Signal(Step.EXACT, weights.exact, candidates.exact),
        Signal(Step.LOCATION, weights.location, candidates.located),
    ]
    if not code:
        pure = query.kind in (QueryKind.SYMBOL, QueryKind.PATH)
        named = {**in_files(query.paths, summaries), **closeness(query.symbols, summaries)}
        if not pure:
            # Among other words, what merely resembles a name says little.
            named = {item: value**2 for item, value in named.items()}
        signals += [
            Signal(Step.SYMBOLS, weights.symbol if pure else weights.mention, named),
            Signal(Step.NAME, weights.name, name_values(query.words, summaries)),
            Signal(Step.PLACE, weights.place, path_values(query.words, summaries)),
            Signal(Step.STEM, weights.stem, stem_values(query.words, summaries)),
            Signal(Step.HISTORY, weights.history, candidates.history),
            Signal(Step.ROLE, -weights.role, role_values(query.words, summaries)),
            Signal(Step.FORM, -weights.form, definition_penalties(summaries)),
            Signal(Step.STUB, -weights.stub, candidates.stubs),
        ]
    signals = [signal for signal in signals if signal.step in steps]
    ranked = total(ids, signals)
    if Step.COHERENCE in steps and not code:
        signals.append(Signal(Step.COHERENCE, weights.coherence, coherence_values(ranked, paths)))
        ranked = plus(ranked, signals[-1])
    if Step.DIVERSITY in steps and not code:
        signals.append(Signal(Step.DIVERSITY, -weights.diversity, diversity_values(ranked, paths)))
        ranked = plus(ranked, signals[-1])
    return ranked, tuple(signals)
