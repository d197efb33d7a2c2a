"""The real indexer process around an engine that is ready at once: `light_indexer.py --root DIR ... [--shared]`.

LIGHT_VERSION in the environment is the version that it claims to be, LIGHT_LOOPBACK has it listen on a port,
LIGHT_BROKEN keeps its engine from being opened. Every look at the workspace is noted in `looks.txt` there. A search for
`forever` makes `searching.txt` there and goes on until it is cancelled.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import fathom_indexer
from fathom_indexer.config import Config
from fathom_indexer.errors import IndexStoreError
from fathom_indexer.process import handshake, rendezvous, service, socket_server
from fathom_indexer.types import (
    CloneGroup,
    CloneKind,
    Filters,
    Function,
    Hit,
    IndexStatus,
    Kind,
    Progress,
    SearchResult,
    Stage,
)
from fathom_indexer.workspace import root_trouble


class LightEngine:
    """Finds one function, named like the query."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.cancelled: Callable[[], bool] = lambda: False
        self.hurried = False
        self.viewer = 0

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        with (self._root / "looks.txt").open("a") as looks:
            looks.write(f"{os.getpid()} {'+'.join(paths or ['all'])}\n")
        yield Progress(Stage.PARSE, 1, 1)
        yield Progress(Stage.READY, 1, 1)

    def search_steps(self, query: str, limit: int = 10, filters: Filters | None = None) -> Iterator[SearchResult]:
        function = Function(query, query, Kind.FUNCTION, "python", f"def {query}", "", "", 0, 0, 1, 1)
        if query == "forever":
            (self._root / "searching.txt").touch()
        while query == "forever" and not self.cancelled():
            time.sleep(0.01)
        yield SearchResult((Hit("a.py", function, 0.5, ""),), 1, 1, complete=True)

    def idle_steps(self) -> Iterator[Progress]:
        return iter(())

    def attend(self, paths: Sequence[str]) -> None:
        pass

    def open_document(self, path: str, text: str, language: str = "") -> None:
        pass

    def close_document(self, path: str) -> None:
        pass

    def close_documents(self) -> None:
        pass

    def document_steps(self) -> Iterator[None]:
        return iter(())

    def similar_steps_at(
        self, path: str, line: int, limit: int = 10, filters: Filters | None = None
    ) -> Iterator[SearchResult]:
        yield SearchResult((), 0, 0, complete=True)

    def duplicates(
        self,
        filters: Filters | None = None,
        loosest: CloneKind = CloneKind.NEAR,
        threshold: float = 0.5,
        min_tokens: int = 1,
    ) -> list[CloneGroup]:
        return []

    def duplicates_steps(self) -> Iterator[tuple[int, int]]:
        return iter([(1, 1)])

    def similar_steps_to(self, snippet: str, limit: int = 10, filters: Filters | None = None) -> Iterator[SearchResult]:
        yield SearchResult((), 0, 0, complete=True)

    def status(self) -> IndexStatus:
        return IndexStatus(str(self._root), "", 0, "light", 0, 1, 1, 1)

    def trouble(self) -> str:
        return root_trouble(self._root)

    def missing(self) -> list[str]:
        return []

    def clear(self) -> None:
        pass

    def close(self) -> None:
        pass


def opener(root: Path, config: Config) -> service.Opener:
    def open_engine() -> LightEngine:
        if "LIGHT_BROKEN" in os.environ:
            raise IndexStoreError("the disk is full")
        return LightEngine(root)

    return open_engine


if __name__ == "__main__":
    service.opener = opener
    socket_server.START_GRACE = 5.0
    vars(handshake).update({"__version__": os.environ.get("LIGHT_VERSION", fathom_indexer.__version__)})
    if "LIGHT_LOOPBACK" in os.environ:
        rendezvous._listen = lambda folder: rendezvous._listen_loopback()
    sys.exit(service.main())
