"""The engine's public interface: open a workspace, index it, search it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from fathom_indexer.config import Config
from fathom_indexer.documents import OpenDocuments, Overlay
from fathom_indexer.duplicates.clones import MIN_TOKENS, NEAR
from fathom_indexer.duplicates.sketch import SKETCH_FORMAT
from fathom_indexer.encoder import Encoder, EncoderConfig, load_encoder
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.encoder.text import TEXT_FORMAT
from fathom_indexer.errors import IndexDamagedError, QueryError
from fathom_indexer.indexing.duplicate_groups import DuplicateFinder
from fathom_indexer.indexing.pipeline import IndexPipeline
from fathom_indexer.indexing.priority import FilePriority
from fathom_indexer.indexing.status import index_status
from fathom_indexer.languages import LANGUAGES, fingerprint
from fathom_indexer.search import ALL_STEPS, DEFAULT_WEIGHTS, Searcher, Steps, Weights
from fathom_indexer.storage import WORDS_FORMAT, IndexReader, Store, StoredFunction
from fathom_indexer.types import (
    NO_CONTEXT,
    CloneGroup,
    CloneKind,
    Filters,
    Function,
    FunctionRef,
    Hit,
    IndexStatus,
    Progress,
    RequestContext,
)
from fathom_indexer.vectors import VectorIndex
from fathom_indexer.vectors.cache import VectorCache
from fathom_indexer.wire.messages import (
    DuplicatesRequest,
    LocationQuery,
    Query,
    SearchRequest,
    SearchResponse,
    SnippetQuery,
    WordsQuery,
)
from fathom_indexer.wire.validation import check_duplicates, check_request
from fathom_indexer.workspace import cache_path, is_gone, resolve_root, root_trouble

if TYPE_CHECKING:
    from typing_extensions import Self

logger = logging.getLogger(__name__)

LANGUAGE_NAMES = tuple(language.name for language in LANGUAGES)


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
        space = self._space = model.space(config.index_exit, config.rerank_exit, config.dim)
        whole = model.exit(space.rerank_exit).dims[0]
        # Without a deeper exit, these vectors also order the candidates.
        store.keep_length(space.model, space.index_exit, whole if len(space.exits) == 1 else space.dim)
        store.keep_length(space.model, space.rerank_exit, whole)
        self._vectors = VectorCache(store, self._space, config.vectors)
        self._loaded_encoder: Encoder | None = None
        self._missing: set[str] = set()

        def searcher(readable: IndexReader, vectors: Callable[[], VectorIndex]) -> Searcher:
            documents = readable.paths if isinstance(readable, Overlay) else frozenset()
            return Searcher(
                readable,
                self._encoder,
                vectors,
                space.index_exit,
                space.rerank_exit,
                space.dim,
                config.rerank_ms / 1000,
                gone=lambda path: path not in documents and self._is_gone(path),
            )

        self._saved = searcher(store, self._vectors.get)
        self._documents = OpenDocuments(root, config, store, self._encoder, self._space, self._vectors.get, searcher)
        self._duplicates = DuplicateFinder(store)
        self._priority = FilePriority()
        self._indexing = IndexPipeline(root, config, store, self._space, self._encoder, self._vectors, self._priority)

    @classmethod
    def open(cls, root: Path, config: Config | None = None) -> Self:
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
            logger.warning("%s", error)
            return cls(root, config, Store(index))

    def __enter__(self) -> Self:
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
    def languages(self) -> tuple[str, ...]:
        """The names of all languages that filters may name."""
        return LANGUAGE_NAMES

    @property
    def root(self) -> Path:
        """The workspace's folder, absolute."""
        return self._root

    def trouble(self) -> str:
        """The reason why the workspace's folder cannot be read now, in words; empty if it can. Takes some microseconds.

        The index of the folder is kept until it can be read again.
        """
        return root_trouble(self._root)

    def missing(self) -> list[str]:
        """Files that searches since the last call found to be deleted."""
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

        Functions of files with priority (`prioritize`) come first. Stopping between two steps loses nothing.
        """
        return self._indexing.idle_steps()

    def prioritize(self, paths: Sequence[str]) -> None:
        """Index these files, relative to the root, before others: a user works with them."""
        self._priority.note(paths)

    def open_document(self, path: str, text: str, language: str = "", client: int = 0) -> None:
        """Record the text of a document that a client has open: that client's searches see it instead of the file.

        `path` is relative to the root, or begins with `untitled:`, where `language` is needed. What would be left out
        as a file is not seen. A document counts until it is closed, or the index has the same text from its file.
        """
        self._documents.open(client, path, text, language)

    def close_document(self, path: str, client: int = 0) -> None:
        """Forget a document that a client has closed: that client's searches see the file again."""
        self._documents.close(client, path)

    def close_documents(self, client: int = 0) -> None:
        """Forget all documents of a client."""
        self._documents.leave(client)

    def document_steps(self) -> Iterator[None]:
        """Make the vectors that open documents lack, in short steps."""
        return self._documents.embed()

    def search_steps(
        self,
        request: SearchRequest,
        context: RequestContext = NO_CONTEXT,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
    ) -> Iterator[SearchResponse]:
        """Answers to a search: an order that is there at once, then closer ones where vectors are made or functions are
        read together with the query. The last one is final.

        The request has been checked (`wire.validation`). `steps` and `weights` are for comparisons. Raises `QueryError`
        for a location where there is no file or no code.
        """
        searcher = self._documents.searcher(context.client) or self._saved
        if isinstance(request.query, LocationQuery):
            yield from searcher.similar_function(self._function_at(request.query, context.client), request, context)
            return
        for response in searcher.search(request, context, steps, weights):
            if isinstance(request.query, WordsQuery):
                self._priority.note([hit.path for hit in reversed(response.hits)])
            yield response

    def answer(self, request: SearchRequest, context: RequestContext = NO_CONTEXT) -> SearchResponse:
        """The final answer to a search: the last one of `search_steps`."""
        *_, response = self.search_steps(request, context)
        return response

    def search(
        self,
        query: str,
        limit: int = 10,
        filters: Filters | None = None,
        steps: Steps = ALL_STEPS,
        weights: Weights = DEFAULT_WEIGHTS,
        client: int = 0,
    ) -> list[Hit]:
        """Functions that answer a query, best first, for callers in Python.

        The query may be a question, a name, a path, an error message or code. Raises `QueryError` for filters that
        name no language or kind.
        """
        request = self._checked(WordsQuery(query), limit, filters)
        *_, response = self.search_steps(request, RequestContext(client), steps, weights)
        return list(response.hits)

    def similar_at(
        self, path: str, line: int, limit: int = 10, filters: Filters | None = None
    ) -> tuple[FunctionRef | None, list[Hit]]:
        """The innermost function at a line (1-based) of a file or open document, and functions like it.

        For callers in Python. Raises `QueryError` as `search` and `search_steps` do.
        """
        response = self.answer(self._checked(LocationQuery(path, line), limit, filters))
        return response.compared, list(response.hits)

    def similar_to(self, snippet: str, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
        """Functions like a piece of code, for callers in Python. Raises `QueryError` if there is no code in it."""
        return list(self.answer(self._checked(SnippetQuery(snippet), limit, filters)).hits)

    def duplicates(
        self,
        filters: Filters | None = None,
        loosest: CloneKind = CloneKind.NEAR,
        threshold: float = NEAR,
        min_tokens: int = MIN_TOKENS,
    ) -> list[CloneGroup]:
        """All groups of `duplicate_groups`, for callers in Python. Raises `QueryError` for impossible parameters."""
        request = DuplicatesRequest(None, filters or Filters(), loosest, threshold, min_tokens)
        check_duplicates(request, LANGUAGE_NAMES)
        return self.duplicate_groups(request)

    def duplicate_groups(self, request: DuplicatesRequest) -> list[CloneGroup]:
        """Groups of functions that are copies of each other, those with the most repeated code first.

        Only functions that pass the filters and have `min_tokens` are compared, each within its language. Those of
        files that are gone are left out. Needs what `index_steps` reads of the files, but no vectors. The request has
        been checked (`wire.validation`).
        """
        loosest = request.loosest or CloneKind.NEAR
        threshold = NEAR if request.threshold is None else request.threshold
        min_tokens = MIN_TOKENS if request.min_tokens is None else request.min_tokens
        gone: set[str] = set()
        for _ in range(2):
            groups = self._duplicates.find(request.filters, loosest, threshold, min_tokens, gone)
            gone |= {path for path in {clone.path for group in groups for clone in group.clones} if self._is_gone(path)}
            left = [group for group in groups if gone.isdisjoint(clone.path for clone in group.clones)]
            if len(left) == len(groups):
                break
        return left[: request.limit]

    def duplicates_steps(self) -> Iterator[tuple[int, int]]:
        """Do what `duplicates` has to do once for every function, in short steps; yields how many of how many."""
        return self._duplicates.steps()

    def status(self) -> IndexStatus:
        """The content of the index now."""
        return index_status(self._root, self._store, self._space, self._indexing.unread)

    def clear(self) -> None:
        """Forget all files, so that the next `index_steps` reads every one anew. Vectors of known texts are kept."""
        self._store.clear()
        self._vectors.forget()

    def _is_gone(self, path: str) -> bool:
        gone = is_gone(self._root, path)
        if gone:
            self._missing.add(path)
        return gone

    def _checked(self, query: Query, limit: int, filters: Filters | None) -> SearchRequest:
        request = SearchRequest(query, limit, filters or Filters())
        check_request(request, LANGUAGE_NAMES)
        return request

    def _function_at(self, query: LocationQuery, client: int) -> StoredFunction:
        """The innermost function at a line. Raises `QueryError` when there is none."""
        path, line = query.path, query.line
        relative = self._documents.name(path)
        if relative is None:
            raise QueryError(f"{path} is not in the workspace {self._root}")
        readable = self._documents.readable(client)
        here = [stored for stored in readable.functions_of(relative) if _covers(stored.function, line)]
        if not here:
            known = readable.has_file(relative)
            raise QueryError(f"there is no code at {path}:{line}" if known else f"{path} is not in the index")
        return min(here, key=lambda stored: stored.function.end_byte - stored.function.start_byte)

    def _encoder(self) -> Encoder:
        if self._loaded_encoder is None:
            self._loaded_encoder = load_encoder(self._model_folder, self._config.runtime, self._config.threads)
        return self._loaded_encoder


def _covers(function: Function, line: int) -> bool:
    return function.start_line <= line <= function.end_line
