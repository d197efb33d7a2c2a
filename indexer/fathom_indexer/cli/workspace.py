"""The workspace of a command: the indexer that runs for it, else an engine in this process.

Editors keep an indexer running for the folders they have open. A command uses it, which saves loading the model and the
vectors, and leaves the indexing to it. Where none runs, a command opens an engine of its own and starts no indexer.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fathom_indexer.cli.options import config_from
from fathom_indexer.config import INDEX_CONTENT, Config
from fathom_indexer.engine import Engine
from fathom_indexer.process.locks import NO_LEASE, IndexLease
from fathom_indexer.process.rendezvous import Rendezvous, RendezvousError
from fathom_indexer.types import CloneGroup, IndexStatus, Progress
from fathom_indexer.wire.messages import DuplicatesRequest, SearchRequest, SearchResponse
from fathom_indexer.workspace import resolve_root

if TYPE_CHECKING:
    from fathom_indexer.cli.running import RunningIndexer
    from fathom_indexer.process.handshake import Welcome

logger = logging.getLogger(__name__)

_LEASE_INTERVAL = 0.1
"""Seconds between two attempts to get the index lease."""


class Workspace(Protocol):
    """The methods that commands use; `fathom_indexer.engine.Engine` documents them."""

    @property
    def root(self) -> Path: ...
    def index_steps(self) -> Iterator[Progress]: ...
    def idle_steps(self) -> Iterator[Progress]: ...
    def answer(self, request: SearchRequest) -> SearchResponse: ...
    def duplicates_steps(self) -> Iterator[tuple[int, int]]: ...
    def duplicate_groups(self, request: DuplicatesRequest) -> list[CloneGroup]: ...
    def status(self) -> IndexStatus: ...
    def clear(self) -> None: ...


class OwnEngine(Engine):
    """An engine in this process, which indexes only while no other process indexes the same workspace."""

    lease: IndexLease = NO_LEASE

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        """As `Engine.index_steps`, once this process has the index lease."""
        if not self.lease.acquire():
            logger.warning(
                "another process is indexing this folder; waiting for it (--no-refresh searches what is there)"
            )
            while not self.lease.acquire():
                time.sleep(_LEASE_INTERVAL)
        try:
            yield from super().index_steps(paths)
        finally:
            self.lease.release()


@contextmanager
def open_workspace(options: argparse.Namespace) -> Iterator[Workspace]:
    """The workspace at `PATH` as the options want it. Raises the errors of `Engine.open`."""
    root, config = resolve_root(options.path), _config(options)
    lease: IndexLease = NO_LEASE
    try:
        rendezvous = Rendezvous.open(root, config.cache_directory())
        lease = rendezvous.lease()
        if rendezvous.address() is not None:
            running, config, lease = _find(root, config)
            if running is not None:
                with running:
                    yield running
                return
    except RendezvousError as error:
        logger.warning("%s; working without the running indexer", error)
    engine = OwnEngine.open(root, config)
    engine.lease = lease
    with engine:
        yield engine


def running_indexer(options: argparse.Namespace) -> Welcome | None:
    """The indexer that serves `PATH` now; None if there is none."""
    root, config = resolve_root(options.path), _config(options)
    try:
        if Rendezvous.open(root, config.cache_directory()).address() is None:
            return None
        from fathom_indexer.cli.running import look_up  # noqa: PLC0415

        return look_up(root, config)
    except RendezvousError as error:
        logger.warning("%s", error)
        return None


def _config(options: argparse.Namespace) -> Config:
    """The configuration of the options, with an absolute path of the model, as other processes have it."""
    config = config_from(options)
    return replace(config, model=config.model and str(Path(config.model).absolute()))


def _find(root: Path, config: Config) -> tuple[RunningIndexer | None, Config, IndexLease]:
    """The compatible indexer, if one runs; the configuration for an engine without it, and its index lease."""
    # Imported only when an indexer runs.
    from fathom_indexer.cli.running import RunningIndexer  # noqa: PLC0415

    # A command without options of its own takes the index with the settings of an editor.
    default = Config()
    special = any(getattr(config, name) != getattr(default, name) for name in INDEX_CONTENT)
    return RunningIndexer.find(root, config, any_settings=not special)
