"""An engine for the indexer process that does nothing. Stand-ins override what their tests are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fathom_indexer.types import NO_CONTEXT, CloneGroup, IndexStatus, Progress, RequestContext
from fathom_indexer.wire.messages import DuplicatesRequest, SearchRequest, SearchResponse


class StandInEngine:
    """Has nothing to index and finds nothing."""

    languages: tuple[str, ...] = ("go", "python")

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        return iter(())

    def idle_steps(self) -> Iterator[Progress]:
        return iter(())

    def prioritize(self, paths: Sequence[str]) -> None:
        pass

    def open_document(self, path: str, text: str, language: str = "", client: int = 0) -> None:
        pass

    def close_document(self, path: str, client: int = 0) -> None:
        pass

    def close_documents(self, client: int = 0) -> None:
        pass

    def document_steps(self) -> Iterator[None]:
        return iter(())

    def search_steps(self, request: SearchRequest, context: RequestContext = NO_CONTEXT) -> Iterator[SearchResponse]:
        yield SearchResponse()

    def duplicate_groups(self, request: DuplicatesRequest) -> list[CloneGroup]:
        return []

    def duplicates_steps(self) -> Iterator[tuple[int, int]]:
        return iter([(1, 1)])

    def status(self) -> IndexStatus:
        return IndexStatus("/root", "/cache/i.db", 1, "model", 6, 2, 3, 3)

    def trouble(self) -> str:
        return ""

    def missing(self) -> list[str]:
        return []

    def clear(self) -> None:
        pass

    def close(self) -> None:
        pass
