"""Reading a retrieval set: `queries.jsonl`, `corpus.jsonl` and `qrels.jsonl` in one folder, plain or gzipped."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom_indexer.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class Query:
    """A query; `self_id` is the query's own copy in the corpus, never to be counted."""

    id: str
    text: str
    self_id: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """A piece of code that can be found."""

    id: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """A whole set. `judgements` maps query id to document id to grade."""

    queries: tuple[Query, ...]
    documents: tuple[Document, ...]
    judgements: dict[str, dict[str, float]]


def read_set(folder: Path) -> RetrievalSet:
    """Read a set. Raises `EvaluationError` that names the file and line when something is missing or malformed."""
    if not folder.is_dir():
        raise EvaluationError(f"no such folder: {folder}")
    queries = tuple(
        Query(_text(row, "_id", where), _text(row, "text", where), row.get("self"))
        for where, row in _rows(folder, "queries")
    )
    documents = tuple(
        Document(_text(row, "_id", where), _text(row, "text", where), str(row.get("lang") or row.get("language") or ""))
        for where, row in _rows(folder, "corpus")
    )
    judgements: dict[str, dict[str, float]] = {}
    for where, row in _rows(folder, "qrels"):
        grade = row.get("score", 1)
        if not isinstance(grade, (int, float)):
            raise EvaluationError(f"{where}: `score` is no number")
        judgements.setdefault(_text(row, "qid", where), {})[_text(row, "did", where)] = float(grade)
    return RetrievalSet(queries, documents, judgements)


def read_sets(folder: Path, only: Sequence[str] = ()) -> dict[str, RetrievalSet]:
    """The retrieval sets directly below a folder by name. Raises `EvaluationError` if there are none of these names."""
    names = sorted({path.parent.name for path in folder.glob("*/queries.jsonl*")})
    if missing := sorted(set(only) - set(names)):
        raise EvaluationError(f"{folder} has no sets {', '.join(missing)}")
    if not names:
        raise EvaluationError(f"{folder} has no retrieval sets")
    return {name: read_set(folder / name) for name in names if not only or name in only}


def _rows(folder: Path, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    path = next((path for path in (folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz") if path.exists()), None)
    if path is None:
        raise EvaluationError(f"{folder} has neither {name}.jsonl nor {name}.jsonl.gz")
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                where = f"{path}, line {number}"
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise EvaluationError(f"{where}: {error}") from error
                if not isinstance(row, dict):
                    raise EvaluationError(f"{where}: not a JSON object")
                yield where, row
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise EvaluationError(f"{path} cannot be read: {error}") from error


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    raise EvaluationError(f"{where}: `{key}` is missing or no text")
