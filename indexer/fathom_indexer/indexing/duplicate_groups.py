"""Finds the duplicates in an index: a sketch is made once for each function, groups for each request."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from fathom_indexer.duplicates.clones import Candidate, Group, groups, repeated
from fathom_indexer.duplicates.sketch import Bag, Sketch, sketch_of
from fathom_indexer.duplicates.tokens import tokens_of
from fathom_indexer.languages import language_named
from fathom_indexer.search.filters import allowed_ids
from fathom_indexer.storage import SketchRow, Store
from fathom_indexer.types import FUNCTION_KINDS, Clone, CloneGroup, CloneKind, Filters, FunctionRef

_SKETCHED_AT_ONCE = 200

_KINDS = sorted(kind.value for kind in FUNCTION_KINDS)


class DuplicateFinder:
    """The duplicates in one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def steps(self) -> Iterator[tuple[int, int]]:
        """Make the missing sketches in short steps; yields the number made and the total.

        Stopping between two steps loses nothing.
        """
        missing = self._store.unsketched(_KINDS)
        for start in range(0, len(missing), _SKETCHED_AT_ONCE):
            stored = self._store.functions(missing[start : start + _SKETCHED_AT_ONCE])
            functions = {function_id: found.function for function_id, found in stored.items()}
            self._store.put_sketches(
                {
                    function_id: _row(sketch_of(tokens_of(function.text, language_named(function.language))))
                    for function_id, function in functions.items()
                }
            )
            yield min(start + _SKETCHED_AT_ONCE, len(missing)), len(missing)

    def find(
        self,
        filters: Filters,
        loosest: CloneKind,
        threshold: float,
        min_tokens: int,
        without: Collection[str] = (),
    ) -> list[CloneGroup]:
        """The groups among the functions that pass the filters, those with the most repeated code first.

        Functions are compared within a language; those in the files `without` are left out.
        """
        for _ in self.steps():
            pass
        sketched = [item for item in self._store.sketched(min_tokens) if item.path not in without]
        allowed = allowed_ids(((item.id, item.path, item.language, item.kind) for item in sketched), filters)
        by_language: dict[str, list[Candidate]] = {}
        for item in sketched:
            if item.id in allowed:
                candidate = Candidate(item.id, item.path, item.start_byte, item.end_byte, _sketch(item.sketch))
                by_language.setdefault(item.language, []).append(candidate)
        found = [group for candidates in by_language.values() for group in groups(candidates, loosest, threshold)]
        return self._described(sorted(found, key=repeated, reverse=True))

    def _described(self, found: Sequence[Group]) -> list[CloneGroup]:
        stored = self._store.functions([member.candidate.id for group in found for member in group])
        return [
            CloneGroup(
                kind=max((member.kind for member in group), key=list(CloneKind).index),
                similarity=min(member.similarity for member in group),
                tokens=group[0].candidate.sketch.tokens,
                key=f"{group[0].candidate.sketch.renamed % 2**64:016x}",
                clones=tuple(
                    Clone(FunctionRef.of(known.path, known.function), member.kind, member.similarity)
                    for member in group
                    if (known := stored.get(member.candidate.id)) is not None
                ),
            )
            for group in found
        ]


def _row(sketch: Sketch) -> SketchRow:
    grams, names = (hashes.astype("<u4").tobytes() for hashes in (sketch.grams, sketch.names))
    return sketch.tokens, sketch.exact, sketch.renamed, grams, names


def _sketch(row: SketchRow) -> Sketch:
    tokens, exact, renamed, grams, names = row
    return Sketch(tokens, exact, renamed, _bag(grams), _bag(names))


def _bag(blob: bytes) -> Bag:
    return np.frombuffer(blob, "<u4").astype(np.uint32, copy=False)
