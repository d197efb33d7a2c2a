"""The second stage of indexing: texts without a vector are embedded, in short batches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path

from fathom_indexer.config import Config
from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.encoder import Encoder, TextKind, code_text
from fathom_indexer.indexing.backlog import EmbeddingBacklog
from fathom_indexer.indexing.priority import FilePriority
from fathom_indexer.indexing.recent_texts import RecentTexts
from fathom_indexer.storage import Store
from fathom_indexer.types import Progress, Stage
from fathom_indexer.vectors.cache import VectorCache
from fathom_indexer.workspace import index_path, other_worktrees

_WINDOW = 64
"""Texts that are read and sorted by length together. Larger windows mean less padding in batches, noticeably so only
from some hundreds on; but searches wait while a window is read."""

_BORROWED_AT_ONCE = 2000
"""Texts whose vectors are taken from another index in one step."""

_FEW_NEW = 16
"""Up to so many new texts are embedded at the rerank exit too, in the same pass: they come from an edit."""


class TextEmbedder:
    """Embeds the backlog of a store."""

    def __init__(
        self,
        root: Path,
        config: Config,
        store: Store,
        space: EmbeddingSpace,
        encoder: Callable[[], Encoder],
        cache: VectorCache,
        priority: FilePriority,
        backlog: EmbeddingBacklog,
        texts: RecentTexts,
    ) -> None:
        """`encoder` is called when the first text is to be embedded; `texts` has the texts of files read just now."""
        self._root = root
        self._config = config
        self._store = store
        self._space = space
        self._encoder = encoder
        self._cache = cache
        self._priority = priority
        self._backlog = backlog
        self._texts = texts

    def index_steps(self) -> Iterator[Progress]:
        """Embed the backlog of the index exit, step by step; a small one at the rerank exit, too."""
        space = self._space
        todo = yield from self._todo(Stage.EMBED, space.index_exit)
        layers = space.exits if len(_distinct(todo)) <= _FEW_NEW else (space.index_exit,)
        yield from self._embed(Stage.EMBED, todo, layers)
        self._backlog.all_made(space.index_exit)
        self._texts.clear()
        self._cache.repair()

    def rerank_steps(self) -> Iterator[Progress]:
        """Embed the backlog of the rerank exit, step by step."""
        exit_ = self._space.rerank_exit
        if exit_ != self._space.index_exit:
            todo = yield from self._todo(Stage.DEEPEN, exit_)
            yield from self._embed(Stage.DEEPEN, todo, (exit_,))
            self._backlog.all_made(exit_)

    def note_complete(self) -> None:
        """Record once more that all texts have their vectors: other writes come after each such record."""
        self._backlog.note_complete()

    def _todo(self, stage: Stage, layer: int) -> Generator[Progress, None, dict[str, list[str]]]:
        """Keys of the texts to embed, by path. If they are many, vectors are first taken from the indexes of the
        repository's other worktrees."""
        model = self._space.model
        todo = self._backlog.texts(layer)
        keys = _distinct(todo)
        if len(keys) <= _FEW_NEW:
            return todo
        for other in other_worktrees(self._root):
            index = index_path(other, self._config)
            if index == self._store.path or not index.exists():
                continue
            for start in range(0, len(keys), _BORROWED_AT_ONCE):
                self._store.borrow_vectors(index, model, layer, keys[start : start + _BORROWED_AT_ONCE])
                yield Progress(stage, start, len(keys))
            todo = self._backlog.texts(layer)
            keys = _distinct(todo)
            self._cache.forget()
        return todo

    def _embed(self, stage: Stage, todo: dict[str, list[str]], layers: Sequence[int]) -> Iterator[Progress]:
        """Embed the texts of files."""
        model = self._space.model
        total = len(_distinct(todo))
        done = 0
        for chosen in self._windows(todo):
            # A search or another process may have embedded some of them meanwhile, and some may be gone.
            found = self._store.ids_with_text(self._store.without_vector(model, layers[0], chosen))
            done += len(chosen) - len(found)
            # The query is a step of its own.
            yield Progress(stage, done, total)
            for count in self._embed_texts(found, layers):
                done += count
                yield Progress(stage, done, total)

    def _windows(self, todo: dict[str, list[str]]) -> Iterator[list[str]]:
        """The texts, each once, in windows: those of `priority` first, which is read again for every file."""
        left = dict(todo)
        taken: set[str] = set()
        window: list[str] = []
        for path in todo:
            while path in left:
                soonest = next((soon for soon in self._priority.paths() if soon in left), path)
                new = [key for key in dict.fromkeys(left.pop(soonest)) if key not in taken]
                taken.update(new)
                window += new
                while len(window) >= _WINDOW:
                    yield window[:_WINDOW]
                    del window[:_WINDOW]
        if window:
            yield window

    def _embed_texts(self, found: Mapping[str, Sequence[int]], layers: Sequence[int]) -> Iterator[int]:
        """Embed the texts of functions, given by text key, and store the vectors; yields how many with each step."""
        texts = self._texts_of(list(found))
        keys = list(texts)
        for positions, vectors in self._encoder().encode_batches(list(texts.values()), TextKind.CODE, layers):
            batch_keys = [keys[position] for position in positions]
            # Copies of one text share its vector.
            rows = [row for row, key in enumerate(batch_keys) for _ in found[key]]
            ids = [function_id for key in batch_keys for function_id in found[key]]
            for layer in layers:
                self._store.put_vectors(self._space.model, layer, batch_keys, vectors[layer])
            if self._space.index_exit in layers:
                self._cache.functions_embedded(ids, vectors[self._space.index_exit][rows])
            yield len(positions)

    def _texts_of(self, keys: Sequence[str]) -> dict[str, str]:
        """What the encoder reads, by text key: as it was built when the file was read, else built from the store."""
        texts = {key: text for key in keys if (text := self._texts.get(key)) is not None}
        for key, stored in self._store.functions_with_text([key for key in keys if key not in texts]).items():
            texts[key] = code_text(stored[0].function, stored[0].path)
        return texts


def _distinct(todo: Mapping[str, Sequence[str]]) -> list[str]:
    """All keys, each once."""
    return list(dict.fromkeys(key for keys in todo.values() for key in keys))
