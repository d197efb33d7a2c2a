"""The embedding backlog: the texts that have no vector yet, found without a query over all texts after every change."""

from __future__ import annotations

from dataclasses import dataclass, field

from fathom_indexer.storage import Store

_FEW_FILES = 500
"""Up to so many files are queried one by one; a query over all files is faster for more."""


@dataclass(slots=True)
class _Exit:
    """Files whose texts may have no vector at an exit; None for all files."""

    unsure: set[str] | None
    newer: set[str] = field(default_factory=set)
    """Files that were read since the last call of `texts`."""


class EmbeddingBacklog:
    """The texts without a vector of one model.

    Once all texts have one, only files that are read later can add to the backlog; the store remembers that for the
    next start. A query over all texts takes 50 ms at 100,000 functions, which would delay the search after every edit.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model
        self._writes = -1
        self._exits: dict[int, _Exit] = {}

    def file_read(self, path: str) -> None:
        """Note that a file was read and may have other functions now."""
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
        """Note that all texts of the last `texts` have their vectors now."""
        if layer in self._exits:
            self._exits[layer].unsure = set(self._exits[layer].newer)
        self.note_complete()

    def note_complete(self) -> None:
        """Record in the store the exits at which all texts have their vectors."""
        complete = [layer for layer, known in self._exits.items() if known.unsure is not None and not known.unsure]
        self._store.note_complete(self._model, complete, self._writes)
