"""How often what is typed exactly comes first: literals, error messages, constants, and lines of files.

    python benchmarks/exact.py [--cache FOLDER] [--sample N] ROOT...

Samples each kind from the units of every tree with a fixed seed and searches it through the engine by words, names and
text, without vectors. An answer is every unit whose text has the literal as it stands, the unit that defines the
constant, or the innermost unit at the line. Literals and messages are asked for without quotes; messages have words in
place of the placeholders. Plain questions show how often the signal for exact text is heard where it should not be.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.search import ALL_STEPS, Step
from fathom_indexer.storage import Store, StoredFunction
from fathom_indexer.types import FUNCTION_KINDS, Progress, Stage
from fathom_indexer.workspace import cache_path

Item = TypeVar("Item")

SEED = 17
STEPS = ALL_STEPS - {Step.VECTORS, Step.DEEP}
LITERAL = re.compile(r'"([^"\\\n]{8,120})"' + r"|'([^'\\\n]{8,120})'")
PLACEHOLDER = re.compile(r"%[-+#0]*\d*(?:\.\d+)?[sdfrvqx@]|\$\{[^{}]*\}|#\{[^{}]*\}|\{[\w.!:]*\}")
CONSTANT = re.compile(
    r"^[ \t]*(?:\#[ \t]*define[ \t]+|(?:[\w<>\[\]:*&]+[ \t]+)*)([A-Z][A-Z0-9]*_[A-Z0-9_]+)"
    r"(?:[ \t]*(?::[^=\n]+)?=(?![=>])"
    r"|[ \t]+[\"'\d(])",
    re.MULTILINE,
)
FAILS = re.compile(r"\b(?:raise|throw|panic|error|Error|Errorf|fail|abort|die|warn|Exception)\b[^\n]{0,60}$")


@dataclass(frozen=True)
class Asked:
    """A query and the units, as path and first line, that answer it."""

    kind: str
    query: str
    answers: frozenset[tuple[str, int]]


def main() -> None:
    """Measure the trees that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("roots", nargs="+", type=Path)
    parser.add_argument("--cache", type=Path, help="where indexes are kept; a temporary folder if left out")
    parser.add_argument("--sample", type=int, default=40, help="queries of each kind and tree")
    parser.add_argument("--questions", type=Path, help="a folder of questions (NAME.json) that are no exact text")
    parser.add_argument("--misses", action="store_true", help="show what did not come first")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        config = Config(cache_dir=str(arguments.cache or temporary))
        ranks: dict[tuple[str, str], list[int]] = defaultdict(list)
        seconds: dict[str, list[float]] = defaultdict(list)
        for root in arguments.roots:
            with Engine.open(root, config) as engine:
                read(engine)
                for asked in sample(units(root, config), root, arguments.sample):
                    started = time.perf_counter()
                    hits = engine.search(asked.query, 10, steps=STEPS)
                    seconds[asked.kind].append(time.perf_counter() - started)
                    places = [(hit.path, hit.function.start_line) for hit in hits]
                    rank = next((number for number, place in enumerate(places, 1) if place in asked.answers), 0)
                    ranks[root.name, asked.kind].append(rank)
                    ranks["all", asked.kind].append(rank)
                    if arguments.misses and rank != 1:
                        print(
                            f"{root.name} {asked.kind} {rank}: {asked.query!r} {places[:2]} {sorted(asked.answers)[:2]}"
                        )
                if arguments.questions:
                    heard(engine, arguments.questions / f"{root.name}.json", seconds)
    print(f"{'':14} {'kind':14} {'n':>5} {'first':>6} {'in 5':>6}")
    for (name, kind), found in ranks.items():
        first, five = sum(rank == 1 for rank in found), sum(0 < rank <= 5 for rank in found)
        print(f"{name:14} {kind:14} {len(found):5} {first / len(found):6.3f} {five / len(found):6.3f}")
    for kind, times in seconds.items():
        times.sort()
        print(f"{kind}: p50 {1000 * times[len(times) // 2]:.1f} ms, p95 {1000 * times[int(len(times) * 0.95)]:.1f} ms")


def read(engine: Engine) -> None:
    """Read all files of a workspace, without making vectors."""
    for progress in engine.index_steps():
        if isinstance(progress, Progress) and progress.stage not in (Stage.SCAN, Stage.PARSE):
            break


def units(root: Path, config: Config) -> list[StoredFunction]:
    """All units of a workspace that was read."""
    store = Store(cache_path(root.resolve(), config))
    try:
        return list(store.functions(sorted(store.ids_where())).values())
    finally:
        store.close()


def heard(engine: Engine, file: Path, seconds: dict[str, list[float]]) -> None:
    """Print the plain questions for which a candidate among the first ten was taken for exact."""
    if not file.exists():
        return
    for question in json.loads(file.read_text()):
        started = time.perf_counter()
        hits = engine.search(question["query"], 10, steps=STEPS)
        seconds["question"].append(time.perf_counter() - started)
        if any(part.step in (Step.EXACT.value, Step.LOCATION.value) for hit in hits for part in hit.explanation):
            print(f"heard as exact: {question['query']!r}")


def sample(every: list[StoredFunction], root: Path, size: int) -> Iterator[Asked]:
    """The queries for one tree."""
    chance = random.Random(f"{SEED} {root.name}")
    literals: dict[str, None] = {}
    messages: dict[str, None] = {}
    constants: dict[str, set[tuple[str, int]]] = {}
    for stored in every:
        text = stored.function.text
        for match in LITERAL.finditer(text):
            literal = match[1] or match[2]
            if len(re.findall(r"[A-Za-z]{2,}", literal)) >= 3 and " " in literal:
                (messages if FAILS.search(text[: match.start()][-80:]) else literals)[literal.strip()] = None
        for match in CONSTANT.finditer(text):
            if stored.function.kind not in FUNCTION_KINDS:
                constants.setdefault(match[1], set()).add(place_of(stored))
    for literal in chosen(chance, list(literals), size):
        if not PLACEHOLDER.search(literal):
            yield Asked(
                "literal", literal, frozenset(place_of(item) for item in every if literal in item.function.text)
            )
    for literal in chosen(chance, list(messages), size):
        typed = PLACEHOLDER.sub(lambda match: f"value{len(match[0])}", literal)
        yield Asked("message", typed, frozenset(place_of(item) for item in every if literal in item.function.text))
    for name in chosen(chance, list(constants), size):
        yield Asked("constant", name, frozenset(constants[name]))
    by_path: dict[str, list[StoredFunction]] = defaultdict(list)
    for stored in every:
        by_path[stored.path].append(stored)
    functions = [item for item in every if item.function.kind in FUNCTION_KINDS]
    shapes = (
        "{path}:{line}",
        "{root}/{path}:{line}:3",
        "../{name}/{path}:{line}",
        'File "{path}", line {line}',
        "{path}({line},2)",
    )
    for number, stored in enumerate(chosen(chance, functions, size)):
        line = chance.randint(stored.function.start_line, stored.function.end_line)
        around = [item for item in by_path[stored.path] if item.function.start_line <= line <= item.function.end_line]
        least = min(item.function.end_line - item.function.start_line for item in around)
        answers = [item for item in around if item.function.end_line - item.function.start_line == least]
        shape = shapes[number % len(shapes)]
        query = shape.format(path=stored.path, line=line, root=root.resolve(), name=root.name)
        yield Asked("line", query, frozenset(map(place_of, answers)))


def chosen(chance: random.Random, items: list[Item], size: int) -> list[Item]:
    """At most `size` of the items."""
    return chance.sample(items, min(size, len(items)))


def place_of(stored: StoredFunction) -> tuple[str, int]:
    """What tells a unit from others of its tree."""
    return stored.path, stored.function.start_line


if __name__ == "__main__":
    main()
