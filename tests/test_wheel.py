"""What is in the wheel that users install: what runs, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
MODEL = "fathom_indexer/encoder/models/minilm/"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the wheel, built from this checkout."""
    wheel = pytest.importorskip("hatchling.builders.wheel", reason="building a wheel needs hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    [built] = wheel.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with ZipFile(built) as archive:
        return set(archive.namelist())


def test_only_the_engine_and_the_server_are_installed(names: set[str]) -> None:
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "fathom_indexer",
        "fathom_server",
    }
    assert not [name for name in names if "research" in name or "training" in name or "test" in Path(name).name]


def test_the_model_is_its_graphs_and_its_tokenizer(names: set[str]) -> None:
    assert not [name for name in names if name.endswith(".safetensors")]
    config = json.loads((ROOT / "indexer" / MODEL / "config.json").read_text())
    files = {config["tokenizer"]["name"], *(segment["name"] for segment in config["segments"])}
    assert {name for name in names if "/models/" in name} == {
        MODEL + name for name in (*files, "config.json", "README.md")
    }
    assert len(files) == 6


def test_what_runs_is_there(names: set[str]) -> None:
    for package in ("indexer/fathom_indexer", "server/fathom_server"):
        folder = ROOT / package
        modules = {path.relative_to(folder.parent).as_posix() for path in folder.rglob("*.py")}
        assert len(modules) > 20
        assert modules <= names
    assert any(name.endswith(".scm") for name in names)
    assert {"fathom_indexer/py.typed", "fathom_server/py.typed"} <= names


def test_no_weights_are_committed_anew() -> None:
    """A new model adds its graphs to the history, and nothing that is read by PyTorch alone."""
    assert not [path for room in ("indexer", "server") for path in (ROOT / room).rglob("*.safetensors")]
