"""What is asked of the frozen base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the torch extra")
pytest.importorskip("onnx", reason="needs the train extra")

pytestmark = pytest.mark.slow

from fathom_indexer.encoder.config import EncoderConfig  # noqa: E402
from fathom_indexer.encoder.modules import Layer  # noqa: E402
from fathom_research.training.probe import _silenced, main  # noqa: E402
from fathom_research.training.student import base_model  # noqa: E402


def test_a_silenced_sub_block_adds_nothing_and_comes_back(base_folder: Path) -> None:
    model = base_model(base_folder, EncoderConfig.load(base_folder)).eval()
    ids, mask = torch.tensor([[101, 2500, 2600, 102]]), torch.ones(1, 4, dtype=torch.long)
    before = model.states(ids, mask, (1,))[1]
    layer = model.layers[0]
    assert isinstance(layer, Layer)
    with _silenced(layer.down):
        assert not torch.equal(model.states(ids, mask, (1,))[1], before)
        assert layer.down(torch.randn(1, 64)).abs().max() == 0
    torch.testing.assert_close(model.states(ids, mask, (1,))[1], before)


def test_the_command_measures_everything(base_folder: Path, data_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "probe.json"
    command = ["--data", str(data_folder), "--base", str(base_folder), "--train-pairs", "130", "--json", str(out)]
    assert main(command) == 0
    found = json.loads(out.read_text())
    assert set(found["sub-blocks"]) == {
        "all",
        *(f"layer {number} without {part}" for number in (1, 2) for part in ("attention", "mlp")),
    }
    assert set(found["pooling"]) == {"mean, nothing learnt", "mean", "multi-layer", "latent attention"}
    assert all(0 < figure <= 1 for figures in found.values() for figure in figures.values())
