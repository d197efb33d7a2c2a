"""Weights that are kept outside of the package: the lock file, the object in the history, and the packaged model."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fathom_indexer.encoder import EncoderConfig, load_encoder
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.errors import ModelError
from fathom_research.training import weights as weights_module
from fathom_research.training.weights import WeightsLock, from_history, main, model_with_weights, package

CONTENT = b"sixteen-bit weights" * 1000


def a_lock(config: EncoderConfig, blob: str | None = None) -> WeightsLock:
    assert config.weights is not None
    return WeightsLock(
        config.model_id, config.weights.name, config.weights.sha256, len(CONTENT), "recipe.json", blob, "on a shelf"
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The folder of a model that was just trained: the packaged graphs and weights of their own."""
    folder = tmp_path / "model"
    shutil.copytree(PACKAGED_MODEL, folder)
    raw = json.loads((folder / "config.json").read_text())
    del raw["id"]
    source = raw.pop("source")
    raw["weights"] = {"name": "weights.fp16.safetensors", "sha256": hashlib.sha256(CONTENT).hexdigest()}
    (folder / "config.json").write_text(json.dumps({**raw, "source": source}, indent=2) + "\n")
    (folder / "weights.fp16.safetensors").write_bytes(CONTENT)
    return folder


def test_the_packaged_model_is_the_one_whose_weights_are_recorded() -> None:
    lock, config = WeightsLock.load(), EncoderConfig.load(PACKAGED_MODEL)
    assert config.weights is None
    assert config.model_id == lock.model
    raw = json.loads((PACKAGED_MODEL / "config.json").read_text())
    with_weights = {**raw, "weights": {"name": lock.name, "sha256": lock.sha256}}
    assert EncoderConfig.from_json(with_weights, PACKAGED_MODEL).model_id == lock.model, (
        "the id is a hash of all hashes"
    )
    assert (weights_module.CHECKOUT / lock.recipe).is_file()


def test_a_packaged_model_with_its_weights_is_the_model_that_was_trained(model: Path, tmp_path: Path) -> None:
    packaged, lock_path, again = tmp_path / "packaged", tmp_path / "model.lock.json", tmp_path / "again"
    lock = package(model, "recipe.json", "on a shelf", packaged, lock_path)
    assert lock == WeightsLock.load(lock_path) == a_lock(EncoderConfig.load(model))
    assert EncoderConfig.load(packaged).model_id == EncoderConfig.load(model).model_id
    assert not list(packaged.glob("*.safetensors"))
    load_encoder(packaged, threads=1)
    model_with_weights(again, CONTENT, lock, packaged)
    for file in again.iterdir():
        assert file.read_bytes() == (model / file.name).read_bytes(), file.name


def test_weights_of_another_hash_are_refused(model: Path, tmp_path: Path) -> None:
    packaged = tmp_path / "packaged"
    lock = package(model, "recipe.json", "on a shelf", packaged, tmp_path / "model.lock.json")
    with pytest.raises(ModelError, match="not the recorded one"):
        model_with_weights(tmp_path / "again", CONTENT[:-1] + b"?", lock, packaged)
    with pytest.raises(ModelError, match="whose weights the lock file records"):
        model_with_weights(tmp_path / "again", CONTENT, replace(lock, model="another"), packaged)
    assert not (tmp_path / "again").exists()


def test_a_model_without_weights_or_with_a_damaged_file_is_not_packaged(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="8-bit graphs alone"):
        package(PACKAGED_MODEL, "recipe.json", "", tmp_path / "packaged", tmp_path / "model.lock.json")
    (model / EncoderConfig.load(model).segments[0].file.name).write_bytes(b"")
    with pytest.raises(ModelError, match="damaged"):
        package(model, "recipe.json", "", tmp_path / "packaged", tmp_path / "model.lock.json")
    assert not (tmp_path / "packaged").exists()


def test_weights_come_out_of_the_history(model: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    write = ["git", "-C", str(repository), "hash-object", "-w", "--stdin"]
    blob = subprocess.run(write, input=CONTENT, capture_output=True, check=True).stdout.decode().strip()
    lock = a_lock(EncoderConfig.load(model), blob)
    assert from_history(lock, repository) == CONTENT
    with pytest.raises(ModelError, match="not the recorded one"):
        from_history(replace(lock, sha256="0" * 64), repository)
    with pytest.raises(ModelError, match=r"git fetch --unshallow.*--from"):
        from_history(replace(lock, git_blob="1" * 40), repository)
    with pytest.raises(ModelError, match=r"on a shelf.*--from"):
        from_history(replace(lock, git_blob=None), repository)


def test_the_command_takes_a_file(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = WeightsLock.load()
    given, out = tmp_path / "given", tmp_path / "out"
    given.write_bytes(CONTENT)
    assert main(["--from", str(given), "--out", str(out)]) == 1
    assert "not the recorded one" in capsys.readouterr().err
    assert main(["--from", str(tmp_path / "none"), "--out", str(out)]) == 1
    assert not out.exists()
    monkeypatch.setattr(WeightsLock, "load", lambda: replace(lock, sha256=hashlib.sha256(CONTENT).hexdigest()))
    with pytest.raises(SystemExit):
        main(["--package", str(model)])


def test_the_recorded_weights_are_in_the_history(packaged_model_with_weights: Path) -> None:
    config = EncoderConfig.load(packaged_model_with_weights)
    assert config.model_id == EncoderConfig.load(PACKAGED_MODEL).model_id
    assert len(config.read_weights(packaged_model_with_weights)) == WeightsLock.load().size


def test_a_lock_file_that_is_incomplete_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.lock.json"
    with pytest.raises(ModelError, match="not a lock file"):
        WeightsLock.load(path)
    path.write_text('{"model": "m"}')
    with pytest.raises(ModelError, match="not a lock file"):
        WeightsLock.load(path)
