"""Near-duplicates of evaluation functions among training pairs, on made-up ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from fathom_indexer.errors import ModelError
from fathom_indexer.languages import language_named
from fathom_research.training.data.leakage import Documents, find_leaks, fine_tokens, main

MERGED = """def merge_intervals(intervals):
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged"""
COMMENTED = MERGED.replace("    merged = []\n", '    """Joins what overlaps."""\n    merged = []  # none yet\n')
OTHER = """def widest(shelves, default=None):
    best = default
    for shelf in shelves:
        if best is None or shelf.width > best.width:
            best = shelf
    return best"""
DISTINCT = """def rotate(path, keep):
    for number in range(keep - 1, 0, -1):
        if path.with_suffix(f".{number}").exists():
            path.with_suffix(f".{number}").rename(path.with_suffix(f".{number + 1}"))"""
UNRELATED = """def parse(stream):
    while line := stream.readline():
        key, _, value = line.partition("=")
        yield key.strip(), value.strip()"""


def write_set(folder: Path, *texts: str) -> None:
    folder.mkdir(parents=True)
    rows = [json.dumps({"_id": f"d{number}", "text": text}) for number, text in enumerate(texts)]
    (folder / "corpus.jsonl").write_text("\n".join(rows))
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "?"}')
    (folder / "qrels.jsonl").write_text('{"qid": "q", "did": "d0"}')


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    spaced = " ".join(fine_tokens(OTHER, None))
    write_set(tmp_path / "sets" / "plain", COMMENTED.replace("merge_intervals", "join_all"))
    write_set(tmp_path / "sets" / "spaced", spaced, UNRELATED.replace("stream", "lines"))
    return tmp_path / "sets"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    with gzip.open(folder / "pairs-python-000.jsonl.gz", "wt") as lines:
        for number, (code, split) in enumerate([(MERGED, "train"), (OTHER, "validation"), (DISTINCT, "train")]):
            for kind in ("doc", "code"):
                record = {
                    "id": f"{number:016}-{kind}",
                    "kind": kind,
                    "code": code,
                    "split": split,
                    "language": "python",
                }
                lines.write(json.dumps(record) + "\n")
    return folder


def test_finds_what_was_changed_a_little(
    sets: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = tmp_path / "ids"
    assert main(["--data", str(data), "--eval", str(sets), "--language", "*=python", "--write", str(ids)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["functions"] == 3
    assert report["leaked_functions"] == 2
    assert report["sets"]["plain"] == {
        "documents": 1,
        "documents_resembled": 1,
        "leaked_functions": 1,
        "of_these_validation": 0,
    }
    assert report["sets"]["spaced"]["of_these_validation"] == 1
    assert ids.read_text().split() == [f"{0:016}", f"{1:016}"]


def test_a_sample_compares_fewer(sets: Path, data: Path) -> None:
    from fathom_indexer.evaluation import read_sets

    compared, _ = find_leaks(data, Documents(read_sets(sets), {}), sample=2)
    assert compared == 2


def test_no_comments_no_docstrings_and_no_frame() -> None:
    assert fine_tokens(COMMENTED, language_named("python")) == fine_tokens(MERGED, None)
    php = language_named("php")
    assert fine_tokens("function f() { return $ x ; } // done", php) == "function f ( ) { return $ x ; }".split()
    assert fine_tokens("function f() { return $x; }", php) == "function f ( ) { return $ x ; }".split()


def test_what_cannot_be_read_is_named(sets: Path, data: Path, tmp_path: Path) -> None:
    documents = Documents({}, {})
    with pytest.raises(ModelError, match="holds no pairs"):
        find_leaks(tmp_path, documents)
    (data / "pairs-python-000.jsonl.gz").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="pairs-python-000"):
        find_leaks(data, documents)
    assert main(["--data", str(data), "--eval", str(sets), "--language", "*=klingon"]) == 1
