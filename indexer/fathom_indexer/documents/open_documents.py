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

logger = logging.getLogger(__name__)

_LANGUAGE_NAMES = frozenset(language.name for language in LANGUAGES)

_FEW = 16
"""Up to so many new functions are embedded at both exits in one pass."""

MakeSearcher = Callable[[IndexReader, Callable[[], VectorIndex]], Searcher]
"""Makes a searcher of an index, with its vectors at the index exit."""


@dataclass(slots=True)
class _View:
    """What one client sees. `state` is the state of index and documents that overlay and searcher were made for."""

    documents: dict[str, Document] = field(default_factory=dict)
    state: tuple[int, int] = (-1, -1)
    overlay: Overlay | None = None
    searcher: Searcher | None = None


class OpenDocuments:
    """Documents that clients have open, by client.

    A document hides its file while its content differs from what the index has of the file. So it stops doing so once
    the saved file is indexed, and begins again when another program changes the file.
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
        """Open a document for a client, or give it new text.

        `path` is relative to the root or begins with `UNTITLED`; `language` is that of an untitled one. Documents that
        the index would leave out as files, for their name or size, are ignored.
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
        """Close a document of a client, which sees the file again."""
        view, named = self._views.get(client), self.name(path)
        if view is not None and named is not None and view.documents.pop(named, None) is not None:
            self._version += 1

    def leave(self, client: int) -> None:
        """Close all documents of a client."""
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
        """The searcher of the index as a client sees it; None if that is the index itself.

        First makes missing vectors of documents, for no longer than a search may make vectors.
        """
        end = self._clock() + self._config.rerank_ms / 1000
        for _ in self.embed(client):
            if self._clock() >= end:
                break
        return self._current(client).searcher

    def embed(self, client: int | None = None) -> Iterator[None]:
        """Make the missing vectors of documents, of one client or of all; a short batch with each step.

        They are stored by text key, so that saving the document embeds nothing.
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
        # The next search would need the vectors of the rerank exit, too.
        layers = self._space.exits if len(keys) <= _FEW else (self._space.index_exit,)
        batches = self._encoder().encode_batches([texts[key] for key in keys], TextKind.CODE, layers)
        for positions, vectors in batches:
            chosen = [keys[position] for position in positions]
            try:
                for layer in layers:
                    self._store.put_vectors(self._space.model, layer, chosen, vectors[layer])
            except IndexStoreError as error:
                logger.warning("an open document is searched by words only: %s", error)
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
        """Whether a document differs from its indexed file. One that does is parsed."""
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
            logger.warning("%s cannot be parsed", document.path, exc_info=error)
            document.units = ()

    def _language(self, path: str, language: str) -> str:
        """The language of a document; empty for what is not searched."""
        if path.startswith(UNTITLED):
            return language if language in _LANGUAGE_NAMES else ""
        return source_language(self._root, path, self._config) or ""
