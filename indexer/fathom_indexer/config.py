"""Everything that can be set, with its default, in one definition.

Users set what the options of the command line and the settings of the server name (`cli/options.py`,
`docs/configuration.md`); both leave the rest as it is here. `index_exit`, `rerank_exit`, `dim` and `rerank_ms` are for
evaluation, benchmarks and tests.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """How a workspace is indexed and searched."""

    max_file_bytes: int = 1_000_000
    """Larger source files are skipped: they are data or generated far more often than they are code."""
    exclude: tuple[str, ...] = ()
    """Gitignore-style patterns to leave out, besides the ignore files and the built-in list."""
    model: str = ""
    """Folder of an encoder. Empty: the one in the package."""
    runtime: str = "onnx"
    """What runs the encoder: `onnx` or `torch`."""
    index_exit: int | None = None
    """The exit whose vectors are searched. None: the model's own choice."""
    rerank_exit: int | None = None
    """The exit that orders the candidates. None: the model's own choice."""
    dim: int | None = None
    """Dimensions kept of an index vector. None: the model's own choice."""
    rerank_ms: int = 150
    """How long a search may make deep vectors that are missing, in milliseconds. They are kept for later searches."""
    history: bool = True
    """Whether the history of the workspace's git repository is read, in idle time, so that searches find functions by
    what commits said of them."""
    vectors: str = "auto"
    """`exact`, `hnsw`, or `auto`: exact up to the measured crossover, then HNSW where it is installed."""
    threads: int = 0
    """Threads of the encoder. 0: all cores for a command, half of them for the background indexer."""
    cache_dir: str = ""
    """Where indexes are kept. Empty: `$FATHOM_CACHE_DIR`, else the user's cache directory."""

    low_priority: bool = True
    """Whether the background indexer gives way to other programs."""
    pause_on_battery: bool = False
    """Whether the background indexer leaves what can wait (`Engine.idle_steps`) while there is no mains power."""
    pause_above_load: float = 0.0
    """Share of the processor, from 0 to 1, above which the work of others has it leave that, too. 0: never."""

    linger: float = 5.0
    """Seconds that the background indexer stays when its last client has left."""

    def cache_directory(self) -> str:
        """The folder that holds every workspace's index."""
        if self.cache_dir:
            return self.cache_dir
        if from_environment := os.environ.get("FATHOM_CACHE_DIR"):
            return from_environment
        from platformdirs import user_cache_dir  # noqa: PLC0415 - half of the commands never need it

        return user_cache_dir("fathom", appauthor=False)


APART = "apart"
"""The folder of private indexes in a cache: one cache for each set of settings that the shared indexes do not fit."""

INDEX_CONTENT = ("max_file_bytes", "exclude", "model", "index_exit", "rerank_exit", "dim", "history")
"""The settings that decide what is in an index and what a search finds: processes that share an index agree on them.
The others are about how the work is done.
"""
