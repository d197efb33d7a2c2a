"""Both runtimes give the same vectors; the torch module sees both ways and ignores padding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fathom_indexer.encoder import TextKind, load_encoder
from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.errors import ModelError

torch = pytest.importorskip("torch", reason="needs the torch extra")

TOLERANCE = 0.99
"""Least mean cosine between 8-bit and 32-bit vectors of one text, over code of usual length."""

CODE = [
    "def read_lines(path):\n    with open(path) as f:\n        return f.read().splitlines()",
    "func (s *Server) Close() error { s.mu.Lock(); defer s.mu.Unlock(); return s.listener.Close() }",
    "public int compareTo(Version other) { return Integer.compare(this.major, other.major); }",
    "export const debounce = (f, ms) => { let t; return (...a) => { clearTimeout(t); t = setTimeout(f, ms, ...a) } }",
    "fn parse(input: &str) -> Result<Vec<Token>, Error> { Lexer::new(input).collect() }",
]


def test_runtimes_agree_at_every_exit(packaged_model_with_weights: Path) -> None:
    onnx, torch_ = load_encoder(runtime="onnx"), load_encoder(packaged_model_with_weights, runtime="torch")
    exits = [exit_.layer for exit_ in onnx.config.exits]
    ours = onnx.encode_exits(CODE, TextKind.CODE, exits)
    theirs = torch_.encode_exits(CODE, TextKind.CODE, exits)
    for layer in exits:
        cosines = (ours[layer] * theirs[layer]).sum(axis=1)
        assert cosines.mean() > TOLERANCE, f"exit {layer}: {cosines}"


def test_a_folder_of_graphs_alone_says_how_to_get_weights() -> None:
    with pytest.raises(ModelError, match=r"8-bit graphs alone.*fathom_research\.training\.weights.*--model"):
        load_encoder(runtime="torch")


@pytest.fixture(scope="module")
def config() -> EncoderConfig:
    return replace(
        EncoderConfig.load(PACKAGED_MODEL), layers=2, hidden=32, heads=4, intermediate=64, vocabulary=100, max_tokens=16
    )


def test_every_token_sees_every_other(config: EncoderConfig) -> None:
    from fathom_indexer.encoder.modules import MultiExitEncoder

    torch.manual_seed(0)
    layer = MultiExitEncoder(config).eval().layers[0]
    state = torch.randn(1, 6, config.hidden)
    visible = torch.ones(1, 1, 1, 6, dtype=torch.bool)
    changed = state.clone()
    changed[0, 5] += 1.0
    with torch.inference_mode():
        difference = (layer(state, visible) - layer(changed, visible)).abs().sum(-1)[0]
    assert (difference > 0).all(), "a change in the last token must reach the first"


def test_padding_changes_nothing(config: EncoderConfig) -> None:
    from fathom_indexer.encoder.modules import MultiExitEncoder

    torch.manual_seed(0)
    model = MultiExitEncoder(config).eval()
    ids = torch.randint(0, 100, (1, 5))
    padded = torch.cat([ids, torch.full((1, 4), 7)], dim=1)
    mask = torch.tensor([[1] * 5 + [0] * 4])
    with torch.inference_mode():
        plain = model(ids, torch.ones(1, 5, dtype=torch.long), (1, 2))
        same = model(padded, mask, (1, 2))
    for layer in (1, 2):
        np.testing.assert_allclose(plain[layer].numpy(), same[layer].numpy(), atol=1e-5)


def test_the_graphs_compute_what_the_module_computes(config: EncoderConfig, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="needs the train extra")

    from fathom_indexer.encoder.config import Exit
    from fathom_indexer.encoder.modules import MultiExitEncoder
    from fathom_indexer.encoder.onnx_runtime import OnnxRuntime
    from fathom_research.training.export import write_model

    torch.manual_seed(0)
    small = replace(config, exits=(Exit(1, (32,)), Exit(2, (32,))), index_exit=1, rerank_exit=2, index_dim=32)
    model = MultiExitEncoder(small).eval()
    weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    folder = tmp_path
    written = write_model(folder, small, weights, (PACKAGED_MODEL / "tokenizer.json").read_bytes(), {})
    assert EncoderConfig.load(folder) == written
    ids, mask = torch.randint(0, 100, (3, 9)), torch.ones(3, 9, dtype=torch.long)
    with torch.inference_mode():
        expected = model(ids, mask, (1, 2))
    got = OnnxRuntime(written, folder, 1).run(ids.numpy(), mask.numpy(), (1, 2))
    for layer in (1, 2):
        cosines = (expected[layer].numpy() * got[layer]).sum(axis=1)
        assert (cosines > 0.995).all(), cosines


def test_training_computes_what_the_runtime_computes(config: EncoderConfig) -> None:
    from fathom_indexer.encoder.modules import MultiExitEncoder

    torch.manual_seed(0)
    model = MultiExitEncoder(config)
    ids = torch.randint(0, 100, (3, 9))
    mask = torch.tensor([[1] * length + [0] * (9 - length) for length in (9, 5, 1)])
    trained = model(ids, mask, (1, 2))
    with torch.inference_mode():
        run = model(ids, mask, (1, 2))
    for layer in (1, 2):
        np.testing.assert_allclose(trained[layer].detach().numpy(), run[layer].numpy(), atol=1e-5)
