from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_research.training.data.holdout import HoldoutError, fingerprint, is_held_out, load_holdout


def test_fingerprint_is_the_documented_hash() -> None:
    assert fingerprint("def f(x):\n    return x\n") == hashlib.sha1(b"deff(x):returnx").hexdigest()[:16]


@given(st.lists(st.text(alphabet="abc(){}=", min_size=1), min_size=1), st.sampled_from(["  ", "\n", "\t", "\r\n"]))
def test_layout_does_not_matter(pieces: list[str], gap: str) -> None:
    assert fingerprint(gap.join(pieces)) == fingerprint("".join(pieces))


def test_any_way_to_write_it_counts(tmp_path: Path) -> None:
    file = tmp_path / "hashes.txt.gz"
    file.write_bytes(gzip.compress((fingerprint("b c") + "\n").encode()))
    held = load_holdout(file)
    assert is_held_out(["a", "bc"], held)
    assert not is_held_out(["a", "cb"], held)


def test_an_unreadable_list_stops_everything(tmp_path: Path) -> None:
    file = tmp_path / "hashes.txt.gz"
    file.write_bytes(b"no gzip")
    with pytest.raises(HoldoutError):
        load_holdout(file)
    with pytest.raises(HoldoutError):
        load_holdout(tmp_path / "missing.gz")
