"""What a function looks like: stubs, code outside functions, declarations and private names come a little later."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fathom_indexer.storage import FunctionSummary
from fathom_indexer.types import FUNCTION_KINDS, Kind

_SHORT = 1.0
_MODULE = 0.75
_DECLARATION = 0.25
_PRIVATE = 0.25
_SHORT_LINES = 2
"""A function of so many lines does little more than pass a call on."""

_PRIVATE_NAME = re.compile(r"_(?!_)|__(?!.*__$)|#")
_PRIVATE_SIGNATURE = {
    "c": re.compile(r"\bstatic\b"),
    "csharp": re.compile(r"\bprivate\b"),
    "elixir": re.compile(r"^\s*defp|^\s*defmacrop"),
    "java": re.compile(r"\bprivate\b"),
    "kotlin": re.compile(r"\bprivate\b"),
    "php": re.compile(r"\bprivate\b"),
    "scala": re.compile(r"\bprivate\b"),
    "swift": re.compile(r"\b(?:file)?private\b"),
    "typescript": re.compile(r"\bprivate\b"),
}
_LOWER_CASE_IS_PRIVATE = frozenset({"go"})


def definition_penalties(summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """How much the candidates' forms count against them, in (0, 1]."""
    values: dict[int, float] = {}
    for function_id, summary in summaries.items():
        value = _SHORT * _is_short(summary) + _PRIVATE * is_private(summary)
        if summary.kind not in FUNCTION_KINDS:
            value += _MODULE if summary.kind is Kind.MODULE else _DECLARATION
        if value:
            values[function_id] = min(value, 1.0)
    return values


def is_private(summary: FunctionSummary) -> bool:
    """Whether the language's own marks say that the function is not for others."""
    if _PRIVATE_NAME.match(summary.name):
        return True
    if summary.language in _LOWER_CASE_IS_PRIVATE:
        return summary.name[:1].islower()
    pattern = _PRIVATE_SIGNATURE.get(summary.language)
    return pattern is not None and pattern.search(summary.signature) is not None


def _is_short(summary: FunctionSummary) -> bool:
    # What has no name, as a closure, is short by nature.
    return (
        summary.kind in FUNCTION_KINDS and bool(summary.name) and summary.end_line - summary.start_line < _SHORT_LINES
    )
