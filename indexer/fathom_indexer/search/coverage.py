"""Which words of a query are looked up, how much of a question a function has, and what BM25 is worth for that.

BM25 adds up words, so a function that repeats one rare word of five can outdo one that has all five. Where a question
and the code have little in common, it is guided by what they share by chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from fathom_indexer.search.signals import Values
from fathom_indexer.storage import WordStatistics


def discriminative_terms(words: Sequence[str], known: WordStatistics, functions: int) -> list[str]:
    """Those of the words, in their order, that a search has to look at.

    In an index of more than so many `functions` the rarest ones are taken until they are in so many: what more common
    words add to a score is little there, and reading all functions that have them is what takes time. One that any
    function has always stays.
    """
    if known.functions <= functions:
        return list(words)
    kept: set[str] = set()
    read = 0
    for word, containing in sorted(known.containing.items(), key=lambda item: item[1]):
        if read and read + containing > functions:
            break
        read += containing
        kept.add(word)
    return [word for word in words if word in kept]


def coverage_values(words: Sequence[str], known: WordStatistics, having: Mapping[str, AbstractSet[int]]) -> Values:
    """The share of a query's words that each function has, in (0, 1]; functions without any are left out.

    A word counts by its inverse document frequency, as BM25 weighs it. One that no function has does not count: it
    tells no function from another.
    """
    weights = {
        word: _idf(known.functions, known.containing[word]) for word in dict.fromkeys(words) if known.containing[word]
    }
    whole = sum(weights.values())
    values: dict[int, float] = {}
    for word, weight in weights.items():
        for function_id in having[word]:
            values[function_id] = values.get(function_id, 0.0) + weight / whole
    return values


def covered(scores: Values, coverage: Values) -> dict[int, float]:
    """BM25 scores, each in proportion to the share of the query that the function has."""
    return {function_id: score * coverage.get(function_id, 0.0) for function_id, score in scores.items()}


def _idf(functions: int, containing: int) -> float:
    return math.log(1.0 + (functions - containing + 0.5) / (containing + 0.5))
