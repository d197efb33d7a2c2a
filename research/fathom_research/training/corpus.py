"""The pairs as a run reads them: every text tokenized once and kept on disk for the next run.

A prepared corpus is a folder of arrays. Texts are numbered, each distinct text once; a pair is two numbers of texts,
and what a batch is put together by. Of every text it is known whether it is words or in which language it is written,
which of its tokens are its name, and which group it belongs to: texts of one function, or solutions of one task, are
never each other's negatives.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import shutil
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.text import TEXT_FORMAT, code_text, query_text
from fathom_indexer.encoder.tokenizer import Tokenizer
from fathom_indexer.errors import ModelError
from fathom_indexer.types import Function, Kind
from fathom_research.training.run_config import KINDS, RunConfig

log = logging.getLogger(__name__)

Ints = NDArray[np.int64]

LOCK_NAME = "manifest.lock.json"
EXCLUDED_NAME = "excluded.txt"
"""Ids of functions whose pairs are left out, one a line: what `training.data.leakage --write` found."""

_AT_ONCE = 4096
WORDS = -1
"""In place of a language: the text is a question or a description."""

TASKS_NAME = "tasks.jsonl.gz"
"""Solutions of tasks in many languages, if there are any: what `training.data.tasks` wrote."""
COMMITS_NAME = "commits.jsonl.gz"
"""Subjects of commits and the functions that they changed, if there are any."""

CLS, SEP, MASK = 101, 102, 103
"""BERT's tokens for the start and the end of a text, and for one that is hidden."""

NAME_TOKENS = 24
"""Tokens kept of a function's file and qualified name."""
BODY_TOKENS = 250
"""Tokens kept of a function's text: two windows."""

_FORMAT = 3
PARTS = ("tokens", "offsets", "names", "languages", "groups", "train", "validation")
PARTNERS = 6
"""Pairs in which a solution looks for solutions of its task in other languages."""
VARIANTS = 0.7
"""Share of them between variants, which bear no names of their own."""
_COLUMNS = ("query", "code", "file", "kind")


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row a pair: numbers of texts, the number of the file the code is from, and the place in `KINDS`."""

    query: Ints
    code: Ints
    file: Ints
    kind: Ints

    def __len__(self) -> int:
        """How many pairs there are."""
        return len(self.query)

    def take(self, rows: Ints) -> Pairs:
        """These rows, in this order."""
        return Pairs(self.query[rows], self.code[rows], self.file[rows], self.kind[rows])


@dataclass(frozen=True, slots=True)
class Corpus:
    """Tokenized texts and the pairs made of them.

    A text is the tokens of its name, which only code has, and those of its body, without BERT's own tokens around them.
    """

    folder: Path
    tokens: NDArray[np.uint16]
    offsets: Ints
    names: NDArray[np.uint8]
    """Of each text, how many of its tokens are its name."""
    languages: Ints
    """Of each text, a number that stands for its language, or `WORDS`."""
    groups: Ints
    train: Pairs
    validation: Pairs
    query_tokens: int
    """What is read of words, BERT's own tokens included."""
    code_tokens: int
    """What is read of code, likewise."""

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.offsets) - 1

    def limits(self, texts: Ints) -> Ints:
        """How many tokens are read of each text at most."""
        return np.where(self.languages[texts] == WORDS, self.query_tokens, self.code_tokens)


def load_corpus(data: Path, config: RunConfig, base: EncoderConfig, tokenizer: bytes) -> Corpus:
    """The pairs in `data`, tokenized now or by an earlier run. `tokenizer` is the base's, as its file holds it.

    Raises `ModelError` when there are no pairs, or when the data's lock does not say that held-out functions were
    dropped.
    """
    require_holdout(data)
    shards = sorted(data.glob("pairs-*.jsonl.gz"))
    others = [path for name in (TASKS_NAME, COMMITS_NAME) if (path := data / name).exists()]
    if not shards:
        raise ModelError(f"{data} holds no pairs; make them with `python -m fathom_research.training.data`")
    excluded = _excluded(data)
    folder = data / "prepared" / _key([*shards, *others], base, excluded)
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _prepare(shards, data, base, tokenizer, partial, excluded)
        shutil.copyfile(data / LOCK_NAME, partial / LOCK_NAME)
        partial.rename(folder)
    return open_corpus(folder, config)


def open_corpus(folder: Path, config: RunConfig) -> Corpus:
    """A prepared corpus, read as the run's settings say.

    Raises `ModelError` when the folder holds none, or does not say that held-out functions were dropped.
    """
    require_holdout(folder)
    try:
        arrays = {part: np.load(folder / f"{part}.npy", mmap_mode="r") for part in PARTS}
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no prepared pairs: {error}") from error
    train, validation = (
        Pairs(**{name: np.asarray(column, np.int64) for name, column in zip(_COLUMNS, arrays[split].T, strict=True)})
        for split in ("train", "validation")
    )
    offsets, languages = np.asarray(arrays["offsets"]), np.asarray(arrays["languages"], np.int64)
    groups = np.asarray(arrays["groups"], np.int64)
    for pairs in (train, validation):
        is_code = pairs.kind == KINDS.index("code")
        pairs.kind[is_code & (languages[pairs.query] != languages[pairs.code])] = KINDS.index("port")
    return Corpus(
        folder,
        arrays["tokens"],
        offsets,
        np.asarray(arrays["names"]),
        languages,
        groups,
        train,
        validation,
        config.query_tokens,
        config.code_tokens,
    )


def require_holdout(data: Path) -> None:
    """Raise `ModelError` unless the lock records that functions of the evaluation sets were kept out of the pairs."""
    try:
        lock = json.loads((data / LOCK_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{data / LOCK_NAME} cannot be read, so nothing says what the pairs are: {error}") from error
    holdout = lock.get("holdout") if isinstance(lock, dict) else None
    if not isinstance(holdout, dict) or not holdout.get("hashes"):
        raise ModelError(f"{data / LOCK_NAME} records no held-out functions: mine the pairs with --holdout")


def _excluded(data: Path) -> frozenset[str]:
    path = data / EXCLUDED_NAME
    try:
        return frozenset(path.read_text(encoding="utf-8").split()) if path.exists() else frozenset()
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error


def _key(shards: list[Path], base: EncoderConfig, excluded: frozenset[str]) -> str:
    parts: list[Any] = [
        _FORMAT,
        TEXT_FORMAT,
        base.tokenizer.sha256,
        NAME_TOKENS,
        BODY_TOKENS,
        PARTNERS,
        VARIANTS,
    ]
    parts += sorted(excluded)
    parts += [(shard.name, shard.stat().st_size, shard.stat().st_mtime_ns) for shard in shards]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class _Texts:
    """Numbers distinct texts and keeps their tokens, language and group."""

    def __init__(self, base: EncoderConfig, tokenizer: bytes) -> None:
        self._tokenizer = Tokenizer(replace(base, max_tokens=BODY_TOKENS + 2), tokenizer)
        self._numbers: dict[bytes, int] = {}
        self._waiting: list[tuple[str, str]] = []
        self.tokens = array("H")
        self.offsets = array("q", [0])
        self.names = array("B")
        self.languages = array("b")
        self.groups = array("i")

    def number(self, name: str, body: str, language: int, group: int) -> int:
        digest = hashlib.sha1(f"{language == WORDS} {name}\n{body}".encode("utf-8", "surrogatepass")).digest()
        number = self._numbers.get(digest)
        if number is None:
            number = self._numbers[digest] = len(self._numbers)
            self._waiting.append((name, body))
            self.languages.append(language)
            self.groups.append(group)
            if len(self._waiting) == _AT_ONCE:
                self.flush()
        return number

    def group(self, number: int) -> int:
        """The group of a text."""
        return self.groups[number]

    def flush(self) -> None:
        """Tokenize what waits."""
        names, bodies = (self._tokenizer.ids(list(texts)) for texts in zip(*self._waiting, strict=True))
        for name, body in zip(names, bodies, strict=True):
            front = name[1:-1][:NAME_TOKENS]
            self.names.append(len(front))
            self.tokens.extend(front)
            self.tokens.extend(body[1:-1])
            self.offsets.append(len(self.tokens))
        self._waiting.clear()


class _Rows:
    """Collects texts and pairs, file by file of the data."""

    def __init__(self, texts: _Texts) -> None:
        self.texts = texts
        self.files: dict[tuple[str, str], int] = {}
        self.languages: dict[str, int] = {}
        self.groups: dict[str, int] = {}
        self.pairs: dict[str, list[tuple[int, int, int, int]]] = {"train": [], "validation": []}
        self._origins: dict[int, int] = {}
        self._asked_by_code: list[tuple[int, int]] = []

    def language(self, name: str) -> int:
        return self.languages.setdefault(name, len(self.languages))

    def group(self, name: str) -> int:
        return self.groups.setdefault(name, len(self.groups))

    def add(self, split: str, query: int, code: int, file: tuple[str, str], kind: str) -> None:
        number = self.files.setdefault(file, len(self.files))
        self.pairs[split].append((query, code, number, KINDS.index(kind)))

    def add_mined(self, record: dict[str, Any]) -> None:
        """A pair as `training.data` writes it."""
        # A pair's id begins with that of its function; that of a port holds the ids of both.
        group, language = self.group(record["id"].split("-")[0]), self.language(record["language"])
        code = self.texts.number(*_code(record), language, group)
        code_hash, kind = hash(record["code"]), record["kind"]
        self._origins[code_hash] = code
        if kind == "code":
            query = self.texts.number("", query_text(record["query"]), language, group)
            self._asked_by_code.append((query, hash(record["query"])))
        else:
            query = self.texts.number("", query_text(record["query"]), WORDS, group)
        self.add(record["split"], query, code, (record["package"], record["file"]), kind)

    def add_tasks(self, records: Sequence[dict[str, Any]]) -> None:
        """Solutions of tasks: each finds others of its task in other languages, and is found by the task's words.

        A solution is read as it was written, or as its variant, which bears no name that would give the task away.
        Tasks of one name in two collections are one group.
        """
        by_task: dict[str, list[tuple[str, int, int]]] = {}
        splits: dict[str, str] = {}
        for record in records:
            splits[record["task"]] = record["split"]
            group, language = self.group(f"task {record['task'].partition('/')[2]}"), self.language(record["language"])
            written = self.texts.number(*_code(record), language, group)
            variant = self.texts.number("", query_text(record["variant"]), language, group)
            by_task.setdefault(record["task"], []).append((record["language"], written, variant))
            if record["description"]:
                query = self.texts.number("", query_text(record["description"]), WORDS, group)
                for code in (written, variant):
                    self.add(record["split"], query, code, ("task", record["task"]), "doc")
        for task, solutions in by_task.items():
            random = np.random.default_rng(zlib.crc32(task.encode()))
            for spoken, written, variant in solutions:
                others = [(one, other) for its, one, other in solutions if its != spoken]
                for number in random.permutation(len(others))[:PARTNERS]:
                    renamed = random.random() < VARIANTS
                    query, code = (variant, others[number][1]) if renamed else (written, others[number][0])
                    self.add(splits[task], query, code, ("task", task), "port")

    def add_commit(self, record: dict[str, Any]) -> None:
        """The subject of a commit, and the function that it changed."""
        group = self.group(f"commit {record['package']} {record['file']} {record['name']}")
        code = self.texts.number(*_code(record), self.language(record["language"]), group)
        query = self.texts.number("", query_text(record["query"]), WORDS, self.texts.group(code))
        self.add("train", query, code, (record["package"], record["file"]), "commit")

    def finish(self) -> None:
        """Tokenize the rest, and say in which language and group the queries are that are code.

        A port's query is a function that has pairs of its own, under its own name.
        """
        self.texts.flush()
        for query, code_hash in self._asked_by_code:
            if (origin := self._origins.get(code_hash)) is not None:
                self.texts.languages[query] = self.texts.languages[origin]
                self.texts.groups[query] = self.texts.groups[origin]


def _prepare(
    shards: list[Path], data: Path, base: EncoderConfig, tokenizer: bytes, folder: Path, excluded: frozenset[str]
) -> None:
    rows = _Rows(_Texts(base, tokenizer))
    for shard in shards:
        log.info("tokenizing %s", shard.name)
        for record in _records(shard, _PAIR_FIELDS):
            known = record["kind"] in KINDS and record["split"] in rows.pairs
            if known and excluded.isdisjoint(record["id"].split("-")):
                rows.add_mined(record)
    if (tasks := data / TASKS_NAME).exists():
        rows.add_tasks(list(_records(tasks, _TASK_FIELDS)))
    if (commits := data / COMMITS_NAME).exists():
        for record in _records(commits, _COMMIT_FIELDS):
            rows.add_commit(record)
    rows.finish()
    texts = rows.texts
    np.save(folder / "tokens.npy", np.frombuffer(texts.tokens, np.uint16))
    np.save(folder / "offsets.npy", np.frombuffer(texts.offsets, np.int64))
    np.save(folder / "names.npy", np.frombuffer(texts.names, np.uint8))
    np.save(folder / "languages.npy", np.frombuffer(texts.languages, np.int8))
    np.save(folder / "groups.npy", np.frombuffer(texts.groups, np.int32))
    for split, pairs in rows.pairs.items():
        np.save(folder / f"{split}.npy", np.array(pairs, np.int32).reshape(-1, len(_COLUMNS)))


_PAIR_FIELDS = frozenset({"id", "kind", "split", "query", "code", "package", "file", "name", "language"})
_TASK_FIELDS = frozenset({"task", "split", "description", "code", "variant", "package", "file", "name", "language"})
_COMMIT_FIELDS = frozenset({"query", "code", "package", "file", "name", "language"})


def _records(shard: Path, fields: frozenset[str]) -> Iterator[dict[str, Any]]:
    """The records of a file. Raises `ModelError` naming what is malformed."""
    try:
        with gzip.open(shard, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                record = json.loads(line)
                if missing := fields - set(record):
                    raise ModelError(f"{shard}, line {number}: {', '.join(sorted(missing))} missing")
                yield record
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise ModelError(f"{shard} cannot be read: {error}") from error


def _code(record: dict[str, Any]) -> tuple[str, str]:
    """A function's name and body, whose tokens one after the other are those of what a workspace's index reads."""
    name = record["name"]
    function = Function(name, name, Kind.FUNCTION, record["language"], "", "", "", 0, 0, 1, 1)
    return code_text(function, record["file"]), query_text(record["code"])
