"""The table of exits: figures against hand-made rankings, and the document they make."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fathom_indexer.encoder import load_encoder
from fathom_indexer.errors import EvaluationError
from fathom_indexer.evaluation import Document, Query, RetrievalSet, Task, read_sets
from fathom_research.evaluation import dense_rankings
from fathom_research.training.figures import (
    TORCH,
    Figure,
    Quality,
    Row,
    Speed,
    merged,
    quality_table,
    read_rows,
    write_rows,
)
from fathom_research.training.table import main, markdown, model_rows, quality, task_of
from fathom_research.training.techniques import Technique, read_techniques

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


EACH = (
    Quality("s", Figure(0.5, 0.02), Figure(0.75, 0.03), Task.SEARCH),
    Quality("t", Figure(0.3, 0.1), Figure(0.25, 0.1), Task.SIMILAR),
)
ROWS = [Row("BM25", None, None, EACH, None), Row("m", 2, 128, EACH, Speed(123.4, 1.26, 2))]


def test_the_document_has_a_line_for_each_row() -> None:
    document = markdown(ROWS)
    assert "| model | exit | dim | mean | questions | s | t |\n" in document
    assert "| BM25 |  |  | 0.400 | 0.500 | 0.500 ±0.020 | 0.300 ±0.100 |\n" in document
    assert "| m | 2 | 128 | 0.400 | 0.500 | 0.500 ±0.020 | 0.300 ±0.100 |\n" in document
    assert "| m | 2 | 128 | onnx | 2 | 123 | 1.3 | 256 |\n" in document
    assert "Techniques" not in document
    assert "![" not in document


def test_two_runtimes_make_a_column() -> None:
    exact = (Quality("s", Figure(0.6, 0.02), Figure(0.8, 0.03)), Quality("t", Figure(0.4, 0.1), Figure(0.3, 0.1)))
    table = quality_table([*ROWS, Row("m", 2, 128, exact, None, TORCH)], "mrr")
    assert "| model | exit | dim | mean | mean, 32-bit | questions | s | t |\n" in table
    assert "| m | 2 | 128 | 0.400 | 0.500 | 0.500 | 0.500 ±0.020 | 0.300 ±0.100 |\n" in table
    assert "| BM25 |  |  | 0.400 |  | 0.500 | 0.500 ±0.020 | 0.300 ±0.100 |\n" in table
    assert table.count("| m | 2 |") == 1


def test_figures_of_several_runs_come_together() -> None:
    newer = Row("m", 2, 128, (Quality("s", Figure(0.9, 0.0), Figure(0.9, 0.0)),), None)
    other = Row("n", 1, 64, (Quality("u", Figure(0.1, 0.0), Figure(0.1, 0.0)),), None)
    rows = merged(ROWS, [newer, other])
    assert [row.model for row in rows] == ["BM25", "m", "n"]
    assert [each.task for row in rows[1:] for each in row.quality] == [Task.SEARCH, Task.SEARCH]
    lines = quality_table(rows, "mrr").splitlines()
    assert lines[0] == "| model | exit | dim | mean | questions | s | t | u |"
    assert lines[3] == "| m | 2 | 128 |  |  | 0.900 ±0.000 |  |  |"
    assert lines[4] == "| n | 1 | 64 |  |  |  |  | 0.100 ±0.000 |"


def test_figures_survive_their_file(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    write_rows(ROWS, path)
    assert read_rows(path) == ROWS
    raw = json.loads(path.read_text())
    for row in raw:
        del row["runtime"]
        for each in row["quality"]:
            del each["task"]
    del raw[1]["speed"]["threads"]
    path.write_text(json.dumps(raw))
    assert read_rows(path)[1].speed == Speed(123.4, 1.26)
    assert read_rows(path)[1].quality[0].task is None


@pytest.mark.parametrize("content", ["", "{}5", '[{"model": "m"}]', "[3]"])
def test_a_file_without_figures_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "figures.json"
    path.write_text(content)
    with pytest.raises(EvaluationError, match=r"figures\.json"):
        read_rows(path)


def test_techniques_make_a_section(tmp_path: Path) -> None:
    path = tmp_path / "techniques.json"
    entry = {
        "technique": "anchor",
        "compared": "with | without",
        "figures": {"with": 0.5, "without": 0.45},
        "kept": True,
    }
    path.write_text(json.dumps([entry, {**entry, "technique": "dropping layers", "kept": False}]))
    techniques = read_techniques(path)
    assert techniques[0] == Technique("anchor", "with | without", {"with": 0.5, "without": 0.45}, True)
    document = markdown(ROWS, techniques)
    assert "| anchor | with \\| without | with 0.500; without 0.450 | kept |\n" in document
    assert "| dropping layers | with \\| without | with 0.500; without 0.450 | rejected |\n" in document


@pytest.mark.parametrize(
    "change", [{"figures": {}}, {"figures": {"a": "much"}}, {"kept": "yes"}, {"technique": None}, {"figures": 3}]
)
def test_a_malformed_technique_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "techniques.json"
    entry = {"technique": "anchor", "compared": "both", "figures": {"with": 0.5}, "kept": True}
    path.write_text(json.dumps([entry, {**entry, **change}]))
    with pytest.raises(EvaluationError, match="entry 2"):
        read_techniques(path)


def test_the_committed_techniques_can_be_read() -> None:
    assert read_techniques(Path(__file__).parents[3] / "research" / "techniques.json")


def test_the_plot_shows_models_and_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the train extra")
    from fathom_research.training.plot import plot

    rows = [*ROWS, Row("m", 2, 384, EACH, Speed(123.4, 1.2)), Row("m", 6, 384, EACH, Speed(40.0, 3.0))]
    plot(rows, tmp_path / "one.svg")
    plot(rows, tmp_path / "two.svg")
    drawn = (tmp_path / "one.svg").read_text()
    assert drawn == (tmp_path / "two.svg").read_text()
    assert "m (onnx), 384" in drawn
    assert "m (onnx), 128" in drawn
    assert "BM25" in drawn


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


def test_the_command_writes_document_figures_and_plot(sets_folder: Path, base_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the train extra")
    out, figures = tmp_path / "encoder.md", tmp_path / "figures.json"
    command = [f"tiny={base_folder}", "--eval", str(sets_folder), "--runtime", "onnx", "--runtime", "torch"]
    assert main([*command, "--out", str(out), "--json", str(figures)]) == 0
    assert "| tiny | 2 | 32 |" in out.read_text()
    assert "32-bit" in out.read_text()
    assert "(encoder.svg)" in out.read_text()
    assert "<svg" in (tmp_path / "encoder.svg").read_text()
    assert [row["model"] for row in json.loads(figures.read_text())] == ["BM25", *["tiny"] * 4]
    again = tmp_path / "again" / "encoder.md"
    again.parent.mkdir()
    assert main(["--rows", str(figures), "--out", str(again)]) == 0
    assert again.read_text() == out.read_text()


@pytest.mark.parametrize("command", [[], ["tiny=folder"], ["--eval", "folder"]])
def test_the_command_wants_models_with_sets_or_rows(command: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(command)


def test_sets_that_are_not_there_are_named(sets_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no sets nope"):
        read_sets(sets_folder, ["nope"])
    with pytest.raises(EvaluationError, match="no retrieval sets"):
        read_sets(tmp_path)
