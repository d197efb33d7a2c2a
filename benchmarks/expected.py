"""A definition that another method than Fathom's own counted (see `recall.py`)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expected:
    """A definition: where its name stands. `kind` is the other method's word for it."""

    path: str
    line: int
    """From 1."""
    name: str
    kind: str
    end: int = 0
    """The last line; 0 where the other method does not know it."""
