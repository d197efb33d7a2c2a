"""Search stays as good as it was on code that others wrote: packages from the registries, at fixed versions.

Their own documentation asks the questions, and is taken out of the source (`fathom_indexer.evaluation.documented`).
None of them is among the packages that the encoder was trained on. The floors are a little below today's figures, which
a failure shows; raise them when search gets better.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, NoReturn

import packages
import pytest
from commands import CommandFailedError

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.evaluation import ask_documentation, function_rank
from fathom_indexer.search import ALL_STEPS, Step, Steps

QUESTIONS = 50
DEPTH = 10


class Package(NamedTuple):
    """What is searched, and how well: mean reciprocal ranks of the function that is meant."""

    unpack: Callable[[str, str, Path], None]
    name: str
    version: str
    sources: str
    words: float
    whole: float


PACKAGES = (
    Package(packages.from_pypi, "trio", "0.32.0", "trio/**/*.py", 0.3, 0.4),
    Package(packages.from_npm, "svelte", "5.43.8", "package/src/**/*.js", 0.3, 0.4),
    Package(packages.from_npm, "@reduxjs/toolkit", "2.10.1", "package/src/**/*.ts*", 0.3, 0.4),
)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_functions_are_found_by_their_documentation(
    package: Package, tmp_path: Path, give_up: Callable[[str], NoReturn]
) -> None:
    try:
        package.unpack(package.name, package.version, tmp_path / "package")
    except CommandFailedError as error:
        give_up(str(error))
    sources = sorted((tmp_path / "package").glob(package.sources))
    files = {file.relative_to(tmp_path / "package").as_posix(): file.read_bytes() for file in sources}
    asked, changed = ask_documentation(files, QUESTIONS)
    for path, source in {**files, **changed}.items():
        bare = tmp_path / "bare" / path
        bare.parent.mkdir(parents=True, exist_ok=True)
        bare.write_bytes(source)
    # Deep vectors are made however long that takes, so that figures do not depend on the machine.
    config = Config(cache_dir=str(tmp_path / "cache"), rerank_ms=600_000)
    with Engine.open(tmp_path / "bare", config) as engine:
        engine.index()

        def reciprocal_rank(steps: Steps) -> float:
            hits = [engine.search(one.question, DEPTH, steps=steps) for one in asked]
            ranks = [function_rank(found, one.path, one.function).rank for found, one in zip(hits, asked, strict=True)]
            return sum(1 / rank for rank in ranks if rank) / len(ranks)

        words, vectors, whole = (reciprocal_rank(steps) for steps in ({Step.WORDS}, {Step.VECTORS}, ALL_STEPS))
    print(package.name, len(asked), words, vectors, whole)
    assert len(asked) == QUESTIONS
    assert words >= package.words
    assert whole >= package.whole
    assert whole > max(words, vectors)
