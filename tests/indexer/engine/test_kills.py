"""Killed at any instant, an index is as before or after a file, and ends as a fresh one."""

from __future__ import annotations

import itertools
import random
import shutil
from dataclasses import replace
from pathlib import Path

import contents
import pytest
from churn import Churn
from victims import DONE, KILLED, Victims

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.vectors import hnsw_available
from fathom_indexer.wire.conversion import config_to_json

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("vectors", "from_nothing", "kills"),
    [
        pytest.param("auto", True, 100, id="indexing"),
        pytest.param("auto", False, 100, id="updating"),
        pytest.param(
            "hnsw",
            False,
            30,
            id="saving-vectors",
            marks=pytest.mark.skipif(not hnsw_available(), reason="needs the hnsw extra"),
        ),
    ],
)
def test_killed_at_any_instant_it_ends_as_a_fresh_index(
    light: Config, tmp_path: Path, victim: Victims, vectors: str, from_nothing: bool, kills: int
) -> None:
    chance = random.Random(5)
    workspace = Churn(tmp_path / "workspace", chance)
    config = replace(light, vectors=vectors)
    job = {"root": str(workspace.root), "config": config_to_json(config)}
    # How long it takes here decides when it is killed.
    whole = victim.seconds(job)
    if not from_nothing:
        workspace.edit()
        whole = victim.seconds(job)
    killed = 0
    for attempt in itertools.count():
        if killed == kills:
            break
        assert attempt < 20 * kills, f"killed {killed} times only"
        workspace.edit()
        if from_nothing:
            shutil.rmtree(config.cache_dir)
            Path(config.cache_dir).mkdir()
        # What is left of the last one, killed or not, is what the next one finds.
        outcome = victim.run(job, chance.uniform(0, whole))
        assert outcome in (KILLED, DONE)
        killed += outcome == KILLED
        # Looked at in a copy, so that the next one begins where this one was killed.
        copy = replace(config, cache_dir=str(tmp_path / "copy"))
        shutil.copytree(config.cache_dir, copy.cache_dir)
        with Engine.open(workspace.root, copy) as engine:
            index = Path(engine.status().index_path)
        contents.check_sound(index, workspace.versions)
        with Engine.open(workspace.root, copy) as engine:
            engine.search("merge_write", 3)
            contents.complete(engine)
            assert contents.content_of(engine) == contents.fresh(workspace.root, config)
        shutil.rmtree(copy.cache_dir)
