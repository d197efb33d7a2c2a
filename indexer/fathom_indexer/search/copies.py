"""Hits that are copies of each other are shown once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from fathom_indexer.duplicates.sketch import sketch_of
from fathom_indexer.duplicates.tokens import tokens_of
from fathom_indexer.languages import language_named
from fathom_indexer.types import Function, Hit

_SHORTEST = 60
"""Characters. Shorter functions are alike without being copies: getters, stubs."""
_FEWEST = 20
"""Tokens, where names do not count."""

CopyKey = Callable[[Function], str | None]
"""Functions with the same key are copies; one without is never a copy."""


def same_text(function: Function) -> str | None:
    """The code but for white space."""
    code = " ".join(function.text.split())
    return code if len(code) >= _SHORTEST else None


def same_build(function: Function) -> str | None:
    """The code but for layout, comments, names and the values of literals."""
    tokens = tokens_of(function.text, language_named(function.language))
    return f"{function.language} {sketch_of(tokens).renamed}" if len(tokens) >= _FEWEST else None


def fold_copies(hits: Iterable[Hit], limit: int, key: CopyKey = same_text) -> list[Hit]:
    """The first `limit` hits, best first; a later copy of an earlier one is named in that one's `copies`.

    Hits without `source` are never copies.
    """
    kept: list[Hit] = []
    first: dict[str, int] = {}
    for hit in hits:
        code = None if hit.source is None else key(hit.source)
        place = None if code is None else first.get(code)
        if place is not None:
            original = kept[place]
            kept[place] = replace(original, copies=(*original.copies, f"{hit.path}:{hit.function.start_line}"))
            continue
        if code is not None:
            first[code] = len(kept)
        kept.append(hit)
    return kept[:limit]
