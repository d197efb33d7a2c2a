"""Answers to questions about a repository are files or lines of files: which result covers which answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fathom_indexer.evaluation.metrics import DEPTH


@dataclass(frozen=True, slots=True)
class CodeRange:
    """Lines of a file: a result, or code that answers a question. `path` is relative to the repository's root, with
    forward slashes; `lines` are the first and the last one, from 1; None is the whole file."""

    path: str
    lines: tuple[int, int] | None = None

    def covers(self, other: CodeRange) -> bool:
        """Whether both name the same file and share a line."""
        if self.path != other.path:
            return False
        if self.lines is None or other.lines is None:
            return True
        return self.lines[0] <= other.lines[1] and other.lines[0] <= self.lines[1]


def ranks(results: Sequence[CodeRange], answers: Sequence[CodeRange]) -> list[int | None]:
    """For every answer the rank, from 1, of the first result that covers it."""
    return [
        next((rank for rank, result in enumerate(results, start=1) if result.covers(answer)), None)
        for answer in answers
    ]


def answers_ndcg(results: Sequence[CodeRange], answers: Sequence[CodeRange]) -> float:
    """NDCG@10 (Järvelin and Kekäläinen 2002) with gain 1 for every answer, as semble's benchmark computes it: an
    answer is found at the rank of the first result that covers it. One result may cover several answers, so values
    above 1 become 1.

    Raises `ValueError` when there is no answer.
    """
    if not answers:
        raise ValueError("a question needs an answer")
    gain = sum(1 / math.log2(rank + 1) for rank in ranks(results[:DEPTH], answers) if rank is not None)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(answers), DEPTH) + 1))
    return min(gain / ideal, 1.0)
