"""The table of exits: figures against hand-made rankings, and the document they make."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fathom_indexer.encoder import load_encoder
from fathom_indexer.errors import EvaluationError
from fathom_indexer.evaluation import Document, Query, RetrievalSet, Task, dense_rankings, read_sets
from fathom_indexer.training.table import (
    Figure,
    Quality,
    Row,
    Speed,
    main,
    markdown,
    model_rows,
    quality,
    task_of,
)

SET = RetrievalSet(
    queries=(Query("q1", "one", None), Query("q2", "two", "b")),
    documents=(Document("a", "a", ""), Document("b", "b", ""), Document("c", "c", "")),
    judgements={"q1": {"b": 1.0}, "q2": {"a": 1.0}},
)


def test_rankings_are_by_cosine_without_the_query_itself() -> None:
    documents = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    rankings = dense_rankings(SET, np.array([[1, 0], [0, 1]], np.float32), documents)
    assert rankings == {"q1": ["a", "c", "b"], "q2": ["c", "a"]}
    found = quality("s", SET, rankings)
    assert found.mrr.mean == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert 0 < found.mrr.half_width <= 1 / 2 - 1 / 3


def test_a_set_whose_queries_are_in_the_corpus_asks_for_code_like_code() -> None:
    assert task_of(SET) is Task.SIMILAR
    assert task_of(RetrievalSet(SET.queries[:1], SET.documents, {})) is Task.SEARCH


def test_the_document_has_a_line_for_each_row() -> None:
    each = (Quality("s", Figure(0.5, 0.02), Figure(0.75, 0.03)), Quality("t", Figure(0.3, 0.1), Figure(0.25, 0.1)))
    document = markdown([Row("BM25", None, None, each, None), Row("m", 2, 128, each, Speed(123.4, 1.26))], 2)
    assert "| BM25 |  |  | 0.400 | 0.500 ±0.020 | 0.300 ±0.100 |\n" in document
    assert "| m | 2 | 128 | 0.500 | 0.750 ±0.030 | 0.250 ±0.100 |\n" in document
    assert "| m | 2 | 128 | 123 | 1.3 | 256 |\n" in document
    assert "on 2 threads" in document


@pytest.fixture
def sets_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sets" / "small"
    folder.mkdir(parents=True)
    rows: dict[str, list[dict[str, object]]] = {
        "queries": [{"_id": "q", "text": "add up the numbers of a list"}],
        "corpus": [
            {"_id": "d1", "text": "def total(xs): return sum(xs)"},
            {"_id": "d2", "text": "def close(file): file.close()"},
        ],
        "qrels": [{"qid": "q", "did": "d1", "score": 1}],
    }
    for name, lines in rows.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder.parent


def test_measures_every_exit_of_a_model(sets_folder: Path, tmp_path: Path) -> None:
    rows = model_rows("packaged", load_encoder(threads=1), read_sets(sets_folder))
    deepest = rows[-1]
    assert deepest.quality[0].mrr == Figure(1.0, 0.0)
    assert deepest.speed is not None
    assert deepest.speed.functions_per_second > 0
    assert len({(row.layer, row.dim) for row in rows}) == len(rows)


def test_the_command_writes_document_and_figures(sets_folder: Path, base_folder: Path, tmp_path: Path) -> None:
    out, figures = tmp_path / "encoder.md", tmp_path / "figures.json"
    command = [f"tiny={base_folder}", "--eval", str(sets_folder), "--out", str(out), "--json", str(figures)]
    assert main(command) == 0
    assert "| tiny | 2 | 32 |" in out.read_text()
    assert [row["model"] for row in json.loads(figures.read_text())] == ["BM25", "tiny", "tiny"]


def test_sets_that_are_not_there_are_named(sets_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no sets nope"):
        read_sets(sets_folder, ["nope"])
    with pytest.raises(EvaluationError, match="no retrieval sets"):
        read_sets(tmp_path)
