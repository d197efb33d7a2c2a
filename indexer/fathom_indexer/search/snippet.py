"""The few lines of a function that a result list shows."""

from __future__ import annotations

import textwrap

from fathom_indexer.types import Function, Kind

_LINES = 8
_COLUMNS = 160
_CLOSERS = ("}", ")", "]", "end")
_DECORATORS = ("@", "#[", "[")


def snippet(function: Function) -> str:
    """The first lines of the function, its own indentation taken off, long lines cut."""
    first, *rest = function.text.splitlines() or [""]
    # A definition's text starts at its first token, so only the later lines carry the indentation of the file.
    rest = textwrap.dedent("\n".join(rest)).splitlines()
    if function.kind is not Kind.MODULE and not _has_own_margin(first, rest):
        rest = ["    " + line if line else line for line in rest]
    return "\n".join(line[:_COLUMNS] for line in [first, *rest][:_LINES]).rstrip()


def _has_own_margin(first: str, rest: list[str]) -> bool:
    """Whether some later line stands as far left as the first one does: a closing bracket, a decorated `def`."""
    return first.startswith(_DECORATORS) or any(line.startswith(_CLOSERS) for line in rest)
