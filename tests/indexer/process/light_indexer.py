"""The real indexer process around an engine that is ready at once: `light_indexer.py --root DIR ... [--shared]`.

LIGHT_VERSION in the environment is the version that it claims to be, LIGHT_LOOPBACK has it listen on a port,
LIGHT_BROKEN keeps its engine from being opened. Every look at the workspace is noted in `looks.txt` there. A search for
`forever` makes `searching.txt` there and goes on until it is cancelled.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from stand_in_engine import StandInEngine

import fathom_indexer
from fathom_indexer.config import Config
from fathom_indexer.errors import IndexStoreError
from fathom_indexer.process import handshake, rendezvous, service, socket_server
from fathom_indexer.types import NO_CONTEXT, FunctionRef, Hit, IndexStatus, Kind, Progress, RequestContext, Stage
from fathom_indexer.wire.messages import SearchRequest, SearchResponse, WordsQuery
from fathom_indexer.workspace import root_trouble


class LightEngine(StandInEngine):
    """Finds one function, named like the query."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        with (self._root / "looks.txt").open("a") as looks:
            looks.write(f"{os.getpid()} {'+'.join(paths or ['all'])}\n")
        yield Progress(Stage.PARSE, 1, 1)
        yield Progress(Stage.READY, 1, 1)

    def search_steps(self, request: SearchRequest, context: RequestContext = NO_CONTEXT) -> Iterator[SearchResponse]:
        if not isinstance(request.query, WordsQuery):
            yield SearchResponse()
            return
        query = request.query.text
        if query == "forever":
            (self._root / "searching.txt").touch()
        while query == "forever" and not context.cancelled():
            time.sleep(0.01)
        function = FunctionRef("a.py", query, query, Kind.FUNCTION, "python", f"def {query}", 1, 1)
        yield SearchResponse((Hit(function, 0.5, ""),), 1, 1)

    def status(self) -> IndexStatus:
        return IndexStatus(str(self._root), "", 0, "light", 0, 1, 1, 1)

    def trouble(self) -> str:
        return root_trouble(self._root)


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
