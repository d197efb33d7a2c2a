"""Training a tiny model: gradients in pieces, going on after a stop, the anchor, and the model folder at the end."""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the torch extra")
pytest.importorskip("onnx", reason="needs the train extra")

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from torch import Tensor

from fathom_indexer.encoder import EncoderConfig, TextKind, load_encoder  # noqa: E402
from fathom_indexer.errors import ModelError  # noqa: E402
from fathom_research.training.batches import Batch, plan  # noqa: E402
from fathom_research.training.checkpoint import checkpoints, load_checkpoint  # noqa: E402
from fathom_research.training.corpus import Corpus  # noqa: E402
from fathom_research.training.export_checkpoint import export  # noqa: E402
from fathom_research.training.export_checkpoint import main as export_main  # noqa: E402
from fathom_research.training.losses import contrast  # noqa: E402
from fathom_research.training.passes import backward, encode  # noqa: E402
from fathom_research.training.prepare import EXCLUDED_NAME, load_corpus  # noqa: E402
from fathom_research.training.reading import Reading, lengths  # noqa: E402
from fathom_research.training.run_config import KINDS, RunConfig  # noqa: E402
from fathom_research.training.run_log import LOG_NAME  # noqa: E402
from fathom_research.training.schedule import Limits, learning_rate  # noqa: E402
from fathom_research.training.space import SPACE_NAME, TargetSpace  # noqa: E402
from fathom_research.training.student import Teacher, base_model, new_student, student_config  # noqa: E402
from fathom_research.training.train import main, prepare  # noqa: E402
from fathom_research.training.trainer import Trainer  # noqa: E402

TEXTS = ["open a file", "def f(x): return x", "", "how to sort the list of all the words there are in this text"]


@pytest.fixture
def corpus(data_folder: Path, base_folder: Path, config: RunConfig) -> Corpus:
    base = EncoderConfig.load(base_folder)
    return load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))


@pytest.fixture
def recipe(tmp_path: Path, config: RunConfig) -> Path:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(config.to_json()))
    return path


def _arguments(recipe: Path, data: Path, out: Path, base: Path, *more: str) -> list[str]:
    paths = ["--config", str(recipe), "--data", str(data), "--out", str(out), "--base", str(base)]
    return [*paths, "--threads", "1", "--log-steps", "1", *more]


def _trainer(recipe: Path, data: Path, out: Path, base: Path, resume: bool = False) -> Trainer:
    return prepare(
        argparse.Namespace(
            config=recipe, data=data, prepared=None, out=out, base=base, resume=resume, threads=1, device="cpu"
        )
    )


def _log(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / LOG_NAME).read_text().splitlines()]


def test_the_corpus_is_tokenized_once(corpus: Corpus, data_folder: Path, base_folder: Path, config: RunConfig) -> None:
    assert len(corpus.train) == 36
    assert len(corpus.validation) == 12
    assert len(corpus) == 24 + 48, "each function is one text, however it is asked for"
    for side, limit in ((corpus.train.query, config.query_tokens), (corpus.train.code, config.code_tokens)):
        assert lengths(corpus, side, Reading.whole(len(side))).max() <= limit
    before = {file: file.stat().st_mtime_ns for file in corpus.folder.iterdir()}
    base = EncoderConfig.load(base_folder)
    again = load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))
    assert {file: file.stat().st_mtime_ns for file in again.folder.iterdir()} == before
    shorter = load_corpus(data_folder, replace(config, code_tokens=8), base, base.tokenizer.read(base_folder))
    assert shorter.folder == corpus.folder, "texts are cut when they are read"
    assert lengths(shorter, corpus.train.code, Reading.whole(len(corpus.train))).max() == 8


def test_excluded_functions_are_in_no_pair(
    corpus: Corpus, data_folder: Path, base_folder: Path, config: RunConfig
) -> None:
    (data_folder / EXCLUDED_NAME).write_text("python0\ngo3\n")
    base = EncoderConfig.load(base_folder)
    fewer = load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))
    assert fewer.folder != corpus.folder
    assert len(fewer.train) == len(corpus.train) - 4


def test_pairs_without_a_record_of_the_holdout_are_refused(
    data_folder: Path, base_folder: Path, config: RunConfig
) -> None:
    base = EncoderConfig.load(base_folder)
    lock = data_folder / "manifest.lock.json"
    lock.write_text("{}")
    with pytest.raises(ModelError, match="records no held-out functions"):
        load_corpus(data_folder, config, base, b"")
    lock.unlink()
    with pytest.raises(ModelError, match=r"manifest\.lock\.json cannot be read"):
        load_corpus(data_folder, config, base, b"")


def test_a_new_student_is_its_base(base_folder: Path, config: RunConfig, corpus: Corpus) -> None:
    base = EncoderConfig.load(base_folder)
    frozen = base_model(base_folder, base)
    student = new_student(frozen, student_config(base, config), np.bincount(corpus.tokens, minlength=base.vocabulary))
    assert set(student.heads) == {"0", "1", "2"}
    assert set(student.scores) == {"1"}, "the last layer keeps the base's pooling"
    in_its_space = student_config(base, replace(config, space="base"))
    assert [exit_.head for exit_ in in_its_space.exits] == [True, True, False]
    texts = corpus.train.code[:8]
    with torch.no_grad():
        ours = encode(student, corpus, texts, (0, 1, 2), 64)
        theirs = encode(frozen, corpus, texts, (1, 2), 4096)
    for layer in (1, 2):
        assert ((ours[layer] * theirs[layer]).sum(-1) > 0.999).all()
    common, rare = corpus.tokens[0], base.vocabulary - 1
    assert student.token_logits[common] < student.token_logits[rare]


@pytest.mark.parametrize("tokens", [48, 4096])
def test_gradients_are_those_of_the_whole_batch(
    base_folder: Path, config: RunConfig, corpus: Corpus, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In 32-bit floats, so that only the order of additions differs.
    monkeypatch.setattr(
        "fathom_research.training.passes.precision", lambda device: torch.autocast(device.type, enabled=False)
    )
    base = EncoderConfig.load(base_folder)
    batch = Batch.of(corpus, corpus.train.take(plan(corpus.train, config, 0)[0]))
    query, code = torch.from_numpy(batch.query), torch.from_numpy(batch.code)

    def loss_of(vectors: Mapping[int, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        return torch.stack([contrast(rows[query], rows[code], 0.05) for rows in vectors.values()]).sum(), {}

    gradients = []
    for micro, cached in ((4096, False), (tokens, False), (tokens, True)):
        torch.manual_seed(1)
        student = new_student(
            base_model(base_folder, base), student_config(base, config), np.ones(base.vocabulary, np.int64)
        )
        loss, _ = backward(student, corpus, batch.texts, (0, 1, 2), micro, loss_of, cached)
        gradients.append(
            {name: parameter.grad for name, parameter in student.named_parameters()} | {"loss": float(loss)}
        )
    whole = gradients[0]
    for pieces in gradients[1:]:
        assert pieces["loss"] == pytest.approx(whole["loss"], rel=1e-4)
        for name in set(whole) - {"loss"}:
            torch.testing.assert_close(pieces[name], whole[name], rtol=1e-3, atol=1e-5, msg=name)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {
            "negatives": 2,
            "negative_refreshes": 3,
            "hidden_names": {"doc": 0.5},
            "second_windows": 0.5,
            "target": "deepest",
            "deep_contrast": {"doc": 1.0, "question": 1.0},
            "grad_cache": True,
        },
    ],
    ids=["plain", "everything"],
)
def test_a_stopped_run_goes_on_to_the_same_weights(
    recipe: Path, data_folder: Path, base_folder: Path, tmp_path: Path, settings: dict[str, object]
) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    recipe.write_text(json.dumps({**json.loads(recipe.read_text()), **settings}))
    _trainer(recipe, data_folder, straight, base_folder).run(Limits(steps=12, log_steps=1))
    stops = iter([False] * 7 + [True])
    _trainer(recipe, data_folder, stopped, base_folder).run(Limits(steps=12, log_steps=1), lambda: next(stops))
    assert [path.name for path in checkpoints(stopped)] == ["checkpoint-0000007"]
    # As if it had run on after the checkpoint and been killed in the middle of a line and of a checkpoint.
    with (stopped / LOG_NAME).open("a") as lines:
        lines.write('{"step": 8, "loss": 0}\n{"step": 9')
    (stopped / "checkpoint-0000009.partial").mkdir()
    _trainer(recipe, data_folder, stopped, base_folder, resume=True).run(Limits(steps=12, log_steps=1))

    one, other = (load_checkpoint(checkpoints(out)[-1]) for out in (straight, stopped))
    assert one.position.step == other.position.step == 12
    assert one.position.epoch == other.position.epoch == 3, "an epoch has four batches"
    for name, tensor in one.weights.items():
        assert torch.equal(tensor, other.weights[name]), name
    for name, tensor in one.moments.items():
        assert torch.equal(tensor, other.moments[name]), name
    losses = [[line["loss"] for line in _log(out) if "loss" in line] for out in (straight, stopped)]
    assert losses[0] == losses[1]


def test_shallow_exits_learn_and_the_anchored_one_stays(
    recipe: Path, data_folder: Path, base_folder: Path, tmp_path: Path, corpus: Corpus
) -> None:
    out = tmp_path / "run"
    recipe.write_text(json.dumps({**json.loads(recipe.read_text()), "start": "plain"}))
    assert main(_arguments(recipe, data_folder, out, base_folder, "--steps", "40")) == 0
    losses = [line for line in _log(out) if "loss" in line]
    assert losses[-1]["loss"] < 0.8 * losses[0]["loss"]  # type: ignore[operator]
    base = EncoderConfig.load(base_folder)
    frozen = base_model(base_folder, base)
    student = new_student(frozen, student_config(base, RunConfig.load(recipe)), np.ones(base.vocabulary, np.int64))
    student.load_state_dict(load_checkpoint(checkpoints(out)[-1]).weights)
    texts = np.concatenate([corpus.validation.code, corpus.validation.query])
    with torch.no_grad():
        ours, theirs = (encode(model, corpus, texts, (1, 2), 4096) for model in (student, frozen))
    target = TargetSpace.load(out / SPACE_NAME).of(theirs[2], corpus.languages[texts])
    assert (ours[2] * target).sum(-1).mean() > 0.8, "held, from the identity that a plain start begins with"
    assert (ours[1] * target).sum(-1).mean() > (theirs[1] * target).sum(-1).mean() + 0.1


def test_a_checkpoint_becomes_a_model_folder(
    recipe: Path, data_folder: Path, base_folder: Path, tmp_path: Path
) -> None:
    out, folder = tmp_path / "run", tmp_path / "model"
    assert main(_arguments(recipe, data_folder, out, base_folder, "--steps", "3")) == 0
    options = ["--index-exit", "1", "--index-dim", "16", "--rerank-exit", "2", "--name", "trained"]
    assert export_main([str(out), "--out", str(folder), *options]) == 0
    config = EncoderConfig.load(folder)
    assert (config.name, config.index_exit, config.index_dim, config.rerank_exit) == ("trained", 1, 16, 2)
    assert [(exit_.layer, exit_.head, exit_.pooling) for exit_ in config.exits] == [
        (0, True, "mean"),
        (1, True, "scored"),
        (2, True, "mean"),
    ]
    onnx, torch_ = (load_encoder(folder, runtime, threads=1) for runtime in ("onnx", "torch"))
    ours, theirs = (encoder.encode_exits(TEXTS, TextKind.QUERY, (0, 1, 2)) for encoder in (onnx, torch_))
    for layer in (0, 1, 2):
        assert ((ours[layer] * theirs[layer]).sum(axis=1) > 0.99).all(), layer
        alone = onnx.encode(TEXTS, TextKind.QUERY, layer)
        np.testing.assert_array_equal(alone, ours[layer])
        for position, text in enumerate(TEXTS):
            single = onnx.encode([text], TextKind.QUERY, layer)[0]
            np.testing.assert_allclose(single, ours[layer][position], atol=1e-5)
    source = json.loads((folder / "config.json").read_text())["source"]
    assert source["trained"]["step"] == 3
    assert source["base"] == {"model": "random"}


def test_what_was_not_trained_is_not_exported(
    recipe: Path, data_folder: Path, base_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    _trainer(recipe, data_folder, out, base_folder).run(Limits(steps=1))
    with pytest.raises(ModelError, match="no exit 5"):
        export(out, tmp_path / "model", index_exit=5)
    with pytest.raises(ModelError, match="not trained for 20 dimensions"):
        export(out, tmp_path / "model", index_dim=20)
    with pytest.raises(ModelError, match="no checkpoint"):
        export(tmp_path, tmp_path / "model")


def test_a_run_is_neither_overwritten_nor_mixed_with_another(
    recipe: Path, data_folder: Path, base_folder: Path, tmp_path: Path, config: RunConfig
) -> None:
    out = tmp_path / "run"
    _trainer(recipe, data_folder, out, base_folder).run(Limits(steps=1))
    with pytest.raises(ModelError, match="holds a run already"):
        _trainer(recipe, data_folder, out, base_folder)
    recipe.write_text(json.dumps(replace(config, seed=9).to_json()))
    with pytest.raises(ModelError, match="other settings"):
        _trainer(recipe, data_folder, out, base_folder, resume=True)


def test_a_fitted_exit_starts_nearer_to_the_space_than_a_plain_one(
    data_folder: Path, base_folder: Path, tmp_path: Path, config: RunConfig, corpus: Corpus
) -> None:
    base = EncoderConfig.load(base_folder)
    texts = corpus.train.code
    with torch.no_grad():
        its = encode(base_model(base_folder, base), corpus, texts, (2,), 4096)[2]
    near: dict[str, float] = {}
    for start in ("fitted", "plain"):
        recipe, out = tmp_path / f"{start}.json", tmp_path / start
        recipe.write_text(json.dumps(replace(config, start=start).to_json()))
        assert main(_arguments(recipe, data_folder, out, base_folder, "--steps", "0")) == 0
        target = TargetSpace.load(out / SPACE_NAME).of(its, corpus.languages[texts])
        student = new_student(
            base_model(base_folder, base), student_config(base, config), np.ones(base.vocabulary, np.int64)
        )
        student.load_state_dict(load_checkpoint(checkpoints(out)[-1]).weights)
        with torch.no_grad():
            near[start] = float((encode(student, corpus, texts, (1,), 4096)[1] * target).sum(-1).mean())
    assert near["fitted"] > near["plain"] + 0.2


def test_predicting_masked_tokens_comes_first_and_is_another_loss(
    data_folder: Path, base_folder: Path, tmp_path: Path, config: RunConfig
) -> None:
    recipe, out = tmp_path / "masked.json", tmp_path / "run"
    recipe.write_text(json.dumps(replace(config, masked_share=0.5, exits=(0, 1)).to_json()))
    assert main(_arguments(recipe, data_folder, out, base_folder, "--steps", "4", "--log-steps", "1")) == 0
    parts = [set(line["parts"]) for line in _log(out) if "parts" in line]  # type: ignore[call-overload]
    assert parts[:2] == [{"masked_1"}, {"masked_1"}]
    assert all("masked_1" not in names and "contrast_1" in names for names in parts[2:])


def test_a_port_is_a_pair_of_two_languages(data_folder: Path, base_folder: Path, config: RunConfig) -> None:
    shard = data_folder / "pairs-go-000.jsonl.gz"
    with gzip.open(shard, "rt", encoding="utf-8") as lines:
        go = json.loads(next(lines))
    with gzip.open(data_folder / "pairs-python-000.jsonl.gz", "rt", encoding="utf-8") as lines:
        python = json.loads(next(lines))
    port = {**go, "kind": "code", "query": python["code"]}
    variant = {**go, "kind": "code", "query": "def other(y): return y"}
    with gzip.open(shard, "at", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in (port, variant))
    base = EncoderConfig.load(base_folder)
    corpus = load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))
    kinds = [KINDS[kind] for kind in corpus.train.kind]
    assert kinds.count("port") == 1
    assert kinds.count("code") == 1


def test_teacher_vectors_are_computed_once(base_folder: Path, corpus: Corpus) -> None:
    base = EncoderConfig.load(base_folder)
    texts = corpus.train.code[:6]
    first = Teacher(base_model(base_folder, base), 2, corpus, "t", 4096).vectors(texts)
    ruined = base_model(base_folder, base)
    torch.nn.init.zeros_(ruined.tokens.weight)
    kept = Teacher(ruined, 2, corpus, "t", 4096)
    torch.testing.assert_close(kept.vectors(texts), first, atol=2e-3, rtol=0)
    # Half a row, as a kill may leave it, is made again.
    rows = np.load(corpus.folder / "teacher-t.npy", mmap_mode="r+")
    rows[texts[0], 4:] = 0
    rows.flush()
    again = Teacher(base_model(base_folder, base), 2, corpus, "t", 4096).vectors(texts)
    torch.testing.assert_close(again, first, atol=2e-3, rtol=0)


def test_the_rate_rises_and_falls_in_lines() -> None:
    config = RunConfig(learning_rate=1.0, warmup=0.1)
    rates = [learning_rate(config, progress) for progress in (0, 0.05, 0.1, 0.55, 1)]
    assert rates == pytest.approx([0.1, 0.5, 1, 0.5, 0])


def test_a_run_goes_on_from_a_trained_model(recipe: Path, data_folder: Path, base_folder: Path, tmp_path: Path) -> None:
    first, trained, second = tmp_path / "first", tmp_path / "trained", tmp_path / "second"
    _trainer(recipe, data_folder, first, base_folder).run(Limits(steps=2))
    export(first, trained)
    before = _trainer(recipe, data_folder, second, trained)
    assert not (second / SPACE_NAME).exists(), "the trained model's space is kept"
    before.run(Limits(steps=0))
    export(second, tmp_path / "same")
    models = [load_encoder(folder, "torch", threads=1) for folder in (trained, tmp_path / "same")]
    vectors = [model.encode_exits(TEXTS, TextKind.QUERY, (0, 1, 2)) for model in models]
    for layer in (0, 1, 2):
        np.testing.assert_allclose(vectors[0][layer], vectors[1][layer], atol=2e-3)
    _trainer(recipe, data_folder, second, trained, resume=True).run(Limits(steps=2))
    assert load_checkpoint(checkpoints(second)[-1]).position.step == 2


def test_a_trained_model_with_other_exits_is_refused(
    recipe: Path, data_folder: Path, base_folder: Path, tmp_path: Path
) -> None:
    trained = tmp_path / "trained"
    shutil.copytree(base_folder, trained)
    raw = json.loads((trained / "config.json").read_text())
    raw["exits"][0]["head"] = True
    (trained / "config.json").write_text(json.dumps(raw))
    with pytest.raises(ModelError, match="trained already"):
        _trainer(recipe, data_folder, tmp_path / "run", trained)
