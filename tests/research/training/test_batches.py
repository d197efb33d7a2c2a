"""Putting batches together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the torch extra")

from fathom_research.training.batches import Batch, micro_batches, plan  # noqa: E402
from fathom_research.training.corpus import CLS, SEP, Corpus, Pairs  # noqa: E402
from fathom_research.training.run_config import RunConfig  # noqa: E402


def _corpus(lengths: list[int], pairs: Pairs, groups: list[int] | None = None) -> Corpus:
    """Texts of so many tokens in one language, without names."""
    count = len(lengths)
    return Corpus(
        Path(),
        np.arange(2000, 2000 + sum(lengths), dtype=np.uint16),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.zeros(count, np.uint8),
        np.zeros(count, np.int64),
        np.array(groups if groups is not None else range(count), np.int64),
        pairs,
        pairs,
        16,
        20,
    )


def _pairs(files: list[int], kinds: list[int] | None = None, codes: list[int] | None = None) -> Pairs:
    count = len(files)
    return Pairs(
        query=np.arange(count) + 1000,
        code=np.array(codes if codes is not None else range(count), np.int64),
        file=np.array(files, np.int64),
        kind=np.array(kinds if kinds is not None else [0] * count, np.int64),
    )


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.integers(1, 4), st.integers(2, 6))
def test_an_epoch_has_no_pair_twice_and_leaves_out_less_than_a_batch(
    files: list[int], siblings: int, size: int
) -> None:
    batches = plan(_pairs(files), RunConfig(siblings=siblings, batch=size), 0)
    assert batches.shape == (len(files) // size, size)
    assert len(np.unique(batches)) == batches.size


def test_functions_of_a_file_go_together() -> None:
    files = [number // 4 for number in range(400)]
    together = plan(_pairs(files), RunConfig(siblings=4, batch=20), 0)
    assert len(together) == 20
    for batch in together:
        _, counts = np.unique(np.array(files)[batch], return_counts=True)
        assert (counts == 4).all()


def test_all_pairs_of_a_function_go_together() -> None:
    # Two files with four functions, each asked for in three ways.
    codes = [number // 3 for number in range(24)]
    files = [code // 4 for code in codes]
    batches = plan(_pairs(files, codes=codes), RunConfig(siblings=2, batch=6), 0)
    assert len(batches) == 4
    for batch in batches:
        _, counts = np.unique(np.array(codes)[batch], return_counts=True)
        assert (counts == 3).all()
        assert len(set(np.array(files)[batch])) == 1


def test_epochs_differ_and_repeat() -> None:
    pairs, config = _pairs(list(range(50))), RunConfig(batch=10)
    assert (plan(pairs, config, 3) == plan(pairs, config, 3)).all()
    assert (plan(pairs, config, 3) != plan(pairs, config, 4)).any()
    assert (plan(pairs, config, 3) != plan(pairs, replace(config, seed=2), 3)).any()


def test_a_kind_is_used_as_much_as_the_settings_say() -> None:
    pairs = _pairs(list(range(2000)), kinds=[0, 3] * 1000)
    rows = plan(pairs, RunConfig(kinds={"doc": 1.0, "code": 0.25}, batch=2), 0).ravel()
    assert 200 < (pairs.kind[rows] == 3).sum() < 300
    assert (pairs.kind[rows] == 0).sum() >= 999
    assert not len(plan(pairs, RunConfig(kinds={}, batch=2), 0))


def test_false_negatives_are_what_belongs_together() -> None:
    # Pairs 0 and 1 have one code, 1 and 2 one query, and the query of 3 is the code of 0 and 1.
    pairs = Pairs(
        query=np.array([10, 11, 11, 5, 12]),
        code=np.array([5, 5, 6, 7, 8]),
        file=np.zeros(5, np.int64),
        kind=np.zeros(5, np.int64),
    )
    batch = Batch.of(_corpus([2] * 13, pairs), pairs)
    expected = np.zeros((5, 5), bool)
    for one, other in [(0, 1), (1, 2), (3, 0), (3, 1)]:
        expected[one, other] = expected[other, one] = True
    assert (batch.false_negatives(torch.device("cpu")).numpy() == expected).all()
    assert (batch.texts[batch.code] == [5, 5, 6, 7, 8]).all()
    assert (batch.texts[batch.query] == [10, 11, 11, 5, 12]).all()


def test_texts_of_one_group_are_no_negatives() -> None:
    pairs = Pairs(np.array([0, 1, 2]), np.array([3, 4, 5]), np.zeros(3, np.int64), np.zeros(3, np.int64))
    corpus = _corpus([2] * 8, pairs, groups=[0, 0, 2, 0, 0, 2, 2, 9])
    batch = Batch.of(corpus, pairs, np.array([7, 6, 7]))
    masked = batch.false_negatives(torch.device("cpu")).numpy()
    assert batch.texts[batch.negative].tolist() == [6, 7]
    assert masked.tolist() == [
        [False, True, False, False, False],
        [True, False, False, False, False],
        [False, False, False, True, False],
    ]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 100))
def test_micro_batches_hold_every_text_once(lengths: list[int], tokens: int) -> None:
    none = _pairs([])
    corpus = _corpus(lengths, none)
    texts = np.arange(len(lengths))[::-1]
    seen: list[int] = []
    for places, ids, mask in micro_batches(corpus, texts, tokens):
        assert ids.size <= max(tokens, ids.shape[1])
        for place, row, present in zip(places, ids, mask, strict=True):
            start, end = corpus.offsets[texts[place]], corpus.offsets[texts[place] + 1]
            tokens_of_text = corpus.tokens[start:end].tolist()[: corpus.code_tokens - 2]
            assert row[present == 1].tolist() == [CLS, *tokens_of_text, SEP]
            assert (np.diff(present) <= 0).all()
        seen += places.tolist()
    assert sorted(seen) == list(range(len(lengths)))


@pytest.mark.parametrize("siblings", [1, 3])
def test_no_pairs_make_no_batches(siblings: int) -> None:
    assert len(plan(_pairs([]), RunConfig(siblings=siblings), 0)) == 0
