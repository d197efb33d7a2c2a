"""Reading questions about whole repositories.

A folder holds `repositories.json`, a list of repositories (`name`, `language`, `url`, `revision` and, where only a part
of it is searched, `benchmark_root`), and for each one `NAME.json`, a list of questions: `query`, `category`, and the
answers in `relevant` and `secondary`, each a path or an object with `path`, `start_line` and `end_line`. This is the
format of semble's benchmark.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom_indexer.errors import EvaluationError
from fathom_research.evaluation.targets import CodeRange


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the code that answers it: the labels' main answers, and secondary ones, which count as well."""

    text: str
    category: str
    main: tuple[CodeRange, ...]
    secondary: tuple[CodeRange, ...] = ()

    @property
    def answers(self) -> tuple[CodeRange, ...]:
        """All answers that count."""
        return self.main + self.secondary


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at a revision; `folder` is the part of it that is searched, relative to its root, "" for all."""

    name: str
    language: str
    url: str
    revision: str
    folder: str
    questions: tuple[Question, ...] = ()

    def code_range(self, path: str, lines: tuple[int, int]) -> CodeRange:
        """A result, whose path is relative to the searched folder, relative to the repository's root."""
        return CodeRange(f"{self.folder}/{path}" if self.folder else path, lines)


def read_repositories(folder: Path) -> tuple[Repository, ...]:
    """All repositories of a folder with their questions. Raises `EvaluationError` that names the file and the fault."""
    listing = folder / "repositories.json"
    return tuple(_repository(folder, row, listing) for row in _rows(listing))


def read_questions(path: Path) -> tuple[Question, ...]:
    """The questions of one file. Raises `EvaluationError` that names the file and the fault."""
    return tuple(_question(item, f"{path}, question {number}") for number, item in enumerate(_rows(path), start=1))


def _repository(folder: Path, row: dict[str, Any], listing: Path) -> Repository:
    name = _text(row, "name", str(listing))
    where = f"{listing}, {name}"
    return Repository(
        name=name,
        language=_text(row, "language", where),
        url=_text(row, "url", where),
        revision=_text(row, "revision", where),
        folder=str(row.get("benchmark_root") or "").strip("/"),
        questions=read_questions(folder / f"{name}.json"),
    )


def _question(row: dict[str, Any], where: str) -> Question:
    main = _code_ranges(row, "relevant", where)
    if not main:
        raise EvaluationError(f"{where}: `relevant` is empty")
    return Question(
        _text(row, "query", where), _text(row, "category", where), main, _code_ranges(row, "secondary", where)
    )


def _code_ranges(row: dict[str, Any], key: str, where: str) -> tuple[CodeRange, ...]:
    value = row.get(key, [])
    if not isinstance(value, list):
        raise EvaluationError(f"{where}: `{key}` is no list")
    return tuple(_code_range(item, f"{where}, `{key}`") for item in value)


def _code_range(item: object, where: str) -> CodeRange:
    if isinstance(item, str):
        return CodeRange(item)
    if not isinstance(item, dict):
        raise EvaluationError(f"{where}: {item!r} is neither a path nor an object")
    path, first, last = _text(item, "path", where), item.get("start_line"), item.get("end_line")
    if first is None and last is None:
        return CodeRange(path)
    if not (isinstance(first, int) and isinstance(last, int) and 1 <= first <= last):
        raise EvaluationError(f"{where}: lines {first!r} to {last!r} are no range")
    return CodeRange(path, (first, last))


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{path} cannot be read: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise EvaluationError(f"{path}: not a list of JSON objects")
    return rows


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise EvaluationError(f"{where}: `{key}` is missing or no text")
    return value
