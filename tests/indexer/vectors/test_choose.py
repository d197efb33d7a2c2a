"""Which index a workspace gets, and what it is told when it cannot have the one it asks for."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from fathom_indexer.errors import IndexStoreError, QueryError
from fathom_indexer.vectors import ExactIndex, HnswIndex, choose, hnsw_available
from fathom_indexer.vectors.choose import CROSSOVER

needs_hnswlib = pytest.mark.skipif(importlib.util.find_spec("hnswlib") is None, reason="hnswlib is not installed")

LARGE = CROSSOVER // 384


def test_exact_is_the_default_for_ordinary_workspaces() -> None:
    assert isinstance(choose("auto", 10_000, 384), ExactIndex)
    assert isinstance(choose("auto", 0, None), ExactIndex)
    assert isinstance(choose("exact", 10 * LARGE, 384), ExactIndex)


@needs_hnswlib
def test_the_crossover_counts_numbers_not_vectors() -> None:
    assert isinstance(choose("auto", LARGE + 1, 384), HnswIndex)
    assert isinstance(choose("auto", LARGE + 1, 128), ExactIndex)
    assert isinstance(choose("hnsw", 10, None), HnswIndex)


def test_without_hnswlib_auto_is_exact_and_hnsw_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hnswlib", None)
    assert not hnsw_available()
    assert isinstance(choose("auto", LARGE + 1, 384), ExactIndex)
    with pytest.raises(IndexStoreError, match=r"fathom-lsp\[hnsw\]"):
        choose("hnsw", 10, 384)


def test_an_unknown_name_is_a_clear_error() -> None:
    with pytest.raises(QueryError, match="auto, exact, hnsw"):
        choose("annoy", 10, 384)
