"""What the repository's commits said of a function and its file: maintainers' words for what code does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fathom_indexer.search.query import Query
from fathom_indexer.search.steps import Step, Steps
from fathom_indexer.storage import FunctionSummary, HistoryMatch, IndexReader, match_expression, query_words

_DEPTH = 300
"""How far down BM25 scores are known."""

_FILE = 0.25
"""What the best function of a file counts for each function of that file."""

_FEW_WORDS, _MANY_WORDS = 1, 4
"""A query of so few words is a name more often than a description; from so many on, history counts in full."""


def history_matches(store: IndexReader, query: Query, steps: Steps) -> list[HistoryMatch]:
    """Functions whose commits have words of a query that describes something, best first."""
    if Step.HISTORY not in steps or not query.kind.describes or not history_share(query):
        return []
    return store.matching_history(match_expression(query_words(query.text)), _DEPTH)


def history_candidates(matches: Sequence[HistoryMatch], wanted: int, allowed: Collection[int] | None) -> list[int]:
    """The best of them that are allowed."""
    return [match.function_id for match in matches if allowed is None or match.function_id in allowed][:wanted]


def history_share(query: Query) -> float:
    """How much history counts for a query, from 0 to 1: the more, the more words it has."""
    return min(max((len(query.words) - _FEW_WORDS) / (_MANY_WORDS - _FEW_WORDS), 0.0), 1.0)


def history_values(
    query: Query, matches: Sequence[HistoryMatch], summaries: Mapping[int, FunctionSummary]
) -> dict[int, float]:
    """What commits say of candidates and their files, in [0, 1.25): near 1 for a function of which all was said."""
    share = history_share(query)
    own: dict[int, float] = {}
    files: dict[str, float] = {}
    for match in matches:
        value = share * match.score
        own[match.function_id] = value
        files[match.path] = max(files.get(match.path, 0.0), value)
    values = {item: own.get(item, 0.0) + _FILE * files.get(found.path, 0.0) for item, found in summaries.items()}
    return {item: value for item, value in values.items() if value}
