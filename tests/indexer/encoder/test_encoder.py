"""The packaged encoder: what it promises whatever its weights are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.embedding_space import shorten
from fathom_indexer.encoder import Encoder, EncoderConfig, TextKind, load_encoder
from fathom_indexer.encoder.encoder import PACKAGED_MODEL
from fathom_indexer.encoder.runtime import TOKENS_IN_BATCH, batches
from fathom_indexer.errors import ModelError

TEXTS = [
    "def add(a, b): return a + b",
    "x",
    "",
    "static void main(String[] args) { System.out.println(args.length); } " * 20,
    "größe = 値  # ключ 🦊",
    "\ud800 broken",
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(threads=1)


@pytest.fixture(scope="module")
def exits(encoder: Encoder) -> list[int]:
    return [exit_.layer for exit_ in encoder.config.exits]


def test_every_exit_gives_unit_vectors_of_its_length(encoder: Encoder, exits: list[int]) -> None:
    vectors = encoder.encode_exits(TEXTS, TextKind.CODE, exits)
    for layer in exits:
        assert vectors[layer].shape == (len(TEXTS), encoder.config.exit(layer).dims[0])
        np.testing.assert_allclose(np.linalg.norm(vectors[layer], axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(encoder: Encoder, exits: list[int]) -> None:
    together = encoder.encode_exits(TEXTS, TextKind.CODE, exits)
    for position, text in enumerate(TEXTS):
        alone = encoder.encode_exits([text], TextKind.CODE, exits)
        for layer in exits:
            np.testing.assert_allclose(alone[layer][0], together[layer][position], atol=1e-5)


def test_an_exit_alone_is_the_same_as_on_the_way_to_a_deeper_one(encoder: Encoder, exits: list[int]) -> None:
    together = encoder.encode_exits(TEXTS, TextKind.CODE, exits)
    for layer in exits:
        np.testing.assert_array_equal(encoder.encode(TEXTS, TextKind.CODE, layer), together[layer])


def test_shortened_vectors_are_unit_vectors_of_the_first_features(encoder: Encoder) -> None:
    full = encoder.encode(TEXTS, TextKind.CODE)
    short = encoder.encode(TEXTS, TextKind.CODE, dim=64)
    assert short.shape == (len(TEXTS), 64)
    np.testing.assert_allclose(short, full[:, :64] / np.linalg.norm(full[:, :64], axis=1, keepdims=True), atol=1e-6)


def test_meaning_beats_words(encoder: Encoder) -> None:
    deepest = encoder.config.rerank_exit
    query = encoder.encode(["add up numbers"], TextKind.QUERY, deepest)
    code = encoder.encode(["def total(xs): return sum(xs)", "def numbers_page(request): ..."], TextKind.CODE, deepest)
    assert np.argmax(code @ query[0]) == 0


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([], TextKind.CODE).shape == (0, encoder.config.hidden)


def test_says_which_exits_there_are(encoder: Encoder) -> None:
    there_are = ", ".join(str(exit_.layer) for exit_ in encoder.config.exits)
    with pytest.raises(ModelError, match=f"no exit 5; its exits are {there_are}"):
        encoder.encode(["x"], TextKind.CODE, exit=5)


@pytest.mark.parametrize("dim", [0, -1, 385])
def test_refuses_lengths_that_do_not_exist(dim: int) -> None:
    with pytest.raises(ModelError, match="384 dimensions"):
        shorten(np.ones((1, 384), np.float32), dim)


@given(st.lists(st.integers(1, 128), max_size=60))
def test_batches_hold_every_text_once_and_little_padding(lengths: list[int]) -> None:
    seen: list[int] = []
    for positions, ids, mask in batches((at, [7] * length) for at, length in enumerate(lengths)):
        assert ids.shape == mask.shape == (len(positions), max(lengths[position] for position in positions))
        assert ids.size <= max(TOKENS_IN_BATCH, ids.shape[1])
        assert mask.sum(axis=1).tolist() == [lengths[position] for position in positions]
        assert ((ids == 7) == (mask == 1)).all()
        seen += positions
    assert seen == list(range(len(lengths)))


def test_no_more_is_tokenized_than_the_next_batch_needs() -> None:
    taken: list[int] = []
    texts = ((taken.append(at) or at, [7] * 100) for at in range(10))  # type: ignore[func-returns-value]
    next(batches(texts))
    assert taken == list(range(TOKENS_IN_BATCH // 100 + 1))


@pytest.fixture
def model_copy(tmp_path: Path) -> Path:
    """The packaged model by links, its configuration a real file that a test may change."""
    for file in PACKAGED_MODEL.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "config.json").unlink()
    shutil.copy(PACKAGED_MODEL / "config.json", tmp_path / "config.json")
    return tmp_path


def test_a_damaged_graph_is_refused(model_copy: Path) -> None:
    graph = model_copy / EncoderConfig.load(model_copy).segments[0].file.name
    content = bytearray(graph.read_bytes())
    content[1000] ^= 1
    graph.unlink()
    graph.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        load_encoder(model_copy).encode(["x"], TextKind.CODE)


@pytest.mark.parametrize("missing", ["tokenizer.json", "config.json"])
def test_a_missing_file_is_named(model_copy: Path, missing: str) -> None:
    (model_copy / missing).unlink()
    with pytest.raises(ModelError, match=missing):
        load_encoder(model_copy)


def test_another_format_or_an_incomplete_configuration_is_refused(model_copy: Path) -> None:
    path = model_copy / "config.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw | {"format": 99}))
    with pytest.raises(ModelError, match="format 99"):
        load_encoder(model_copy)
    del raw["heads"]
    path.write_text(json.dumps(raw))
    with pytest.raises(ModelError, match="heads"):
        load_encoder(model_copy)


def test_an_unknown_runtime_is_named() -> None:
    with pytest.raises(ModelError, match="there are: onnx, torch"):
        load_encoder(runtime="tpu")
