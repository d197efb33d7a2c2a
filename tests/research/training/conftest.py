"""A tiny random base model and made-up pairs, for tests of training."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fathom_research.training.run_config import RunConfig

LANGUAGES = ("python", "go")


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder: two random layers of 32 features with the packaged tokenizer."""
    torch = pytest.importorskip("torch", reason="needs the torch extra")
    pytest.importorskip("onnx", reason="needs the train extra")
    from fathom_indexer.encoder.config import EncoderConfig, Exit
    from fathom_indexer.encoder.encoder import PACKAGED_MODEL
    from fathom_indexer.encoder.modules import MultiExitEncoder
    from fathom_research.training.export import write_model

    torch.manual_seed(0)
    packaged = EncoderConfig.load(PACKAGED_MODEL)
    config = replace(
        packaged,
        name="tiny",
        layers=2,
        hidden=32,
        heads=4,
        intermediate=64,
        max_tokens=32,
        exits=(Exit(1, (32,)), Exit(2, (32,))),
        index_exit=2,
        index_dim=32,
        rerank_exit=2,
    )
    weights = {name: tensor.numpy() for name, tensor in MultiExitEncoder(config).state_dict().items()}
    folder = tmp_path_factory.mktemp("base")
    write_model(folder, config, weights, packaged.tokenizer.read(PACKAGED_MODEL), {"model": "random"})
    return folder


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Pairs as `fathom_research.training.data` writes them: 24 functions, most of them asked for in two ways."""
    folder = tmp_path / "data"
    folder.mkdir()
    words = "open close read write parse print merge split sort count send load".split()
    for language in LANGUAGES:
        with gzip.open(folder / f"pairs-{language}-000.jsonl.gz", "wt", encoding="utf-8") as lines:
            for number, word in enumerate(words):
                function = {
                    "language": language,
                    "package": language,
                    "split": "validation" if number >= 9 else "train",
                    "file": f"src/{'abc'[number % 3]}.x",
                    "name": f"{word}It",
                    "code": f"def {word}It(x): return {word}(x, {number}) in {language}",
                    "hard": False,
                }
                queries = {"doc": f"{word} everything that {language} has", "question": f"how to {word} in {language}"}
                for kind, query in queries.items():
                    record = {"id": f"{language}{number}-{kind}", "kind": kind, "query": query, **function}
                    lines.write(json.dumps(record) + "\n")
    (folder / "manifest.lock.json").write_text(json.dumps({"holdout": {"hashes": 3, "sha256": "0"}}))
    return folder


@pytest.fixture
def config() -> RunConfig:
    """A small anchored run for the tiny base."""
    from fathom_research.training.run_config import RunConfig

    return RunConfig(
        exits=(0, 1, 2),
        dims=(32, 16),
        layer_rates=(1.0, 0.5),
        batch=8,
        learning_rate=1e-3,
        query_tokens=12,
        code_tokens=24,
    )
