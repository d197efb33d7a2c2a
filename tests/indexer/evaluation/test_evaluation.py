"""Metrics, reading of sets, and a run through the real ranking."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest

from fathom_indexer.cli.main import main
from fathom_indexer.encoder import load_encoder
from fathom_indexer.errors import EvaluationError
from fathom_indexer.evaluation import Task, rank_all, read_set, score
from fathom_indexer.search import Pipeline

CORPUS = [
    {"_id": "d1", "text": "def send_again(file):\n    for attempt in range(3):\n        upload(file)"},
    {"_id": "d2", "text": "def parse_date(text):\n    return datetime.strptime(text, '%Y-%m-%d')"},
    {"_id": "d3", "text": "int add(int a, int b) { return a + b; }", "lang": "c"},
]
QUERIES = [
    {"_id": "q1", "text": "retry failed uploads"},
    {"_id": "q2", "text": "convert a string into a calendar day"},
    {"_id": "q3", "text": "nobody judged this one"},
]
QRELS = [{"qid": "q1", "did": "d1", "score": 1}, {"qid": "q2", "did": "d2", "score": 1}]


def write(folder: Path, zipped: bool = False, **files: list[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in files.items():
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path = folder / (f"{name}.jsonl.gz" if zipped else f"{name}.jsonl")
        path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


@pytest.fixture(params=[False, True], ids=["plain", "gzipped"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return write(tmp_path / "set", request.param, corpus=CORPUS, queries=QUERIES, qrels=QRELS)


def test_metrics_by_hand() -> None:
    judgements = {"q1": {"a": 1.0, "b": 1.0}, "q2": {"c": 2.0, "d": 1.0, "e": 0.0}, "none": {"x": 0.0}}
    rankings = {"q1": ["x", "a", "y", "b"], "q2": ["e", "d", "c"]}
    metrics = score(judgements, rankings)
    assert metrics.queries == 2
    assert metrics.mrr == pytest.approx((1 / 2 + 1 / 2) / 2)
    gain1 = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    gain2 = (1 / math.log2(3) + 2 / math.log2(4)) / (2 + 1 / math.log2(3))
    assert metrics.ndcg == pytest.approx((gain1 + gain2) / 2)
    assert metrics.recall == 1.0
    assert metrics.map_at_r == pytest.approx(((1 / 2) / 2 + (1 / 2) / 2) / 2)


def test_a_query_without_a_ranking_counts_as_nothing_found() -> None:
    assert score({"q1": {"a": 1.0}, "q2": {"b": 1.0}}, {"q1": ["a"]}).mrr == 0.5
    assert score({}, {}).queries == 0


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_ranks_a_set(folder: Path, pipeline: Pipeline) -> None:
    rankings = rank_all(read_set(folder), load_encoder(threads=1), steps=pipeline.steps)
    assert set(rankings) == {"q1", "q2"}
    if pipeline is not Pipeline.LEXICAL:
        assert rankings["q1"][0] == "d1"
        assert rankings["q2"][0] == "d2"


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_leaves_the_querys_own_copy_out(tmp_path: Path, pipeline: Pipeline) -> None:
    own = [{"_id": "q1", "text": CORPUS[0]["text"], "self": "d1"}]
    folder = write(tmp_path / "set", corpus=CORPUS, queries=own, qrels=[{"qid": "q1", "did": "d2", "score": 1}])
    rankings = rank_all(read_set(folder), load_encoder(threads=1), Task.SIMILAR, pipeline.steps)
    assert "d1" not in rankings["q1"]


def test_a_shallow_exit_and_few_dimensions_change_what_is_searched(folder: Path) -> None:
    encoder = load_encoder(threads=1)
    assert rank_all(read_set(folder), encoder, steps=Pipeline.DENSE.steps, index_exit=1, dim=2)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"corpus": CORPUS, "queries": QUERIES}, "neither qrels.jsonl nor qrels.jsonl.gz"),
        ({"corpus": [{"_id": "d1"}], "queries": QUERIES, "qrels": QRELS}, "line 1: `text` is missing"),
        ({"corpus": CORPUS, "queries": QUERIES, "qrels": [{"qid": "q", "did": "d", "score": "x"}]}, "`score`"),
    ],
)
def test_says_what_is_wrong_with_a_set(tmp_path: Path, files: dict[str, Any], words: str) -> None:
    with pytest.raises(EvaluationError, match=words):
        read_set(write(tmp_path / "set", **files))


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", corpus=CORPUS, queries=QUERIES, qrels=QRELS)
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "x"}\n{broken\n')
    with pytest.raises(EvaluationError, match=r"queries\.jsonl, line 2"):
        read_set(folder)
    (folder / "queries.jsonl").unlink()
    (folder / "queries.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_set(folder)


def test_the_command_prints_metrics_and_writes_rankings(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_file = tmp_path / "run.jsonl"
    assert main(["eval", str(folder), "--json", "--rankings", str(run_file)]) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["MRR@10"] == 1.0
    assert metrics["queries"] == 2
    rows = [json.loads(line) for line in run_file.read_text().splitlines()]
    assert {row["qid"]: row["ranked"][0] for row in rows} == {"q1": "d1", "q2": "d2"}


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(tmp_path / "nothing")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_vectors_are_kept_in_the_cache(tmp_path: Path, folder: Path) -> None:
    encoder, retrieval_set, cache = load_encoder(), read_set(folder), tmp_path / "set.sqlite"
    embedded: list[str] = []

    def progress(stage: str, done: int, total: int) -> None:
        embedded.extend([stage] if stage == "embed" else [])

    first = rank_all(retrieval_set, encoder, progress=progress, cache=cache)
    assert embedded
    embedded.clear()
    assert rank_all(retrieval_set, encoder, progress=progress, cache=cache) == first
    assert not embedded
