from __future__ import annotations

import random

import numpy as np
import pytest

from fathom_research.training.data.dedup import PERMUTATIONS, SHINGLE, duplicates, signature


def function(seed: int, length: int = 120) -> list[str]:
    """Tokens of a made-up function."""
    rng = random.Random(seed)
    return [f"t{rng.randrange(400)}" for _ in range(length)]


def changed(tokens: list[str], count: int) -> list[str]:
    """The same with some tokens replaced, spread evenly."""
    copy = list(tokens)
    for index in range(count):
        copy[index * len(copy) // count] = f"new{index}"
    return copy


def jaccard(one: list[str], other: list[str]) -> float:
    first, second = ({tuple(x[i : i + SHINGLE]) for i in range(len(x) - SHINGLE + 1)} for x in (one, other))
    return len(first & second) / len(first | second)


def test_signatures_estimate_jaccard() -> None:
    errors = []
    for seed in range(40):
        one = function(seed)
        other = changed(one, 1 + seed // 2)
        errors.append(float((signature(one) == signature(other)).mean()) - jaccard(one, other))
    assert abs(float(np.mean(errors))) < 0.03
    assert float(np.max(np.abs(errors))) < 0.2


def test_near_duplicates_go_and_the_first_stays() -> None:
    originals = [function(seed) for seed in range(60)]
    near = [changed(tokens, 3) for tokens in originals]
    far = [changed(tokens, 30) for tokens in originals]
    dropped = duplicates(np.stack([signature(tokens) for tokens in originals + near + far]))
    assert not dropped[:60].any()
    assert dropped[60:120].all()
    assert not dropped[120:].any()


def test_order_among_equals_does_not_change_what_is_left() -> None:
    rows = np.stack([signature(function(seed % 7)) for seed in range(30)])
    dropped = duplicates(rows)
    assert list(np.flatnonzero(~dropped)) == list(range(7))


@pytest.mark.parametrize("count", [0, 1])
def test_few_functions(count: int) -> None:
    assert not duplicates(np.zeros((count, PERMUTATIONS), np.uint32)).any()


def test_short_functions_have_a_signature() -> None:
    assert signature([]).shape == signature(["a"]).shape == (PERMUTATIONS,)
    assert (signature(["a"]) != signature(["b"])).any()
