"""The joint pass: what is read of a query and a function together, and that it learns to tell functions apart."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the torch extra")
pytest.importorskip("onnx", reason="needs the train extra")

from safetensors.torch import load_file, save_file  # noqa: E402

from fathom_indexer.encoder import EncoderConfig, load_encoder  # noqa: E402
from fathom_indexer.errors import ModelError  # noqa: E402
from fathom_research.training.corpus import CLS, SEP, Corpus  # noqa: E402
from fathom_research.training.export_checkpoint import main as export_main  # noqa: E402
from fathom_research.training.joint import prepare  # noqa: E402
from fathom_research.training.joint_trainer import JointTrainer, joined  # noqa: E402
from fathom_research.training.joint_validation import validate  # noqa: E402
from fathom_research.training.prepare import load_corpus  # noqa: E402
from fathom_research.training.reading import Reading, padded  # noqa: E402
from fathom_research.training.run_config import RunConfig  # noqa: E402
from fathom_research.training.train import main as train  # noqa: E402


@pytest.fixture
def corpus(data_folder: Path, base_folder: Path, config: RunConfig) -> Corpus:
    base = EncoderConfig.load(base_folder)
    return load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))


def test_a_function_follows_its_query(corpus: Corpus) -> None:
    pairs = corpus.train.take(np.arange(5))
    whole = Reading.whole(5)
    ids, mask = joined(corpus, pairs.query, pairs.code, (whole, whole), 100)
    asked, asked_mask = padded(corpus, pairs.query, whole)
    found, found_mask = padded(corpus, pairs.code, whole)
    for row in range(5):
        query, code = asked[row][asked_mask[row] == 1].tolist(), found[row][found_mask[row] == 1].tolist()
        assert ids[row][mask[row] == 1].tolist() == query + code[1:]
        assert (np.diff(mask[row]) <= 0).all()
    short, mask = joined(corpus, pairs.query, pairs.code, (whole, whole), 12)
    assert short.shape[1] == 12
    for row, present in zip(short, mask, strict=True):
        tokens = row[present == 1].tolist()
        assert tokens[0] == CLS
        assert tokens[-1] == SEP


def _trainer(
    recipe: RunConfig, corpus: Corpus, base_folder: Path, tmp_path: Path, begin: Path | None = None, **settings: object
) -> JointTrainer:
    path, out = tmp_path / "recipe.json", tmp_path / "run"
    if not out.exists():
        path.write_text(json.dumps(recipe.to_json()))
        options = ["--config", str(path), "--prepared", str(corpus.folder), "--base", str(base_folder)]
        assert train([*options, "--out", str(out), "--steps", "1", "--threads", "1"]) == 0
    return prepare(
        argparse.Namespace(
            run=out,
            base=base_folder,
            prepared=corpus.folder,
            device="cpu",
            begin=begin,
            micro_tokens=None,
            settings=settings,
        )
    )


def test_it_learns_to_tell_a_function_from_its_neighbours(
    config: RunConfig, corpus: Corpus, base_folder: Path, tmp_path: Path
) -> None:
    trainer = _trainer(
        config, corpus, base_folder, tmp_path, negatives=2, questions=8, micro_questions=3, learning_rate=3e-3
    )
    before = validate(trainer)
    assert before["cosine + 0.0 joint"] == before["cosine + 2.0 joint"], "it knows nothing yet"
    pairs = corpus.train.take(np.arange(8))
    others = np.array([[code for code in np.unique(corpus.train.code) if code != own][:3] for own in pairs.code])
    losses = [float(trainer._step(pairs, others, 0.1, step)) for step in range(150)]
    assert losses[0] == pytest.approx(np.log(3), abs=1e-3), "three candidates that look the same"
    assert losses[-1] < 0.5 * losses[0]
    assert trainer.scorer.positions.weight.shape[0] == 32, "the base has no more positions"


def test_both_runtimes_score_alike_and_whatever_stands_beside(
    config: RunConfig, corpus: Corpus, base_folder: Path, tmp_path: Path
) -> None:
    trainer = _trainer(config, corpus, base_folder, tmp_path)
    torch.nn.init.normal_(trainer.scorer.score.weight)
    weights, folder = tmp_path / "joint.safetensors", tmp_path / "model"
    save_file({name: tensor.half() for name, tensor in trainer.scorer.state_dict().items()}, weights)
    options = ["--out", str(folder), "--joint", str(weights)]
    assert export_main([str(tmp_path / "run"), *options]) == 0
    texts = ["def f(x): return x", "", "void sort(int *list, int n) { for (;;) swap(list, n); }"]
    onnx, torch_ = (load_encoder(folder, runtime, threads=1) for runtime in ("onnx", "torch"))
    ours, theirs = (encoder.score("sort the list", texts) for encoder in (onnx, torch_))
    np.testing.assert_allclose(ours, theirs, atol=0.1 * float(np.ptp(theirs)))
    for place, text in enumerate(texts):
        np.testing.assert_allclose(onnx.score("sort the list", [text])[0], ours[place], atol=1e-4)
    assert len(onnx.score("a query of more words than there is room for " * 20, texts)) == 3
    assert not len(onnx.score("nothing", []))
    (folder / "joint.onnx").write_bytes(b"?")
    with pytest.raises(ModelError, match="damaged"):
        load_encoder(folder, threads=1).score("x", ["y"])
    with pytest.raises(ModelError, match="no joint pass"):
        load_encoder(base_folder, threads=1).score("x", ["y"])


def test_a_question_needs_enough_negatives(
    config: RunConfig, corpus: Corpus, base_folder: Path, tmp_path: Path
) -> None:
    trainer = _trainer(replace(config, seed=2), corpus, base_folder, tmp_path, negatives=7, questions=4096)
    with pytest.raises(ModelError, match="hard negatives"):
        trainer.run(0.01, tmp_path / "joint.safetensors")


def test_it_goes_on_from_an_earlier_training_and_leaves_frozen_layers_alone(
    config: RunConfig, corpus: Corpus, base_folder: Path, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"negatives": 1, "questions": 4, "pool": 12, "learning_rate": 1e-2}
    first = _trainer(config, corpus, base_folder, tmp_path, **settings)
    weights = tmp_path / "joint.safetensors"
    assert first.run(0.005, weights, log_steps=1) > 0
    begun = load_file(weights)
    del begun["transform.weight"]
    save_file(begun, tmp_path / "part.safetensors")
    later = _trainer(config, corpus, base_folder, tmp_path, tmp_path / "part.safetensors", **settings, frozen_layers=1)
    lowest, last = "layers.0.up.weight", f"layers.{len(later.scorer.layers) - 1}.up.weight"
    state = later.scorer.state_dict()
    torch.testing.assert_close(state[lowest], begun[lowest].float())
    assert torch.equal(state["transform.weight"], torch.eye(len(state["transform.weight"]))), "what the file lacks"
    before = state[last].clone()
    later.run(0.005, weights)
    torch.testing.assert_close(later.scorer.state_dict()[lowest], begun[lowest].float(), rtol=0, atol=0)
    assert not torch.equal(later.scorer.state_dict()[last], before)
