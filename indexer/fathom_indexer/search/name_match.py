"""What a function is called: words of the query in its own name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fathom_indexer.search.term_overlap import shares, words_of
from fathom_indexer.storage import FunctionSummary


def name_values(words: Sequence[str], summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """The share of the query's words that the candidate's name has, in (0, 1]; see `shares`."""
    return shares(words, {item: ((words_of(summary.name), 1.0),) for item, summary in summaries.items()})
