"""Hits whose code is the same are shown once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fathom_indexer.types import Hit

_SHORTEST = 60
"""Characters. Shorter functions are alike without being copies: getters, stubs."""


def fold_copies(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The first `limit` hits, best first; a later one with the code of an earlier one is named in that one's `copies`.

    Code is the same if it is but for white space.
    """
    kept: list[Hit] = []
    first: dict[str, int] = {}
    for hit in hits:
        code = " ".join(hit.function.text.split())
        place = first.get(code)
        if place is not None:
            original = kept[place]
            kept[place] = replace(original, copies=(*original.copies, f"{hit.path}:{hit.function.start_line}"))
            continue
        if len(code) >= _SHORTEST:
            first[code] = len(kept)
        kept.append(hit)
    return kept[:limit]
