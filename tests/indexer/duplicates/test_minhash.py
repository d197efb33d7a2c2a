"""MinHash: signatures agree as often as the sets overlap, one by one and many at once."""

from __future__ import annotations

import numpy as np
import pytest

from fathom_indexer.duplicates import minhash


def some_set(size: int, seed: int) -> minhash.Hashes:
    return np.random.default_rng(seed).integers(0, 2**63, size, np.uint64)


def test_one_signature_is_as_in_many() -> None:
    sets = [some_set(size, size) for size in (1, 2, 7, 500)]
    together = minhash.signatures(sets, 125)
    assert together.shape == (4, 125)
    assert all((minhash.signature(one, 125) == row).all() for one, row in zip(sets, together, strict=True))


@pytest.mark.parametrize("shared", [0, 250, 500])
def test_equal_places_estimate_the_overlap(shared: int) -> None:
    both, left, right = some_set(shared, 1), some_set(500 - shared, 2), some_set(500 - shared, 3)
    one, other = (np.concatenate([both, own]) for own in (left, right))
    equal = float((minhash.signature(one, 1000) == minhash.signature(other, 1000)).mean())
    assert abs(equal - shared / (1000 - shared)) < 0.06


def test_equal_bands_and_no_others_have_equal_keys() -> None:
    band = np.array([[1, 2, 3], [1, 2, 3], [3, 2, 1], [1, 2, 4]], np.uint32)
    keys = minhash.band_keys(band)
    assert keys[0] == keys[1] and len(set(keys.tolist())) == 3
