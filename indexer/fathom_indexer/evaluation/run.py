"""Runs a retrieval set through the store, encoder and ranking that a workspace uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from fathom_indexer.embedding_space import shorten
from fathom_indexer.encoder import Encoder, TextKind, code_text, text_key
from fathom_indexer.evaluation.retrieval_set import Document, Query, RetrievalSet
from fathom_indexer.search import (
    ALL_STEPS,
    DEFAULT_WEIGHTS,
    QueryKind,
    Ranking,
    Searcher,
    Step,
    Steps,
    Weights,
    understand,
    understand_code,
)
from fathom_indexer.storage import Store
from fathom_indexer.types import FileRecord, Function, Kind
from fathom_indexer.vectors import ExactIndex

DEPTH = 100
"""Least length of the rankings."""

_OF_FILES = frozenset({Step.COHERENCE, Step.DIVERSITY, Step.COPIES})
"""Steps that do not apply: documents of a set are not in files, and each is judged by itself."""


class Task(str, Enum):
    """The kind of queries: words that describe code, or code."""

    SEARCH = "search"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class QueryRanking:
    """A judged query with its candidates. `kind` is what the search took it for; `documents` are ids by candidate."""

    query: Query
    kind: QueryKind
    ranking: Ranking
    documents: dict[int, str]

    @property
    def names(self) -> list[str]:
        """Ids of documents, best first, without the query's own copy."""
        names = (self.documents[function_id] for function_id, _ in self.ranking.ranked)
        return [name for name in names if name != self.query.self_id]


def rank_all(
    retrieval_set: RetrievalSet,
    encoder: Encoder,
    task: Task = Task.SEARCH,
    steps: Steps = ALL_STEPS,
    index_exit: int | None = None,
    dim: int | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cache: Path | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
) -> dict[str, list[str]]:
    """Rank every judged query: document ids, best first, by query id. See `rank_each`."""
    ranked = rank_each(retrieval_set, encoder, task, steps, index_exit, dim, progress, cache, weights)
    return {found.query.id: found.names for found in ranked}


def rank_each(
    retrieval_set: RetrievalSet,
    encoder: Encoder,
    task: Task = Task.SEARCH,
    steps: Steps = ALL_STEPS,
    index_exit: int | None = None,
    dim: int | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cache: Path | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
) -> Iterator[QueryRanking]:
    """Rank every judged query, one after the other.

    `index_exit` and `dim` name the vectors that are searched, the model's own choice by default; the model's rerank
    exit orders the candidates, as in a workspace. Where a set names its documents' languages, a query that has a copy
    among them is taken to be in that one's. `cache` is an index file that keeps the vectors from one run to the next;
    None keeps nothing. `steps` and `weights` are for comparisons.
    """
    config = encoder.config
    layer = config.index_exit if index_exit is None else config.exit(index_exit).layer
    exits = {layer, config.rerank_exit} if Step.DEEP in steps else {layer}
    exits = exits if Step.VECTORS in steps else set()
    store, vectors = Store(cache), ExactIndex(dim or config.exit(layer).dims[0])
    try:
        document_ids = _fill(store, retrieval_set, encoder, sorted(exits), progress)
        if layer in exits:
            ids, rows = store.vectors(config.model_id, layer)
            if ids:
                vectors.add(ids, shorten(rows, dim))
        searcher = Searcher(store, lambda: encoder, lambda: vectors, layer, config.rerank_exit, dim)
        languages = {document.id: document.language for document in retrieval_set.documents}
        judged = [query for query in retrieval_set.queries if query.id in retrieval_set.judgements]
        for done, query in enumerate(judged, start=1):
            depth = max(DEPTH, len(retrieval_set.judgements[query.id]) + 1)
            asked = understand_code(query.text) if task is Task.SIMILAR else understand(query.text)
            language = languages.get(query.self_id or "", "")
            *_, ranking = searcher.rank(asked, depth, None, steps - _OF_FILES, weights, language)
            yield QueryRanking(query, asked.kind, ranking, document_ids)
            progress("rank", done, len(judged))
    finally:
        store.close()


def _fill(
    store: Store,
    retrieval_set: RetrievalSet,
    encoder: Encoder,
    exits: list[int],
    progress: Callable[[str, int, int], None],
) -> dict[int, str]:
    functions = [_function(document) for document in retrieval_set.documents]
    texts = [code_text(function, "") for function in functions]
    keys = [text_key(text) for text in texts]
    ids = store.put_file(FileRecord("corpus", "", 0, 0, ""), list(zip(functions, keys, strict=True))).ids
    backlogs = [store.texts_without_vector(encoder.config.model_id, layer) for layer in exits]
    missing = {key for files in backlogs for keys in files.values() for key in keys}
    missing_texts = {key: text for key, text in zip(keys, texts, strict=True) if key in missing}
    missing_keys, done = list(missing_texts), 0
    for positions, vectors in encoder.encode_batches(list(missing_texts.values()), TextKind.CODE, exits):
        for layer, rows in vectors.items():
            store.put_vectors(encoder.config.model_id, layer, [missing_keys[at] for at in positions], rows)
        done += len(positions)
        progress("embed", done, len(missing_keys))
    return dict(zip(ids, (document.id for document in retrieval_set.documents), strict=True))


def _function(document: Document) -> Function:
    text = document.text
    end = len(text.encode("utf-8", "replace"))
    return Function("", "", Kind.FUNCTION, document.language, "", "", text, 0, end, 1, text.count("\n") + 1)
