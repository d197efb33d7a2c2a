"""The packaged model against the figures recorded for it, and the gate itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fathom_indexer.encoder import load_encoder
from fathom_indexer.errors import EvaluationError
from fathom_indexer.evaluation import read_sets
from fathom_research.evaluation.gate import RECORDED_NAME, Figures, main, measure, problems

SETS = Path(__file__).parents[2] / "fixtures" / "exits"
RECORDED = Figures("m-1", {("s", 2, 128): 0.6, ("s", 6, 128): 0.8})


@pytest.mark.slow
def test_no_exit_of_the_packaged_model_has_collapsed() -> None:
    measured = measure(load_encoder(threads=1), read_sets(SETS))
    assert problems(measured, Figures.load(SETS / RECORDED_NAME)) == []


def test_the_sets_hold_together() -> None:
    sets = read_sets(SETS)
    assert sets
    for retrieval_set in sets.values():
        assert retrieval_set.queries
        documents = {document.id for document in retrieval_set.documents}
        assert len(documents) == len(retrieval_set.documents)
        assert {query.id for query in retrieval_set.queries} == set(retrieval_set.judgements)
        for query in retrieval_set.queries:
            assert set(retrieval_set.judgements[query.id]) <= documents - {query.self_id}
            assert query.self_id is None or query.self_id in documents


def test_a_fall_within_the_margin_is_none() -> None:
    assert problems(Figures("m-1", {("s", 2, 128): 0.56, ("s", 6, 128): 0.9}), RECORDED) == []


def test_an_exit_that_fell_is_named() -> None:
    (only,) = problems(Figures("m-1", {("s", 2, 128): 0.54, ("s", 6, 128): 0.8}), RECORDED)
    assert only == "s, exit 2 at 128 dimensions: MRR@10 0.540, recorded 0.600"


def test_exits_must_be_the_recorded_ones() -> None:
    found = problems(Figures("m-1", {("s", 2, 128): 0.6, ("s", 4, 128): 0.7}), RECORDED)
    assert found == [
        "s, exit 4 at 128 dimensions was not recorded",
        "s, exit 6 at 128 dimensions was recorded but not measured",
    ]


def test_another_model_needs_figures_of_its_own() -> None:
    (only,) = problems(Figures("m-2", RECORDED.mrr), RECORDED)
    assert "m-2" in only
    assert "m-1" in only


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small = tmp_path / "small"
    small.mkdir()
    (small / "queries.jsonl").write_text('{"_id": "q", "text": "add up the numbers of a list"}\n')
    (small / "corpus.jsonl").write_text('{"_id": "a", "text": "def close(file): file.close()"}\n')
    with (small / "corpus.jsonl").open("a") as corpus:
        corpus.write('{"_id": "b", "text": "def total(xs): return sum(xs)"}\n')
    (small / "qrels.jsonl").write_text('{"qid": "q", "did": "b"}\n')
    return tmp_path


@pytest.mark.slow
def test_records_and_compares(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 1
    assert "holds no recorded figures" in capsys.readouterr().err
    assert main([str(folder), "--record"]) == 0
    assert main([str(folder)]) == 0
    recorded = json.loads((folder / RECORDED_NAME).read_text())
    recorded["MRR@10"]["small"]["6"]["384"] = 2.0
    (folder / RECORDED_NAME).write_text(json.dumps(recorded))
    assert main([str(folder)]) == 1
    assert "exit 6 at 384 dimensions" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["", "[]", '{"model": "m"}', '{"model": "m", "MRR@10": {"s": {"six": {"384": 1}}}}']
)
def test_a_damaged_record_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / RECORDED_NAME
    path.write_text(content)
    with pytest.raises(EvaluationError, match=RECORDED_NAME):
        Figures.load(path)
