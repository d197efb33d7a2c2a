"""Prepared pairs in compact form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the torch extra")

from fathom_indexer.encoder import EncoderConfig
from fathom_indexer.errors import ModelError
from fathom_research.training import compact
from fathom_research.training.corpus import LOCK_NAME, PARTS, Corpus, open_corpus
from fathom_research.training.prepare import load_corpus
from fathom_research.training.run_config import RunConfig


@pytest.fixture
def corpus(data_folder: Path, base_folder: Path, config: RunConfig) -> Corpus:
    base = EncoderConfig.load(base_folder)
    return load_corpus(data_folder, config, base, base.tokenizer.read(base_folder))


def test_what_is_packed_comes_back(
    corpus: Corpus, config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "PART_BYTES", 100)
    monkeypatch.setattr(compact, "_CHUNK", 64)
    packed, again = tmp_path / "packed", tmp_path / "again"
    assert compact.main(["pack", str(corpus.folder), str(packed)]) == 0
    sizes = [part.stat().st_size for part in sorted(packed.glob("pairs.*"))]
    assert len(sizes) > 3
    assert set(sizes[:-1]) == {100}
    assert compact.main(["unpack", str(packed), str(again)]) == 0
    for part in PARTS:
        before, after = (np.load(folder / f"{part}.npy") for folder in (corpus.folder, again))
        assert before.dtype == after.dtype, part
        np.testing.assert_array_equal(before, after, err_msg=part)
    assert (again / LOCK_NAME).read_bytes() == (corpus.folder / LOCK_NAME).read_bytes()
    opened = open_corpus(again, config)
    np.testing.assert_array_equal(opened.train.code, corpus.train.code)


def test_a_missing_or_damaged_part_is_named(corpus: Corpus, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    compact.pack(corpus.folder, packed)
    part = packed / "pairs.000"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 255
    part.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be unpacked"):
        compact.unpack(packed, tmp_path / "again")
    part.write_bytes(content[:-1])
    with pytest.raises(ModelError, match="a part is missing"):
        compact.unpack(packed, tmp_path / "again")
    assert compact.main(["pack", str(tmp_path), str(packed)]) == 1
