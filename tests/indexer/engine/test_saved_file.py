"""What indexing one saved file costs: the text of each new function is built once and not read back."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import contents
import pytest

from fathom_indexer import encoder
from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.indexing import embedding, reading, recent_texts
from fathom_indexer.storage import codec, functions
from fathom_indexer.types import Function, Stage

SAVED = "def load(file):\n    return file.read()\n\n\ndef store(file, text):\n    file.write(text)\n"
EDITED = SAVED.replace("file.read()", "file.read().strip()")


class Watch:
    """Counts, by the name of a function, how often its text is built and how often it is read from the store."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.built: Counter[str] = Counter()
        self.read: Counter[str] = Counter()
        build, read = encoder.code_text, codec.function_from

        def code_text(function: Function, path: str) -> str:
            self.built[function.name] += 1
            return build(function, path)

        def function_from(path: str, columns: Sequence[Any]) -> Function:
            function = read(path, columns)
            self.read[function.name] += 1
            return function

        for module in (reading, embedding):
            patch.setattr(module, "code_text", code_text)
        patch.setattr(functions, "function_from", function_from)

    def clear(self) -> None:
        self.built.clear()
        self.read.clear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    for number in range(20):
        (root / f"other_{number}.py").write_text(f"def other_{number}():\n    return {number}\n")
    return root


@pytest.fixture
def engine(root: Path, light: Config) -> Iterator[Engine]:
    with Engine.open(root, light) as engine:
        contents.complete(engine)
        yield engine


def test_a_text_is_built_once_and_not_read_back(engine: Engine, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch)
    (root / "new.py").write_text(SAVED)
    engine.index(["new.py"])
    assert watch.built == {"load": 1, "store": 1}
    assert watch.read == {}
    assert engine.status().embedded == engine.status().functions == 22


def test_of_an_edited_file_only_what_it_held_is_read(
    engine: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "new.py").write_text(SAVED)
    engine.index(["new.py"])
    watch = Watch(monkeypatch)
    (root / "new.py").write_text(EDITED)
    engine.index(["new.py"])
    assert watch.built == {"load": 1, "store": 1}
    assert watch.read == {"load": 1, "store": 1}, "once, to compare it with what is new and to take out its words"
    assert engine.status().embedded == 22


def test_a_file_that_is_saved_unchanged_costs_nothing(
    engine: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "new.py").write_text(SAVED)
    engine.index(["new.py"])
    watch = Watch(monkeypatch)
    os.utime(root / "new.py", (1, 1))
    engine.index(["new.py"])
    assert not watch.built and not watch.read


def test_functions_that_a_killed_process_left_without_vectors_are_read_from_the_store(
    engine: Engine, root: Path, light: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)
    (root / "new.py").write_text(SAVED)
    steps = engine.index_steps(["new.py"])
    assert any(progress.stage is Stage.PARSE and progress.done == progress.total for progress in steps)
    assert watch.built == {"load": 1, "store": 1} and engine.status().embedded == 20
    # As after a kill: another process has nothing but the store.
    with Engine.open(root, light) as other:
        watch.clear()
        other.index([])
        assert watch.built == watch.read == {"load": 1, "store": 1}
        assert other.status().embedded == 22


def test_texts_that_are_too_many_to_keep_are_read_from_the_store(
    engine: Engine, root: Path, light: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_texts, "_MOST", 1)
    watch = Watch(monkeypatch)
    (root / "new.py").write_text(SAVED)
    engine.index(["new.py"])
    assert watch.built == {"load": 2, "store": 1} and watch.read == {"load": 1}
    for _ in engine.idle_steps():
        pass
    assert contents.content_of(engine) == contents.fresh(root, light)
