"""In idle time, the parts of long functions that their own text has no room for are embedded at the rerank exit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.encoder import Encoder, TextKind, text_key, window_texts
from fathom_indexer.storage import Store
from fathom_indexer.types import Progress, Stage

_FUNCTIONS_AT_ONCE = 64


class WindowEmbedder:
    """Embeds the windows of a store's functions."""

    def __init__(self, store: Store, space: EmbeddingSpace, encoder: Callable[[], Encoder]) -> None:
        """`encoder` is called when the first window is to be embedded."""
        self._store = store
        self._space = space
        self._encoder = encoder
        self._complete = -1
        """The store's generation at which all functions had their windows."""

    def steps(self) -> Iterator[Progress]:
        """Embed the windows of functions that lack them, the newest functions first, step by step.

        Stopping between two steps loses nothing.
        """
        if self._complete == self._store.generation():
            return
        todo = self._store.functions_without_windows()
        for start in range(0, len(todo), _FUNCTIONS_AT_ONCE):
            yield Progress(Stage.DEEPEN, start, len(todo))
            for _ in self._embed(todo[start : start + _FUNCTIONS_AT_ONCE]):
                yield Progress(Stage.DEEPEN, start, len(todo))
        self._complete = self._store.generation()

    def _embed(self, ids: Sequence[int]) -> Iterator[None]:
        model, layer = self._space.model, self._space.rerank_exit
        found = self._store.functions(ids)
        texts = {
            function_id: {text_key(text): text for text in window_texts(stored.function, stored.path)}
            for function_id, stored in found.items()
        }
        text_of = {key: text for own in texts.values() for key, text in own.items()}
        keys = self._store.without_vector(model, layer, list(text_of))
        if keys:
            wanted = [text_of[key] for key in keys]
            for positions, vectors in self._encoder().encode_batches(wanted, TextKind.CODE, (layer,)):
                self._store.put_vectors(model, layer, [keys[position] for position in positions], vectors[layer])
                yield
        self._store.put_windows({function_id: list(own) for function_id, own in texts.items()})
