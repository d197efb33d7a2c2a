"""The open documents of every client, and the searches that see them."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fathom_indexer.config import Config
from fathom_indexer.documents.document import Document
from fathom_indexer.documents.overlay import OverlaidVectors, Overlay
from fathom_indexer.embedding_space import EmbeddingSpace, shorten
from fathom_indexer.encoder import Encoder, TextKind
from fathom_indexer.errors import IndexStoreError, QueryError
from fathom_indexer.languages import LANGUAGES
from fathom_indexer.search import Searcher
from fathom_indexer.storage import IndexReader, Store, TermCounter, content_hash
from fathom_indexer.types import UNTITLED
from fathom_indexer.vectors import ExactIndex, VectorIndex
from fathom_indexer.workspace import content_reason, name_on_disk, relative_path, source_language

log = logging.getLogger(__name__)

_LANGUAGE_NAMES = frozenset(language.name for language in LANGUAGES)

_FEW = 16
"""Up to so many new functions get their vectors of both exits in one pass."""

MakeSearcher = Callable[[IndexReader, Callable[[], VectorIndex]], Searcher]
"""A searcher of what is given, with its vectors at the index exit."""


@dataclass(slots=True)
class _View:
    """What one client sees. `state` tells for which state of index and documents that was put together."""

    documents: dict[str, Document] = field(default_factory=dict)
    state: tuple[int, int] = (-1, -1)
    overlay: Overlay | None = None
    searcher: Searcher | None = None


class OpenDocuments:
    """Documents that clients have open, by client.

    A document counts where it differs from what the index has of the file: once a saved file has been indexed, it
    makes no difference any more, and it does again when the file is changed under it.
    """

    def __init__(
        self,
        root: Path,
        config: Config,
        store: Store,
        encoder: Callable[[], Encoder],
        space: EmbeddingSpace,
        vectors: Callable[[], VectorIndex],
        make_searcher: MakeSearcher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`encoder` and `vectors` are called when they are first needed."""
        self._root = root
        self._config = config
        self._store = store
        self._encoder = encoder
        self._space = space
        self._vectors = vectors
        self._make_searcher = make_searcher
        self._clock = clock
        self._views: dict[int, _View] = {}
        self._ids = itertools.count(-1, -1)
        self._version = 0
        self._term_counter = TermCounter()

    def open(self, client: int, path: str, text: str, language: str = "") -> None:
        """A document of a client as it is now.

        `path` is relative to the root or begins with `UNTITLED`; `language` is that of an untitled one. Documents that
        would be left out of the index as files, for their name or their size, are not seen.
        """
        named = self.name(path)
        if named is None:
            return
        path = named
        view = self._views.setdefault(client, _View())
        last = view.documents.get(path)
        source = text.encode("utf-8", "replace")
        if last is not None and last.content_hash == content_hash(source):
            return
        language = last.language if last is not None else self._language(path, language)
        if not language or len(source) > self._config.max_file_bytes:
            self.close(client, path)
            return
        document = Document(path, language, source)
        if content_reason(source) is not None:
            document.units = ()
        elif not self._is_indexed(document):
            self._parse(document, last)
        # The one that was changed last is embedded first.
        view.documents.pop(path, None)
        view.documents = {path: document, **view.documents}
        self._version += 1

    def close(self, client: int, path: str) -> None:
        """A document of a client is closed: it sees the file again."""
        view, named = self._views.get(client), self.name(path)
        if view is not None and named is not None and view.documents.pop(named, None) is not None:
            self._version += 1

    def leave(self, client: int) -> None:
        """A client is gone, with its documents."""
        if self._views.pop(client, None) is not None:
            self._version += 1

    def name(self, path: str) -> str | None:
        """A document's name in the index; None for one that is outside the root."""
        if path.startswith(UNTITLED):
            return path
        relative = relative_path(self._root, Path(path))
        if relative is None or self._store.has_file(relative):
            return relative
        return name_on_disk(self._root, relative)

    def readable(self, client: int) -> IndexReader:
        """The index as a client sees it."""
        return self._current(client).overlay or self._store

    def searcher(self, client: int) -> Searcher | None:
        """What searches the index as a client sees it; None where that is the index itself.

        Vectors that documents lack are made first, for as long as a search may make vectors.
        """
        end = self._clock() + self._config.rerank_ms / 1000
        for _ in self.embed(client):
            if self._clock() >= end:
                break
        return self._current(client).searcher

    def embed(self, client: int | None = None) -> Iterator[None]:
        """Make the vectors that documents lack, of one client or of all; a short batch with each step.

        They are kept by their texts, so that saving the document needs none.
        """
        views = list(self._views.values()) if client is None else [self._views.get(client, _View())]
        for document in [document for view in views for document in view.documents.values()]:
            if document.embedded or not self._differs(document):
                continue
            yield from self._embed(document)
            document.embedded = True
            self._version += 1

    def _embed(self, document: Document) -> Iterator[None]:
        texts = {unit.content.key: unit.content.text for unit in document.units or ()}
        keys = self._store.without_vector(self._space.model, self._space.index_exit, list(texts))
        if not keys:
            return
        # The search that comes next would have to make the vectors of the other exit.
        layers = sorted(
            {self._space.index_exit, self._space.rerank_exit} if len(keys) <= _FEW else {self._space.index_exit}
        )
        batches = self._encoder().encode_batches([texts[key] for key in keys], TextKind.CODE, layers)
        for positions, vectors in batches:
            chosen = [keys[position] for position in positions]
            try:
                for layer in layers:
                    self._store.put_vectors(self._space.model, layer, chosen, vectors[layer])
            except IndexStoreError as error:
                log.warning("an open document is searched by words only: %s", error)
                return
            yield

    def _current(self, client: int) -> _View:
        view = self._views.get(client)
        if view is None or not view.documents:
            return _View()
        state = (self._store.generation(), self._version)
        if view.state != state:
            view.state = state
            view.overlay = view.searcher = None
            if laid_over := [document for document in view.documents.values() if self._differs(document)]:
                view.overlay = Overlay(self._store, self._term_counter, laid_over, self._version)
                view.searcher = self._make_searcher(view.overlay, self._vectors_under(view.overlay))
        return view

    def _vectors_under(self, overlay: Overlay) -> Callable[[], VectorIndex]:
        space = self._space

        def vectors() -> VectorIndex:
            own = ExactIndex(space.dim)
            known = overlay.vectors_of(space.model, space.index_exit, list(overlay.units))
            if known:
                own.add(list(known), shorten(np.stack(list(known.values())), space.dim))
            return OverlaidVectors(self._vectors(), overlay.hidden, own)

        return vectors

    def _differs(self, document: Document) -> bool:
        """Whether a document counts. One that does is parsed then."""
        if self._is_indexed(document):
            return False
        if document.units is None:
            self._parse(document, None)
        return True

    def _is_indexed(self, document: Document) -> bool:
        return document.content_hash == self._store.content_hash(document.path)

    def _parse(self, document: Document, last: Document | None) -> None:
        known = () if last is None else last.units or ()
        if known:
            before = [unit.function for unit in known]
        else:
            before = [stored.function for stored in self._store.functions_of(document.path)]
        try:
            document.parse(before, known, self._term_counter, lambda: next(self._ids))
        except (QueryError, ValueError, RuntimeError, RecursionError, MemoryError) as error:
            log.warning("%s cannot be parsed", document.path, exc_info=error)
            document.units = ()

    def _language(self, path: str, language: str) -> str:
        """The language of a document; empty for what is not searched."""
        if path.startswith(UNTITLED):
            return language if language in _LANGUAGE_NAMES else ""
        return source_language(self._root, path, self._config) or ""
