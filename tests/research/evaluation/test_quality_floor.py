"""Search stays as good as it was: our own questions about a part of Python's standard library.

The questions stand in `benchmarks/questions/stdlib.json`. The floors are a little below what Python 3.10
and 3.11 give, as the library differs a little from version to version; raise them when search gets better.
"""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.languages.extract import extract
from fathom_indexer.languages.registry import language_named
from fathom_indexer.search import ALL_STEPS, Step, Steps
from fathom_indexer.types import Hit
from fathom_research.evaluation import CodeRange, Question, answers_ndcg, asked_function, function_rank, read_questions

pytestmark = pytest.mark.slow

QUESTIONS = Path(__file__).parents[3] / "benchmarks" / "questions" / "stdlib.json"

# Modules that every Python from 3.10 on has as the same files.
MODULES = """
    argparse base64 bisect cmd configparser contextlib copy csv difflib fnmatch functools getpass glob gzip heapq hmac
    linecache mimetypes netrc pprint queue random secrets shlex shutil smtplib statistics subprocess
    tarfile tempfile textwrap threading timeit webbrowser
""".split()
PACKAGES = ("html", "json", "urllib")

WORDS: Steps = frozenset({Step.WORDS})
VECTORS: Steps = frozenset({Step.VECTORS})

WORDS_FLOOR = 0.88
FLOOR = 0.92
SYMBOL_FLOOR = 0.95
FUNCTION_FLOOR = 0.9

Ask = Callable[[Question, Steps], list[Hit]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of the standard library."""
    source, folder = Path(sysconfig.get_path("stdlib")), tmp_path_factory.mktemp("library")
    for name in MODULES:
        shutil.copy(source / f"{name}.py", folder)
    for name in PACKAGES:
        shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def ask(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    # Deep vectors are made however long that takes, so that figures do not depend on the machine.
    config = Config(cache_dir=str(tmp_path_factory.mktemp("cache")), rerank_ms=600_000)
    with Engine.open(library, config) as engine:
        engine.index()
        yield lambda question, steps: engine.search(question.text, 10, steps=steps)


def mean_ndcg(ask: Ask, steps: Steps, category: str | None = None) -> float:
    values = [
        answers_ndcg([CodeRange(hit.path) for hit in ask(question, steps)], question.answers)
        for question in read_questions(QUESTIONS)
        if category in (None, question.category)
    ]
    return sum(values) / len(values)


def test_words_alone(ask: Ask) -> None:
    assert mean_ndcg(ask, WORDS) >= WORDS_FLOOR


def test_the_whole_search(ask: Ask) -> None:
    whole = mean_ndcg(ask, ALL_STEPS)
    assert whole >= FLOOR
    assert whole > max(mean_ndcg(ask, WORDS), mean_ndcg(ask, VECTORS))


def test_symbols(ask: Ask) -> None:
    assert mean_ndcg(ask, ALL_STEPS, "symbol") >= SYMBOL_FLOOR


def test_the_very_function(library: Path, ask: Ask) -> None:
    """Where a question names one function of the labelled file, that one comes first."""
    python, first = language_named("python"), []
    for question in read_questions(QUESTIONS):
        path = question.main[0].path
        function = asked_function(question, extract((library / path).read_bytes(), python))
        if function is not None:
            first.append(function_rank(ask(question, ALL_STEPS), path, function).rank == 1)
    assert len(first) >= 18
    assert sum(first) / len(first) >= FUNCTION_FLOOR
