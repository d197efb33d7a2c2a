"""Names that a query names: definitions by exact name, by its beginning, or nearly."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from fathom_indexer.storage import FunctionSummary
from fathom_indexer.types import Kind

_SAME = 1.0
_SAME_BUT_FOR_CASE = 0.85
_BEGINNING = 0.6
_ALIKE = 0.5
_OTHER_SCOPE = 0.4
"""Of a qualified name only the last part fits."""
_CONSTRUCTOR = 0.8
"""A class is meant rather than its constructor of the same name."""
_LEFTOVER = 0.3

_TYPO_LENGTHS = 2
_TYPO_RATIO = 0.75
_SHORTEST_TYPO = 4
_SHORTEST_BEGINNING = 3
_LONGER_BY = 40
_NAMES_KEPT = 20


def spellings(symbols: Sequence[str]) -> list[str]:
    """The last part of each symbol, once each."""
    return list(dict.fromkeys(symbol.rpartition(".")[2] for symbol in symbols))


def near_names(name: str, names: Callable[[str, int, int], Sequence[str]]) -> list[str]:
    """Names that begin with `name`, or, when there are none, that it is a likely misspelling of; nearest first.

    `names(prefix, shortest, longest)` gives the names there are.
    """
    if len(name) >= _SHORTEST_BEGINNING:
        longer = names(name, len(name), len(name) + _LONGER_BY)
        if longer:
            return sorted(longer, key=lambda found: (len(found), found))[:_NAMES_KEPT]
    if len(name) < _SHORTEST_TYPO:
        return []
    # Few people mistype the first letter, and it keeps the comparison short.
    candidates = names(name[0], len(name) - _TYPO_LENGTHS, len(name) + _TYPO_LENGTHS)
    folded = {candidate.casefold(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.casefold(), folded, _NAMES_KEPT, _TYPO_RATIO)
    return [folded[candidate] for candidate in close]


def closeness(symbols: Sequence[str], summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """How well each candidate is the definition of one of the symbols, in (0, 1]; those that are not are left out."""
    best: dict[int, float] = {}
    for function_id, summary in summaries.items():
        value = max((_closeness(symbol, summary) for symbol in symbols), default=0.0)
        if value > 0:
            best[function_id] = value
    return best


def in_files(paths: Sequence[str], summaries: Mapping[int, FunctionSummary]) -> dict[int, float]:
    """1 for each candidate in one of the files."""
    endings = tuple("/" + path.casefold() for path in paths)
    return {
        function_id: _SAME
        for function_id, summary in summaries.items()
        if endings and ("/" + summary.path.casefold()).endswith(endings)
    }


def in_scope(scope: str, qualified_name: str, path: str) -> bool:
    """Whether the last part of a scope encloses a unit, as a declaration or as its file or folder."""
    wanted = _fold(scope.rpartition(".")[2])
    file = PurePosixPath(path)
    around = (*qualified_name.split(".")[:-1], file.stem, file.parent.name)
    return any(_fold(part) == wanted for part in around)


def _closeness(symbol: str, summary: FunctionSummary) -> float:
    scope, _, name = symbol.rpartition(".")
    value = _name_closeness(name, summary.name)
    if summary.kind is Kind.MODULE:
        # The rest of a file that is called so, where no definition is.
        return _LEFTOVER if not scope and _fold(name) == _fold(PurePosixPath(summary.path).stem) else 0.0
    if summary.kind is Kind.CONSTRUCTOR:
        value *= _CONSTRUCTOR
    if scope and not in_scope(scope, summary.qualified_name, summary.path):
        value *= _OTHER_SCOPE
    return value


def _name_closeness(wanted: str, name: str) -> float:
    if not name:
        return 0.0
    if wanted == name:
        return _SAME
    wanted, name = _fold(wanted), _fold(name)
    if wanted == name:
        return _SAME_BUT_FOR_CASE
    if len(wanted) >= _SHORTEST_BEGINNING and name.startswith(wanted):
        return _BEGINNING * len(wanted) / len(name)
    near = len(wanted) >= _SHORTEST_TYPO and abs(len(wanted) - len(name)) <= _TYPO_LENGTHS
    if near and name.startswith(wanted[0]):
        ratio = difflib.SequenceMatcher(None, wanted, name).ratio()
        return _ALIKE * ratio if ratio >= _TYPO_RATIO else 0.0
    return 0.0


def _fold(name: str) -> str:
    return name.replace("_", "").casefold()
