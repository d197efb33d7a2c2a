"""Search stays as good as it was on code that others wrote: packages from the registries, at fixed versions.

Their own documentation asks the questions, and is taken out of the source (`fathom_research.evaluation.documented`).
None of them is among the packages that the encoder was trained on. The floors are a little below today's figures, which
a failure shows; raise them when search gets better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import NamedTuple, NoReturn

import packages
import pytest
from commands import CommandFailedError

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.search import ALL_STEPS, Step, Steps
from fathom_research.evaluation import DocumentedFunction, ask_documentation, function_rank

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(900)]

QUESTIONS = 50
"""Asked of each package."""
DEPTH = 10

WORDS: Steps = frozenset({Step.WORDS})
VECTORS: Steps = frozenset({Step.VECTORS})

WORDS_FLOOR = 0.25
FLOOR = 0.34


class Package(NamedTuple):
    """Where code that is searched comes from."""

    unpack: Callable[[str, str, Path], None]
    name: str
    version: str
    sources: str


PACKAGES = (
    Package(packages.from_pypi, "trio", "0.32.0", "trio/*.py"),
    Package(packages.from_npm, "svelte", "5.43.8", "package/src/**/*.js"),
    Package(packages.from_npm, "@reduxjs/toolkit", "2.10.1", "package/src/**/*.ts*"),
)


def lay_out(package: Package, folder: Path) -> list[DocumentedFunction]:
    """Put a package's source into `folder`, without the documentation that makes the questions about it."""
    with TemporaryDirectory() as unpacked:
        package.unpack(package.name, package.version, Path(unpacked))
        sources = sorted(Path(unpacked).glob(package.sources))
        files = {file.relative_to(unpacked).as_posix(): file.read_bytes() for file in sources}
    asked, changed = ask_documentation(files, QUESTIONS)
    for path, source in {**files, **changed}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(source)
    return asked


def reciprocal_ranks(engine: Engine, asked: Sequence[DocumentedFunction], steps: Steps) -> list[float]:
    """Of the function that each question means; 0 where it is not among the hits."""
    hits = [engine.search(one.question, DEPTH, steps=steps) for one in asked]
    ranks = [function_rank(found, one.path, one.function).rank for found, one in zip(hits, asked, strict=True)]
    return [1 / rank if rank else 0.0 for rank in ranks]


def test_functions_are_found_by_their_documentation(tmp_path: Path, give_up: Callable[[str], NoReturn]) -> None:
    of_words, of_vectors, of_all = [], [], []
    # Vectors of the rerank exit are made however long that takes, so that figures do not depend on the machine. One
    # thread, since other tests use the other cores.
    config = Config(cache_dir=str(tmp_path / "cache"), rerank_ms=600_000, threads=1)
    for number, package in enumerate(PACKAGES):
        folder = tmp_path / str(number)
        try:
            asked = lay_out(package, folder)
        except CommandFailedError as error:
            give_up(str(error))
        assert len(asked) == QUESTIONS
        with Engine.open(folder, config) as engine:
            engine.index()
            # In large batches, where a search would make them four at a time.
            for _ in engine._indexing._embedder.rerank_steps():
                pass
            of_words += reciprocal_ranks(engine, asked, WORDS)
            of_vectors += reciprocal_ranks(engine, asked, VECTORS)
            of_all += reciprocal_ranks(engine, asked, ALL_STEPS)
    words, vectors, whole = (fmean(ranks) for ranks in (of_words, of_vectors, of_all))
    assert words >= WORDS_FLOOR
    assert whole >= FLOOR
    assert whole > max(words, vectors)
