"""The model card, on made-up material."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.errors import EvaluationError, ModelError
from fathom_indexer.evaluation import Task
from fathom_research.training.card import card, main, read_lock, read_source
from fathom_research.training.figures import Figure, Quality, Row, Speed, write_rows

LOCK: dict[str, Any] = {
    "holdout": {"hashes": 98_006},
    "packages": {
        "a": {"licence": "MIT", "pairs": {"go": {"doc": 3000, "code": 7}, "c": {"doc": 1}}},
        "b": {"licence": "MIT", "pairs": {}},
        "c": {"licence": "Zlib", "pairs": {"c": {"doc": 20, "question": 5}}},
    },
    "totals": {
        "c": {"doc": 21, "question": 5, "train": 26},
        "go": {"doc": 3000, "code": 7, "train": 3000, "validation": 7},
    },
}
BASE = {"model": "small-base", "licence": "Apache-2.0", "package": "small==1 (PyPI)", "sha256": "abc"}
TRAINED = {
    "base": BASE,
    "settings": {"batch": 128, "exits": [0, 6]},
    "trained": {"step": 4000, "pairs": 512_000, "seconds": 9000.0, "epoch": 1, "batch": 3},
}
EACH = (Quality("web", Figure(0.5, 0.02), Figure(0.6, 0.02), Task.SEARCH),)
ROWS = [Row("BM25", None, None, EACH, None), Row("trained", 2, 128, EACH, Speed(300.0, 2.0))]
CONFIG = EncoderConfig.load(PACKAGED_MODEL)


def test_tells_what_the_model_is_and_where_it_comes_from() -> None:
    text = card(CONFIG, TRAINED, ROWS, LOCK)
    assert CONFIG.model_id in text
    assert "Base: small-base, Apache-2.0." in text
    assert "4,000 steps on 512,000 pairs" in text
    assert "2.5 hours" in text
    assert "| exits | `[0, 6]` |" in text
    assert "| trained | 2 | 128 | 0.500 |" in text
    assert f"first {CONFIG.max_tokens} tokens" in text


def test_counts_packages_and_pairs_by_licence_and_language() -> None:
    text = card(CONFIG, TRAINED, ROWS, LOCK)
    assert "98,006 functions" in text
    assert "| MIT | 2 | 3,008 |\n| Zlib | 1 | 25 |\n| all | 3 | 3,033 |\n" in text
    assert "| go | 3,000 | 0 | 0 | 7 | 7 |\n| c | 21 | 0 | 5 | 0 | 0 |\n| all | 3,021 | 0 | 5 | 7 | 7 |\n" in text


def test_an_untrained_model_says_so() -> None:
    text = card(CONFIG, BASE)
    assert "The base's weights are unchanged." in text
    assert "## Training data" not in text
    assert "## Figures" not in text


def test_the_lock_must_be_that_of_the_model(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    path.write_text(json.dumps(LOCK))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_lock(path, {"data_lock_sha256": digest}) == LOCK
    with pytest.raises(EvaluationError, match="not the lock"):
        read_lock(path, {"data_lock_sha256": "0"})
    with pytest.raises(EvaluationError, match="not the lock"):
        read_lock(path, BASE)
    path.write_text('{"packages": []}')
    with pytest.raises(EvaluationError, match="no lock"):
        read_lock(path, {})


def test_the_command_writes_the_card(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    figures, lock = tmp_path / "figures.json", tmp_path / "lock.json"
    write_rows(ROWS, figures)
    lock.write_text(json.dumps(LOCK))
    config = json.loads((PACKAGED_MODEL / "config.json").read_text())
    config["source"] = {**TRAINED, "data_lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest()}
    (model / "config.json").write_text(json.dumps(config))
    command = [str(model), "--rows", str(figures), "--lock", str(lock)]
    assert main([*command, "--only", "trained"]) == 0
    text = (model / "README.md").read_text()
    assert "| trained | 2 |" in text
    assert "BM25" not in text
    assert main([*command, "--only", "nothing"]) == 1
    assert main([str(tmp_path)]) == 1


def test_a_model_that_does_not_tell_its_source(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"source": 3}')
    with pytest.raises(ModelError, match="source"):
        read_source(tmp_path)
