"""Figures on questions that the weights were fitted on come after those of weights that had not seen the repository."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_page_on_quality_says_what_was_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written by a run that takes hours: what the script would say now must be what is there."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    tables = importlib.import_module("quality_tables")
    page = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    for note in (tables.LEFT_OUT, tables.FUNCTIONS_LEFT_OUT, tables.SETS_FITTED):
        assert f"\n\n{note}\n\n" in page
    assert page.index("**.874**") < page.index("0.882")


@pytest.mark.parametrize("file", ["README.md", "indexer/fathom_indexer/search/weights.py"])
def test_the_figure_that_was_left_out_comes_first(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert text.index(".874") < min(text.find(fitted) % len(text) for fitted in (".882", ".883"))
