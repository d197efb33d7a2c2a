"""Which texts lack vectors, without looking at all of them after every change."""

from __future__ import annotations

from dataclasses import dataclass, field

from fathom_indexer.storage import Store

_FEW_FILES = 500
"""Up to so many files are looked at one by one; asking for everything takes less time than asking for more."""


@dataclass(slots=True)
class _Exit:
    """Files whose texts may lack a vector at an exit; None for all of them."""

    unsure: set[str] | None
    newer: set[str] = field(default_factory=set)
    """Those that were read since somebody asked."""


class EmbeddingBacklog:
    """The texts that lack a vector of one model.

    Once all had one, only the files that were read since can have others; the store remembers that for the next start.
    Looking at everything takes 50 ms at 100,000 functions, for which a search would have to wait after every edit.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model
        self._writes = -1
        self._exits: dict[int, _Exit] = {}

    def file_read(self, path: str) -> None:
        """This file may have other functions now."""
        for known in self._exits.values():
            known.newer.add(path)
            if known.unsure is not None:
                known.unsure.add(path)

    def texts(self, layer: int) -> dict[str, list[str]]:
        """Keys of the texts without a vector at this exit, as `Store.texts_without_vector` gives them."""
        if self._writes != self._store.writes_elsewhere():
            self._writes = self._store.writes_elsewhere()
            self._exits.clear()
        if layer not in self._exits:
            self._exits[layer] = _Exit(set() if self._store.is_complete(self._model, layer) else None)
        known = self._exits[layer]
        known.newer = set()
        few = known.unsure is not None and len(known.unsure) <= _FEW_FILES
        return self._store.texts_without_vector(self._model, layer, known.unsure if few else None)

    def all_made(self, layer: int) -> None:
        """All that `texts` gave have their vectors now."""
        if layer in self._exits:
            self._exits[layer].unsure = set(self._exits[layer].newer)
        complete = [layer for layer, known in self._exits.items() if known.unsure is not None and not known.unsure]
        self._store.note_complete(self._model, complete, self._writes)
