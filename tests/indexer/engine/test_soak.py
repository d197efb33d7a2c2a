"""Very many changes leave nothing behind. `benchmarks/soak.py` does more of them, with the packaged model."""

from __future__ import annotations

import functools
import gc
import random
import shutil
import tracemalloc
from pathlib import Path

import contents
import pytest
from churn import Churn

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.indexing import pipeline, reading
from fathom_indexer.types import Stage

DAY = 86_400


class Days:
    """Stands for the module `time` where days are counted."""

    def __init__(self) -> None:
        self.now = 1000.0 * DAY

    def time(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return int(self.now * 1e9)


def _clear_bounded_caches() -> None:
    """Empty the caches of results that have a limit, which is far off here; what grows without a limit stays."""
    for cache in [thing for thing in gc.get_objects() if type(thing) is functools._lru_cache_wrapper]:
        if cache.__module__.startswith("fathom_indexer") and cache.cache_parameters()["maxsize"]:
            cache.cache_clear()


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    days = Days()
    for module in (pipeline, reading):
        monkeypatch.setattr(module, "time", days)
    return days


@pytest.mark.slow
def test_many_edits_leave_memory_and_index_as_small_as_they_were(light: Config, tmp_path: Path, days: Days) -> None:
    churn = Churn(tmp_path / "workspace", random.Random(3))
    held: list[tuple[int, int]] = []
    tracemalloc.start()
    with Engine.open(churn.root, light) as engine:
        for number in range(1, 301):
            churn.edit()
            churn.versions.clear()
            engine.index()
            engine.search("merge_write", 3)
            days.now += DAY / 2
            for _ in engine.idle_steps():
                pass
            if number % 100 == 0:
                _clear_bounded_caches()
                gc.collect()
                db = engine._store._connection.db
                pages, free = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
                held.append((tracemalloc.get_traced_memory()[0], pages - free))
        functions = engine.status().functions
        assert len(engine._vectors.get()) == functions
        assert contents.content_of(engine) == contents.fresh(churn.root, light)
    tracemalloc.stop()
    # Once the first texts have been forgotten, which is after two weeks.
    (_, _), (memory, pages), (later_memory, later_pages) = held
    assert later_memory < memory + 100_000
    assert later_pages < 1.1 * pages


@pytest.mark.slow
def test_storms_of_a_thousand_files_come_and_go(light: Config, tmp_path: Path) -> None:
    churn = Churn(tmp_path / "workspace", random.Random(4))
    storm = churn.root / "generated_by_nobody"
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        before = contents.content_of(engine)
        for _ in range(3):
            for number in range(1000):
                folder = storm / f"part_{number % 10}"
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"file_{number}.py").write_text(f"def storm_{number % 50}():\n    return {number % 7}\n")
            contents.complete(engine)
            assert engine.status().files == len(before["files"]) + 1000
            shutil.rmtree(storm)
            contents.complete(engine)
            assert contents.content_of(engine) == before
        # What is ignored is not even looked into.
        (churn.root / ".gitignore").write_text("node_modules/\n")
        for number in range(1000):
            (churn.root / "node_modules" / f"package_{number}").mkdir(parents=True)
            (churn.root / "node_modules" / f"package_{number}" / "index.js").write_text("function x() {}\n")
        # Where the storms were quick, files that were written just before they were read are looked at once more.
        read = max((step.total for step in engine.index_steps() if step.stage is Stage.PARSE), default=0)
        assert read <= len(before["files"])
        assert contents.content_of(engine) == before
