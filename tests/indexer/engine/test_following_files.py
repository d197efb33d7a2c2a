"""Whatever happens to the files, in whatever order: an index that followed it is one that is made afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import contents
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.storage import Store

Tree = dict[str, str]
"""The content of each file."""

FOLDERS = ("", "lib/", "lib/deep/", "other/")
NAMES = ("a.py", "b.py", "c.go", "__init__.py")
QUERIES = ("read_x", "write the y", "def read_y(): return 2", "lib/a.py")

paths = st.builds(str.__add__, st.sampled_from(FOLDERS), st.sampled_from(NAMES))
roots = st.integers(0, 1)
functions = st.builds(
    "def {}_{}():\n    return {}\n".format,
    st.sampled_from(["read", "write"]),
    st.sampled_from("xyz"),
    st.integers(0, 3),
)
# Many have the same size, and the clock's tick is long: times and sizes tell little here.
sources = st.lists(functions, max_size=3).map("\n\n".join) | st.sampled_from(["", "def broken(:\n", "x = '\0'\n"])


@dataclass
class Root:
    """A folder with its index, its branches, and the paths of changes that the index was not told of yet."""

    folder: Path
    config: Config
    engine: Engine = field(init=False)
    branches: dict[str, Tree] = field(default_factory=lambda: {"main": {}})
    branch: str = "main"
    stashes: list[Tree] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.folder = self.folder.resolve()
        self.engine = Engine.open(self.folder, self.config)

    def tree(self) -> Tree:
        return {
            file.relative_to(self.folder).as_posix(): file.read_text()
            for file in self.folder.rglob("*")
            if file.is_file()
        }

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.untold.add(path)

    def remove(self, path: str) -> None:
        (self.folder / path).unlink()
        self.untold.add(path)

    def check_out(self, wanted: Tree) -> None:
        """As git does: only what is different is written."""
        there = self.tree()
        for path in there.keys() - wanted.keys():
            self.remove(path)
        for path, text in wanted.items():
            if there.get(path) != text:
                self.write(path, text)


class FollowingFiles(RuleBasedStateMachine):
    """Two folders whose files change in every way."""

    def __init__(self, place: Path, config: Config) -> None:
        super().__init__()
        self.place = place
        self.config = config

    @initialize(first=st.dictionaries(paths, sources, max_size=4))
    def begin(self, first: Tree) -> None:
        self.roots = [Root(self.place / f"root_{number}", self.config) for number in range(2)]
        for path, text in first.items():
            self.roots[0].write(path, text)

    def teardown(self) -> None:
        for root in getattr(self, "roots", []):
            root.engine.close()
        shutil.rmtree(self.place, ignore_errors=True)

    # --- what happens to files ---------------------------------------------------------------------------------

    @rule(number=roots, path=paths, text=sources)
    def edit(self, number: int, path: str, text: str) -> None:
        self.roots[number].write(path, text)

    @rule(number=roots, data=st.data())
    def delete(self, number: int, data: st.DataObject) -> None:
        root = self.roots[number]
        if tree := root.tree():
            root.remove(data.draw(st.sampled_from(sorted(tree))))

    @rule(number=roots, goal=roots, path=paths, data=st.data())
    def move(self, number: int, goal: int, path: str, data: st.DataObject) -> None:
        """Keeps the file's time, and may take the place of another, in the other root too."""
        root, other = self.roots[number], self.roots[goal]
        if tree := root.tree():
            moved = data.draw(st.sampled_from(sorted(tree)))
            (other.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (root.folder / moved).replace(other.folder / path)
            root.untold.add(moved)
            other.untold.add(path)

    @rule(number=roots, folder=st.sampled_from(FOLDERS[1:]), goal=st.sampled_from(["lib/", "moved/", "other/"]))
    def move_folder(self, number: int, folder: str, goal: str) -> None:
        root = self.roots[number]
        if (root.folder / folder).is_dir() and not (root.folder / goal).exists():
            root.untold |= {folder.rstrip("/"), goal.rstrip("/")}
            (root.folder / folder).rename(root.folder / goal)

    @rule(number=roots, folder=st.sampled_from(FOLDERS[1:]))
    def delete_folder(self, number: int, folder: str) -> None:
        root = self.roots[number]
        shutil.rmtree(root.folder / folder, ignore_errors=True)
        root.untold.add(folder.rstrip("/"))

    @rule(number=roots, folder=st.sampled_from(FOLDERS), pattern=st.sampled_from(["", "a.py\n", "deep/\n", "*.go\n"]))
    def ignore(self, number: int, folder: str, pattern: str) -> None:
        root = self.roots[number]
        root.write(f"{folder}.gitignore", pattern)
        # What its rules are for is told, as the indexer does it.
        root.untold.add(folder.rstrip("/"))

    @rule(number=roots, name=st.sampled_from(["main", "feature", "fix"]))
    def switch_branch(self, number: int, name: str) -> None:
        root = self.roots[number]
        root.branches[root.branch] = root.tree()
        root.check_out(root.branches.setdefault(name, root.tree()))
        root.branch = name

    @rule(number=roots)
    def stash(self, number: int) -> None:
        root = self.roots[number]
        root.stashes.append(root.tree())
        root.check_out(root.branches.get(root.branch, {}))

    @precondition(lambda self: any(root.stashes for root in self.roots))
    @rule()
    def pop(self) -> None:
        root = next(root for root in self.roots if root.stashes)
        root.check_out({**root.tree(), **root.stashes.pop()})

    # --- what the index does -----------------------------------------------------------------------------------

    @rule(number=roots)
    def look_at_everything(self, number: int) -> None:
        root = self.roots[number]
        root.engine.index()
        root.untold.clear()
        self.compare(root)

    @rule(number=roots)
    def hear_of_all_changes(self, number: int) -> None:
        root = self.roots[number]
        if "" in root.untold:
            self.look_at_everything(number)
            return
        root.engine.index(sorted(root.untold))
        root.untold.clear()
        # Before the first run over everything, files that existed earlier are not indexed.
        if root.engine.status().files or not root.tree():
            self.compare(root)

    @rule(number=roots, steps=st.integers(1, 8))
    def stop_in_the_middle(self, number: int, steps: int) -> None:
        for _ in islice(self.roots[number].engine.index_steps(), steps):
            pass

    @rule(number=roots, steps=st.integers(1, 3))
    def deepen(self, number: int, steps: int) -> None:
        for _ in islice(self.roots[number].engine.idle_steps(), steps):
            pass

    @rule(number=roots, query=st.sampled_from(QUERIES))
    def search(self, number: int, query: str) -> None:
        self.roots[number].engine.search(query)

    @rule(number=roots)
    def start_anew(self, number: int) -> None:
        root = self.roots[number]
        root.engine.close()
        root.engine = Engine.open(root.folder, self.config)

    def compare(self, root: Root) -> None:
        """The index holds what a new one does, and gives the same answers."""
        with Engine(root.folder, self.config, Store(None)) as fresh:
            fresh.index()
            mine, theirs = contents.content_of(root.engine), contents.content_of(fresh)
            # Some may be deeper than a new one is yet.
            deeper = {key: vector for key, vector in mine["vectors"].items() if key not in theirs["vectors"]}
            assert mine == {**theirs, "vectors": {**theirs["vectors"], **deeper}}
            for query in QUERIES:
                assert answers(root.engine, query) == answers(fresh, query)


def answers(engine: Engine, query: str) -> list[tuple[str, str, float]]:
    hits = engine.search(query, 100)
    return sorted((hit.path, hit.function.qualified_name, round(hit.score, 3)) for hit in hits)


@pytest.fixture
def embed_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Fails when a text is embedded twice for one index, until the returned function is called."""
    known: set[tuple[object, ...]] = set()
    original = Store.put_vectors

    def put_vectors(self: Store, model: str, layer: int, text_keys: Sequence[str], *arguments: object) -> None:
        # Those in memory are only there to compare with.
        for key in text_keys if self.path else ():
            made = (self.path, layer, key)
            assert made not in known, "a text was embedded twice"
            known.add(made)
        original(self, model, layer, text_keys, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "put_vectors", put_vectors)
    return known.clear


@pytest.mark.slow
def test_an_index_that_followed_the_files_is_a_fresh_one(
    light: Config, tmp_path: Path, embed_once: Callable[[], None]
) -> None:
    numbers: Iterator[int] = count()

    def machine() -> FollowingFiles:
        embed_once()
        return FollowingFiles(tmp_path / str(next(numbers)), light)

    run_state_machine_as_test(
        machine,  # type: ignore[arg-type]
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
