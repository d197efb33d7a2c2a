"""What an index holds now, and how far each of its stages has come."""

from __future__ import annotations

from pathlib import Path

from fathom_indexer.embedding_space import EmbeddingSpace
from fathom_indexer.storage import Store
from fathom_indexer.types import Coverage, IndexStatus, Stage

_SKIPPED_SHOWN = 200


def index_status(root: Path, store: Store, space: EmbeddingSpace, unread: int) -> IndexStatus:
    """The content of the index of a workspace, of which so many files are `unread`."""
    files, functions = store.counts()
    embedded = store.embedded(space.model, space.index_exit)
    return IndexStatus(
        root=str(root),
        index_path=str(store.path or ""),
        index_bytes=store.size_bytes(),
        model=space.model,
        index_exit=space.index_exit,
        files=files,
        functions=functions,
        embedded=embedded,
        coverage=_coverage(store, space, functions, embedded, functions + unread),
        languages=store.functions_by_language(),
        skipped=store.skipped_by_reason(),
        skipped_files=tuple(store.skipped_files(_SKIPPED_SHOWN)),
    )


def _coverage(store: Store, space: EmbeddingSpace, functions: int, embedded: int, total: int) -> tuple[Coverage, ...]:
    coverage = [
        Coverage(Stage.PARSE, None, functions, total),
        Coverage(Stage.EMBED, space.index_exit, embedded, total),
    ]
    if len(space.exits) > 1:
        done = store.embedded(space.model, space.rerank_exit)
        coverage.append(Coverage(Stage.DEEPEN, space.rerank_exit, done, total))
    return tuple(coverage)
