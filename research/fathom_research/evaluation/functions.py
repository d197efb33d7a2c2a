"""The single function that a question about a repository asks for, if the question names it.

Most labels of such questions are whole files. A label is narrowed to one unit if the question has a single main answer
and exactly one of its words is an identifier that names exactly one unit of the labelled file (within the labelled
lines, if there are any). An identifier is a word with an underscore or a capital after its first letter, or the
question's only word, namespaces aside. Constructors do not count: in many languages they have the name of their class.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fathom_indexer.types import Function, Hit, Kind
from fathom_research.evaluation.repositories import Question
from fathom_research.evaluation.targets import CodeRange

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHAPED = re.compile(r"_|[A-Za-z0-9][A-Z]")
_PATH_OF_NAMES = re.compile(r"[A-Za-z_]\w*(?:(?:::|\.|->|\\|#|/)[A-Za-z_]\w*)*[!?]?")


@dataclass(frozen=True, slots=True)
class FunctionRank:
    """The rank of the function that was asked for, from 1; None if it is not among the results."""

    rank: int | None
    """Among all results."""
    rank_in_file: int | None
    """Among the results of its file."""


def identifiers(question: str) -> set[str]:
    """The words of a question that are identifiers."""
    text = question.strip()
    words = _WORD.findall(text)
    if words and _PATH_OF_NAMES.fullmatch(text):
        return {words[-1]}
    return {word for word in words if _SHAPED.search(word)}


def asked_function(question: Question, units: Sequence[Function]) -> Function | None:
    """The unit that the question asks for by the rule above; `units` are those of the file of its main answer."""
    if len(question.main) != 1:
        return None
    (answer,) = question.main
    wanted = identifiers(question.text)
    named = [
        unit
        for unit in units
        if unit.name in wanted
        and unit.kind is not Kind.CONSTRUCTOR
        and answer.covers(CodeRange(answer.path, (unit.start_line, unit.end_line)))
    ]
    return named[0] if len(named) == 1 else None


def function_rank(hits: Sequence[Hit], path: str, function: Function) -> FunctionRank:
    """The rank of `function`, a unit of the file at `path`, among the hits."""
    in_file = [hit for hit in hits if hit.path == path]
    return FunctionRank(_position(hits, path, function), _position(in_file, path, function))


def _position(hits: Sequence[Hit], path: str, function: Function) -> int | None:
    for position, hit in enumerate(hits, start=1):
        if (
            hit.path == path
            and hit.source is not None
            and hit.source.start_byte == function.start_byte
            and hit.source.qualified_name == function.qualified_name
        ):
            return position
    return None
