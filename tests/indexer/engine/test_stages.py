"""An index that deepens: what can be searched after each stage, in which order, and what a kill leaves."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import contents
import layered
import pytest

from fathom_indexer.config import APART, Config
from fathom_indexer.encoder import Encoder
from fathom_indexer.engine import Engine
from fathom_indexer.errors import ModelError
from fathom_indexer.indexing import embedding
from fathom_indexer.search import Pipeline, Step
from fathom_indexer.types import Progress, RequestContext, Stage
from fathom_indexer.wire.messages import SearchRequest, WordsQuery
from fathom_indexer.workspace import index_path

WORDS = "open close read write parse print merge split sort count send load".split()

MERGE_WRITE = "merge merge_write def merge_write(file): return file.write('merge')"
"""What the encoder reads of that function."""


@pytest.fixture(autouse=True)
def no_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    layered.take_the_place_of_layers(monkeypatch.setattr)
    monkeypatch.setattr(embedding, "_FEW_NEW", 2)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    for word in WORDS:
        text = "\n\n".join(f"def {word}_{other}(file):\n    return file.{other}({word!r})" for other in WORDS[:4])
        (root / f"{word}.py").write_text(text + "\n")
    return root


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(cache_dir=str(tmp_path / "cache"), model=str(layered.write_model(tmp_path / "model")))


@pytest.fixture
def engine(workspace: Path, config: Config) -> Iterator[Engine]:
    with Engine.open(workspace, config) as engine:
        yield engine


def run_until(steps: Iterator[Progress], end: Callable[[Progress], bool]) -> Progress:
    return next(step for step in steps if end(step))


def covered(engine: Engine) -> dict[Stage, int]:
    return {part.stage: part.done for part in engine.status().coverage}


def by_meaning(engine: Engine, query: str) -> list[str]:
    return [hit.function.name for hit in engine.search(query, 100, steps=Pipeline.DENSE.steps)]


def index_file(engine: Engine) -> Path:
    return Path(engine.status().index_path)


def test_stages_come_in_order(engine: Engine) -> None:
    stages = [step.stage for step in (*engine.index_steps(), *engine.idle_steps())]
    order = [Stage.SCAN, Stage.PARSE, Stage.EMBED, Stage.READY, Stage.DEEPEN]
    assert list(dict.fromkeys(stages)) == order
    assert stages == sorted(stages, key=order.index)


def test_each_stage_says_how_far_it_is(engine: Engine) -> None:
    steps = engine.index_steps()
    run_until(steps, lambda step: step.stage is Stage.PARSE and step.done == step.total)
    functions = engine.status().functions
    assert covered(engine) == {Stage.PARSE: functions, Stage.EMBED: 0, Stage.DEEPEN: 0}
    run_until(steps, lambda step: step.stage is Stage.READY)
    assert covered(engine) == {Stage.PARSE: functions, Stage.EMBED: functions, Stage.DEEPEN: 0}
    for _ in engine.idle_steps():
        pass
    assert set(covered(engine).values()) == {functions}
    assert engine.status().embedded == functions


def test_where_it_passed_makes_no_difference_in_the_end(engine: Engine, workspace: Path, config: Config) -> None:
    for _ in (*engine.index_steps(), *engine.idle_steps()):
        engine.search("merge_write", 3)
    at_once = replace(config, cache_dir=config.cache_dir + "2", model=config.model)
    with Engine.open(workspace, at_once) as other:
        other.index()
        for _ in other.idle_steps():
            pass
        for query in ("merge_write", "read the file", "def sort(x): return x.read(1)"):
            ranked = [(hit.path, hit.function.name, round(hit.score, 3)) for hit in engine.search(query, 20)]
            assert ranked == [(hit.path, hit.function.name, round(hit.score, 3)) for hit in other.search(query, 20)]


def test_index_vectors_are_kept_short_and_deep_ones_whole(engine: Engine) -> None:
    engine.index()
    for _ in engine.idle_steps():
        pass
    with sqlite3.connect(index_file(engine)) as db:
        lengths = dict(
            db.execute("SELECT exit, MAX(LENGTH(vector)) FROM embeddings JOIN spaces ON id = space_id GROUP BY 1")
        )
    db.close()
    assert lengths == {2: 2 * layered.DIM, 6: 2 * layered.HIDDEN}


def test_longer_index_vectors_are_made_when_they_are_asked_for(engine: Engine, workspace: Path, config: Config) -> None:
    engine.index()
    with Engine.open(workspace, replace(config, dim=layered.HIDDEN)) as longer:
        assert covered(longer)[Stage.EMBED] == 0
        longer.index()
        assert by_meaning(longer, MERGE_WRITE)[0] == "merge_write"
    assert by_meaning(engine, MERGE_WRITE)[0] == "merge_write"
    with pytest.raises(ModelError, match="16 dimensions, not 17"):
        Engine.open(workspace, replace(config, dim=17))


def test_edited_functions_are_deep_at_once(engine: Engine, workspace: Path) -> None:
    engine.index()
    before = covered(engine)[Stage.DEEPEN]
    (workspace / "open.py").write_text("def close_the_door():\n    return True\n")
    engine.index(["open.py"])
    assert covered(engine)[Stage.DEEPEN] == before + 1


def test_what_somebody_works_with_comes_first(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_WINDOW", 4)
    engine.index()
    engine.prioritize(["count.py"])
    steps = engine.idle_steps()
    run_until(steps, lambda step: step.done == 4)
    result = engine.search("count", 4, steps=frozenset({Step.WORDS}))
    assert {hit.path for hit in result} == {"count.py"}
    store = engine._store
    ids = [stored.id for stored in store.functions_of("count.py")]
    assert set(store.vectors_of(engine.status().model, 6, ids)) == set(ids)
    # Files of hits are noted, too: those of the search above are done, these are next.
    engine.search("sort", 4, steps=frozenset({Step.WORDS}))
    run_until(steps, lambda step: step.done == 8)
    ids = [stored.id for stored in store.functions_of("sort.py")]
    assert set(store.vectors_of(engine.status().model, 6, ids)) == set(ids)


def test_of_what_a_search_finds_the_best_comes_first(engine: Engine) -> None:
    engine.index()
    found = list(dict.fromkeys(hit.path for hit in engine.search("sort and count", 10)))
    assert len(found) > 2
    assert engine._priority.paths()[: len(found)] == found


def test_a_search_that_skips_reranking_makes_no_vectors_and_what_it_finds_comes_next(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "_WINDOW", 4)
    steps = engine.index_steps()
    run_until(steps, lambda step: step.stage is Stage.EMBED and step.done == 4)
    request = SearchRequest(WordsQuery("sort"), 4)
    (result,) = engine.search_steps(request, RequestContext(skip_rerank=True))
    assert result.reranked == 0 < result.candidates and not result.complete
    assert covered(engine)[Stage.EMBED] == 4 and covered(engine)[Stage.DEEPEN] == 0
    run_until(steps, lambda step: step.done == 8)
    store = engine._store
    ids = [stored.id for stored in store.functions_of(result.hits[0].path)]
    assert set(store.vectors_of(engine.status().model, 2, ids)) == set(ids)
    *_, result = engine.search_steps(request)
    assert result.reranked == result.candidates and result.complete


def test_what_open_documents_make_is_found_in_the_files_once_they_are_closed(engine: Engine, workspace: Path) -> None:
    steps = engine.index_steps()
    run_until(steps, lambda step: step.stage is Stage.PARSE and step.done == step.total)
    assert by_meaning(engine, MERGE_WRITE) == []
    text = (workspace / "merge.py").read_text()
    engine.open_document("merge.py", text + "\n\ndef another(x):\n    return x\n")
    for _ in engine.document_steps():
        pass
    engine.close_documents()
    run_until(steps, lambda step: step.stage is Stage.READY)
    assert len(by_meaning(engine, MERGE_WRITE)) == engine.status().functions


def test_what_searches_make_is_not_made_again(engine: Engine) -> None:
    engine.index()
    engine.search("merge_write")
    made = covered(engine)[Stage.DEEPEN]
    # Windows and history come after these.
    steps = list(engine._indexing._embedder.rerank_steps())
    assert made > 0
    assert steps[-1].total == engine.status().functions - made if steps else made == engine.status().functions


@pytest.mark.parametrize(
    ("index_exit", "rerank_exit", "exits", "stages"),
    [
        (6, 6, (2, 6), [Stage.PARSE, Stage.EMBED]),
        (2, 6, (2, 6), [Stage.PARSE, Stage.EMBED, Stage.DEEPEN]),
        (2, 2, (0, 2), [Stage.PARSE, Stage.EMBED]),
        (0, 6, (0, 6), [Stage.PARSE, Stage.EMBED, Stage.DEEPEN]),
    ],
)
def test_stages_that_a_model_lacks_fall_away(
    workspace: Path,
    config: Config,
    tmp_path: Path,
    index_exit: int,
    rerank_exit: int,
    exits: tuple[int, ...],
    stages: list[Stage],
) -> None:
    model = layered.write_model(tmp_path / "other", index_exit, rerank_exit, exits)
    with Engine.open(workspace, replace(config, model=str(model))) as engine:
        engine.index()
        for _ in engine.idle_steps():
            pass
        assert list(covered(engine)) == stages
        assert set(covered(engine).values()) == {engine.status().functions}
        assert engine.search("merge_write")[0].function.name == "merge_write"


def test_a_worktree_takes_over_the_vectors_of_another(
    engine: Engine, workspace: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in (*engine.index_steps(), *engine.idle_steps()):
        pass
    other = workspace.parent / "worktree"
    shutil.copytree(workspace, other)
    (other / "new.py").write_text("def only_here():\n    return 1\n")
    embedded: list[str] = []
    original = Encoder.encode_batches

    def record(self: Encoder, texts: Sequence[str], *arguments: Any) -> Any:
        embedded.extend(texts)
        return original(self, texts, *arguments)

    monkeypatch.setattr(Encoder, "encode_batches", record)
    monkeypatch.setattr(embedding, "other_worktrees", lambda root: [root.parent / "missing", workspace])
    with Engine.open(other, config) as second:
        for _ in (*second.index_steps(), *second.idle_steps()):
            pass
        assert set(covered(second).values()) == {second.status().functions}
        assert len([text for text in embedded if "only_here" in text]) == len(embedded) <= 2
        assert contents.content_of(second) == contents.fresh(other, config)


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_a_worktree_whose_index_cannot_be_read_is_passed_over(
    engine: Engine, workspace: Path, config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: bytes
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    index = index_path(other, config)
    index.parent.mkdir(parents=True)
    index.write_bytes(damage)
    monkeypatch.setattr(embedding, "other_worktrees", lambda root: [other])
    engine.index()
    assert covered(engine)[Stage.EMBED] == engine.status().functions
    assert index.read_bytes() == damage


def test_caches_apart_that_nobody_uses_are_removed(engine: Engine, config: Config, tmp_path: Path) -> None:
    def apart(name: str, days: int) -> Path:
        index = tmp_path / "cache" / APART / name / "workspace-1" / "index.sqlite3"
        index.parent.mkdir(parents=True)
        (index.parent.parent / "indexers" / "1").mkdir(parents=True)
        index.write_text("")
        used = time.time() - days * 86_400
        for place in (index.parent, *index.parents[1].rglob("*"), index.parents[1]):
            os.utime(place, (used, used))
        return index

    used, unused = apart("used", 10), apart("unused", 16)
    engine.index()
    for _ in engine.idle_steps():
        pass
    assert used.exists()
    assert not unused.parents[1].exists()
    assert index_file(engine).exists()
