"""An encoder that costs nothing, and processes to kill."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import layered
import pytest
from victims import Victims

from fathom_indexer.config import Config
from fathom_indexer.indexing import embedding


@pytest.fixture
def light(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A configuration for engines that embed without layers."""
    layered.take_the_place_of_layers(monkeypatch.setattr)
    layered.load_once(monkeypatch.setattr)
    monkeypatch.setattr(embedding, "_FEW_NEW", 2)
    # However busy the machine is, searches have the time to compare all candidates.
    model = str(layered.write_model(tmp_path / "model"))
    return Config(cache_dir=str(tmp_path / "cache"), model=model, rerank_ms=60_000)


@pytest.fixture(scope="session")
def victim() -> Iterator[Victims]:
    """Does jobs in processes that can be killed."""
    if sys.platform == "win32":
        pytest.skip("forks, and kills with signals that Windows lacks")
    with Victims() as started:
        yield started
