"""The one face of the engine: open a workspace, index it, search it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from fathom_indexer.config import Config
from fathom_indexer.documents import OpenDocuments, Overlay, Space
from fathom_indexer.duplicates.clones import MIN_TOKENS, NEAR
from fathom_indexer.duplicates.sketch import SKETCH_FORMAT
from fathom_indexer.encoder import Encoder, EncoderConfig, load_encoder
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.encoder.text import TEXT_FORMAT
from fathom_indexer.errors import IndexDamagedError, ModelError, QueryError
from fathom_indexer.indexing.duplicate_groups import DuplicateFinder
from fathom_indexer.indexing.pipeline import Exits, IndexPipeline
from fathom_indexer.indexing.priority import FilePriority
from fathom_indexer.languages import LANGUAGES, fingerprint
from fathom_indexer.search import ALL_STEPS, DEFAULT_WEIGHTS, Searcher, Steps, Weights
from fathom_indexer.storage import WORDS_FORMAT, Readable, Store
from fathom_indexer.types import (
    CloneGroup,
    CloneKind,
    Coverage,
    Filters,
    Function,
    Hit,
    IndexStatus,
    Place,
    Progress,
    SearchResult,
    Stage,
)
from fathom_indexer.vectors import VectorIndex
from fathom_indexer.vectors.cache import VectorCache, VectorTarget
from fathom_indexer.workspace import cache_path, is_gone, resolve_root, root_trouble

log = logging.getLogger(__name__)

LANGUAGE_NAMES = tuple(language.name for language in LANGUAGES)

_SKIPPED_SHOWN = 200


class Engine:
    """An open workspace. Not thread-safe: one thread owns it.

    The index may be read and written by several processes; each sees what the others wrote at its next search. The
    model and the vectors are loaded when they are first needed.
    """

    def __init__(self, root: Path, config: Config, store: Store) -> None:
        """See `open`, which makes the parts."""
        self._root = root
        self._store = store
        store.made_by(f"{fingerprint()}-{TEXT_FORMAT}-{SKETCH_FORMAT}-{WORDS_FORMAT}")
        self._config = config
        self._model_folder = Path(config.model) if config.model else PACKAGED_MODEL
        model = EncoderConfig.load(self._model_folder)
        index_exit = model.index_exit if config.index_exit is None else config.index_exit
        rerank_exit = model.rerank_exit if config.rerank_exit is None else config.rerank_exit
        model.exit(index_exit)
        model.exit(rerank_exit)
        dim = model.index_dim if config.dim is None else config.dim
        if not 0 < dim <= model.exit(index_exit).dims[0]:
            raise ModelError(f"vectors have {model.exit(index_exit).dims[0]} dimensions, not {dim}")
        whole = model.exit(rerank_exit).dims[0]
        # Without a deeper exit, these vectors also order the candidates.
        store.keep_length(model.model_id, index_exit, whole if index_exit == rerank_exit else dim)
        store.keep_length(model.model_id, rerank_exit, whole)
        self._target = VectorTarget(model.model_id, index_exit, dim)
        self._vectors = VectorCache(store, self._target, config.vectors)
        self._exits = Exits(model.model_id, index_exit, rerank_exit)
        self._loaded_encoder: Encoder | None = None
        self.cancelled: Callable[[], bool] = lambda: False
        """Asked between the batches of a search whether nobody wants its answer any more. For the owner to set."""
        self.hurried = False
        """Whether an answer at once matters more than a deep order, as it does while the index is being made: searches
        make no deep vectors then. For the owner to set."""
        self.viewer = 0
        """Whose open documents are meant and seen. For the owner to set."""
        self._missing: set[str] = set()

        def searcher(readable: Readable, vectors: Callable[[], VectorIndex]) -> Searcher:
            documents = readable.paths if isinstance(readable, Overlay) else frozenset()
            return Searcher(
                readable,
                self._encoder,
                vectors,
                index_exit,
                rerank_exit,
                dim,
                lambda: 0.0 if self.hurried else config.rerank_ms / 1000,
                cancelled=self._is_cancelled,
                gone=lambda path: path not in documents and self._is_gone(path),
            )

        self._saved = searcher(store, self._vectors.get)
        space = Space(model.model_id, index_exit, dim, rerank_exit)
        self._desk = OpenDocuments(root, config, store, self._encoder, space, self._vectors.get, searcher)
        self._duplication = DuplicateFinder(store)
        self._interest = FilePriority()
        self._indexing = IndexPipeline(root, config, store, self._exits, self._encoder, self._vectors, self._interest)

    @classmethod
    def open(cls, root: Path, config: Config | None = None) -> Engine:
        """Open the workspace at `root`; its index is made when there is none.

        Raises `WorkspaceError` when the folder cannot be searched, `IndexStoreError` when the index cannot be
        written, `ModelError` when the model's configuration cannot be read or lacks an exit that is asked for.
        """
        config = config or Config()
        root = resolve_root(root)
        index = cache_path(root, config)
        try:
            return cls(root, config, Store(index))
        except IndexDamagedError as error:
            log.warning("%s", error)
            return cls(root, config, Store(index))

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the index file, and end the processes that read the repository's history."""
        self._indexing.close()
        try:
            self._vectors.save()
        finally:
            self._store.close()

    @property
    def root(self) -> Path:
        """The workspace's folder, absolute."""
        return self._root

    def trouble(self) -> str:
        """Why the workspace's folder cannot be looked into now, in words; empty if it can. Takes some microseconds.

        What the index knows of it is kept until it is there again.
        """
        return root_trouble(self._root)

    def missing(self) -> list[str]:
        """Files that were not there any more when searches since the last call came upon them."""
        missing, self._missing = sorted(self._missing), set()
        return missing

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        """Bring the index up to date, one short piece of work at a time; the last one has `Stage.READY`.

        `paths` are files or folders, relative to the root, that were changed, created or deleted; None looks at the
        whole workspace. Stopping between two steps loses nothing.
        """
        return self._indexing.steps(paths)

    def index(self, paths: Sequence[str] | None = None) -> None:
        """Bring the index up to date and return when that is done."""
        for _ in self.index_steps(paths):
            pass

    def idle_steps(self) -> Iterator[Progress]:
        """Do what makes the index better and can wait, one short piece of work at a time, all of `Stage.DEEPEN`.

        Functions of files that somebody works with come first. Stopping between two steps loses nothing.
        """
        return self._indexing.idle_steps()

    def attend(self, paths: Sequence[str]) -> None:
        """Somebody works with these files, relative to the root, now: their functions come before others."""
        self._interest.note(paths)

    def open_document(self, path: str, text: str, language: str = "") -> None:
        """The viewer has a document open whose text is this now: its searches see it instead of the file.

        `path` is relative to the root, or begins with `untitled:`, where `language` is needed. What would be left out
        as a file is not seen. A document counts until it is closed, or the index has the same from its file.
        """
        self._desk.open(self.viewer, path, text, language)

    def close_document(self, path: str) -> None:
        """The viewer has closed a document: its searches see the file again."""
        self._desk.close(self.viewer, path)

    def close_documents(self) -> None:
        """The viewer has closed everything."""
        self._desk.leave(self.viewer)

    def document_steps(self) -> Iterator[None]:
        """Make the vectors that open documents lack, in short steps."""
        return self._desk.embed()

    def search(
        self,
        query: str,
        limit: int = 10,
        filters: Filters | None = None,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> list[Hit]:
        """Functions that answer a query, best first: the last answer of `search_steps`."""
        *_, result = self.search_steps(query, limit, filters, steps, weights)
        return list(result.hits)

    def search_steps(
        self,
        query: str,
        limit: int = 10,
        filters: Filters | None = None,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> Iterator[SearchResult]:
        """Answers to a query, one or two: an order that is there at once, then the final one where vectors are made.

        The query may be a question, a name, a path, an error message or code. `steps` and `weights` are for
        comparisons. Raises `QueryError` for impossible filters.
        """
        for result in self._searcher().search(query, limit, filters or Filters(), LANGUAGE_NAMES, steps, weights):
            self._interest.note([hit.path for hit in reversed(result.hits)])
            yield result

    def similar_at(
        self, path: str, line: int, limit: int = 10, filters: Filters | None = None
    ) -> tuple[Place | None, list[Hit]]:
        """The innermost function at a line, and those like it: the last answer of `similar_steps_at`."""
        *_, result = self.similar_steps_at(path, line, limit, filters)
        return result.compared, list(result.hits)

    def similar_to(self, snippet: str, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
        """Functions like a piece of code: the last answer of `similar_steps_to`."""
        *_, result = self.similar_steps_to(snippet, limit, filters)
        return list(result.hits)

    def similar_steps_at(
        self, path: str, line: int, limit: int = 10, filters: Filters | None = None
    ) -> Iterator[SearchResult]:
        """Functions like the innermost one at a 1-based line of a file or open document, which itself is left out.

        One or two answers, as `search_steps` has it, that say what was `compared`. `path` is as `open_document`
        takes it. Raises `QueryError` when there is no such file or no code there.
        """
        relative = self._desk.name(path)
        if relative is None:
            raise QueryError(f"{path} is not in the workspace {self._root}")
        seen = self._desk.readable(self.viewer)
        here = [stored for stored in seen.functions_of(relative) if _covers(stored.function, line)]
        if not here:
            known = seen.has_file(relative)
            raise QueryError(f"there is no code at {path}:{line}" if known else f"{path} is not in the index")
        innermost = min(here, key=lambda stored: stored.function.end_byte - stored.function.start_byte)
        yield from self._searcher().similar_function(innermost, limit, filters or Filters(), LANGUAGE_NAMES)

    def similar_steps_to(self, snippet: str, limit: int = 10, filters: Filters | None = None) -> Iterator[SearchResult]:
        """Functions like a piece of code, as `search_steps` has it. Raises `QueryError` when there is no code in it."""
        if not snippet.strip():
            raise QueryError("the snippet is empty")
        yield from self._searcher().similar(snippet, limit, filters or Filters(), LANGUAGE_NAMES)

    def duplicates(
        self,
        filters: Filters | None = None,
        loosest: CloneKind = CloneKind.NEAR,
        threshold: float = NEAR,
        min_tokens: int = MIN_TOKENS,
    ) -> list[CloneGroup]:
        """Groups of functions that are copies of each other, those with the most repeated code first.

        Only functions that pass the filters and have `min_tokens` are compared, each within its language. Those of
        files that are gone are left out. Needs what `index_steps` reads of the files, but no vectors. Raises
        `QueryError` for impossible filters and thresholds.
        """
        if not 0 < threshold <= 1:
            raise QueryError(f"the threshold must be above 0 and at most 1, not {threshold:g}")
        gone: set[str] = set()
        for _ in range(2):
            groups = self._duplication.find(filters or Filters(), LANGUAGE_NAMES, loosest, threshold, min_tokens, gone)
            gone |= {path for path in {clone.path for group in groups for clone in group.clones} if self._is_gone(path)}
            left = [group for group in groups if gone.isdisjoint(clone.path for clone in group.clones)]
            if len(left) == len(groups):
                break
        return left

    def duplicates_steps(self) -> Iterator[tuple[int, int]]:
        """Do what `duplicates` has to do once for every function, in short steps; yields how many of how many."""
        return self._duplication.steps()

    def status(self) -> IndexStatus:
        """What is in the index now."""
        files, functions = self._store.counts()
        embedded = self._store.embedded(self._exits.model, self._exits.index)
        return IndexStatus(
            root=str(self._root),
            index_path=str(self._store.path or ""),
            index_bytes=self._store.size_bytes(),
            model=self._exits.model,
            index_exit=self._exits.index,
            files=files,
            functions=functions,
            embedded=embedded,
            coverage=self._coverage(functions, embedded, functions + self._indexing.unread),
            languages=self._store.functions_by_language(),
            skipped=self._store.skipped_by_reason(),
            skipped_files=tuple(self._store.skipped_files(_SKIPPED_SHOWN)),
        )

    def clear(self) -> None:
        """Forget all files, so that the next `index_steps` reads every one anew. Vectors of known texts are kept."""
        self._store.clear()
        self._vectors.forget()

    def _coverage(self, functions: int, embedded: int, total: int) -> tuple[Coverage, ...]:
        exits = self._exits
        coverage = [Coverage(Stage.PARSE, None, functions, total)]
        coverage.append(Coverage(Stage.EMBED, exits.index, embedded, total))
        if exits.rerank != exits.index:
            done = self._store.embedded(exits.model, exits.rerank)
            coverage.append(Coverage(Stage.DEEPEN, exits.rerank, done, total))
        return tuple(coverage)

    def _is_gone(self, path: str) -> bool:
        gone = is_gone(self._root, path)
        if gone:
            self._missing.add(path)
        return gone

    def _searcher(self) -> Searcher:
        return self._desk.searcher(self.viewer) or self._saved

    def _is_cancelled(self) -> bool:
        return self.cancelled()

    def _encoder(self) -> Encoder:
        if self._loaded_encoder is None:
            self._loaded_encoder = load_encoder(self._model_folder, self._config.runtime, self._config.threads)
        return self._loaded_encoder


def _covers(function: Function, line: int) -> bool:
    return function.start_line <= line <= function.end_line
