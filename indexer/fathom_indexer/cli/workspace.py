"""The workspace that a command works on: asked of the indexer that runs for it, else opened in this process.

Editors keep an indexer running for the folders they have open. A command uses it, which saves loading the model and the
vectors, and leaves the indexing to it. Where none runs none is started: a command works by itself and is done.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from fathom_indexer.cli.options import config_from
from fathom_indexer.config import INDEX_CONTENT, Config
from fathom_indexer.engine import Engine
from fathom_indexer.process.locks import EVERYBODY, IndexLease
from fathom_indexer.process.rendezvous import Rendezvous, RendezvousError
from fathom_indexer.types import CloneGroup, CloneKind, Filters, Hit, IndexStatus, Place, Progress
from fathom_indexer.workspace import resolve_root

if TYPE_CHECKING:
    from fathom_indexer.cli.running import RunningIndexer
    from fathom_indexer.process.handshake import Welcome

log = logging.getLogger(__name__)

_TURN_INTERVAL = 0.1


class Workspace(Protocol):
    """What commands ask of a workspace; `fathom_indexer.engine.Engine` documents it."""

    @property
    def root(self) -> Path: ...
    def index_steps(self) -> Iterator[Progress]: ...
    def idle_steps(self) -> Iterator[Progress]: ...
    def search(self, query: str, limit: int, filters: Filters) -> list[Hit]: ...
    def similar_at(self, path: str, line: int, limit: int, filters: Filters) -> tuple[Place | None, list[Hit]]: ...
    def similar_to(self, snippet: str, limit: int, filters: Filters) -> list[Hit]: ...
    def duplicates_steps(self) -> Iterator[tuple[int, int]]: ...
    def duplicates(
        self, filters: Filters, loosest: CloneKind, threshold: float, min_tokens: int
    ) -> list[CloneGroup]: ...
    def status(self) -> IndexStatus: ...
    def clear(self) -> None: ...


class OwnEngine(Engine):
    """An engine in this process, which indexes only while no other process indexes the same workspace."""

    turn: IndexLease = EVERYBODY

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        """As `Engine.index_steps`, once it is this process's turn."""
        if not self.turn.acquire():
            log.warning("another process is indexing this folder; waiting for it (--no-refresh searches what is there)")
            while not self.turn.acquire():
                time.sleep(_TURN_INTERVAL)
        try:
            yield from super().index_steps(paths)
        finally:
            self.turn.release()


@contextmanager
def open_workspace(options: argparse.Namespace) -> Iterator[Workspace]:
    """The workspace at `PATH` as the options want it. Raises the errors of `Engine.open`."""
    root, config = resolve_root(options.path), _config(options)
    turn: IndexLease = EVERYBODY
    try:
        meeting = Rendezvous.open(root, config.cache_directory())
        turn = meeting.turn()
        if meeting.address() is not None:
            running, config, turn = _find(root, config)
            if running is not None:
                with running:
                    yield running
                return
    except RendezvousError as error:
        log.warning("%s; working without the running indexer", error)
    engine = cast("OwnEngine", OwnEngine.open(root, config))
    engine.turn = turn
    with engine:
        yield engine


def running_indexer(options: argparse.Namespace) -> Welcome | None:
    """Who indexes `PATH` now, if anybody does."""
    root, config = resolve_root(options.path), _config(options)
    try:
        if Rendezvous.open(root, config.cache_directory()).address() is None:
            return None
        from fathom_indexer.cli.running import look_up  # noqa: PLC0415

        return look_up(root, config)
    except RendezvousError as error:
        log.warning("%s", error)
        return None


def _config(options: argparse.Namespace) -> Config:
    """What the options ask for, with a model's folder by the name that other processes would give it."""
    config = config_from(options)
    return replace(config, model=config.model and str(Path(config.model).absolute()))


def _find(root: Path, config: Config) -> tuple[RunningIndexer | None, Config, IndexLease]:
    """The running indexer if it fits, the configuration with which to work without it, and the right to index then."""
    # Imported only when somebody is there to be asked.
    from fathom_indexer.cli.running import RunningIndexer  # noqa: PLC0415

    # Who asks for nothing special takes the index as an editor has set it up.
    default = Config()
    special = any(getattr(config, name) != getattr(default, name) for name in INDEX_CONTENT)
    return RunningIndexer.find(root, config, any_settings=not special)
