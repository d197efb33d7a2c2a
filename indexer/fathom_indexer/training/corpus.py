"""The pairs as a run reads them: every text tokenized once and kept on disk for the next run.

A prepared corpus is a folder of arrays. Texts are numbered, each distinct text once; a pair is two numbers of texts,
and what a batch is put together by. Of every text it is known whether it is words or in which language it is written.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import shutil
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.text import TEXT_FORMAT, code_text, query_text
from fathom_indexer.encoder.tokenizer import Tokenizer
from fathom_indexer.errors import ModelError
from fathom_indexer.training.run_config import KINDS, RunConfig
from fathom_indexer.types import Function, Kind

log = logging.getLogger(__name__)

Ints = NDArray[np.int64]

LOCK_NAME = "manifest.lock.json"
EXCLUDED_NAME = "excluded.txt"
"""Ids of functions whose pairs are left out, one a line: what `training.data.leakage --write` found."""

_AT_ONCE = 4096
WORDS = -1
"""In place of a language: the text is a question or a description."""

_FORMAT = 2
_PARTS = ("tokens", "offsets", "languages", "train", "validation")
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
    """Tokenized texts and the pairs made of them."""

    folder: Path
    tokens: NDArray[np.int32]
    offsets: Ints
    languages: Ints
    """Of each text, a number that stands for its language, or `WORDS`."""
    train: Pairs
    validation: Pairs

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.offsets) - 1

    def text(self, number: int) -> NDArray[np.int32]:
        """Token ids of one text."""
        return self.tokens[self.offsets[number] : self.offsets[number + 1]]


def load_corpus(data: Path, config: RunConfig, base: EncoderConfig, tokenizer: bytes) -> Corpus:
    """The pairs in `data`, tokenized now or by an earlier run. `tokenizer` is the base's, as its file holds it.

    Raises `ModelError` when there are no pairs, or when the data's lock does not say that held-out functions were
    dropped.
    """
    require_holdout(data)
    shards = sorted(data.glob("pairs-*.jsonl.gz"))
    if not shards:
        raise ModelError(f"{data} holds no pairs; make them with `python -m fathom_indexer.training.data`")
    excluded = _excluded(data)
    folder = data / "prepared" / _key(shards, config, base, excluded)
    if not folder.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _prepare(shards, config, base, tokenizer, partial, excluded)
        partial.rename(folder)
    arrays = {part: np.load(folder / f"{part}.npy", mmap_mode="r") for part in _PARTS}
    train, validation = (
        Pairs(**{name: np.asarray(column, np.int64) for name, column in zip(_COLUMNS, arrays[split].T, strict=True)})
        for split in ("train", "validation")
    )
    offsets, languages = np.asarray(arrays["offsets"]), np.asarray(arrays["languages"], np.int64)
    for pairs in (train, validation):
        is_code = pairs.kind == KINDS.index("code")
        pairs.kind[is_code & (languages[pairs.query] != languages[pairs.code])] = KINDS.index("port")
    return Corpus(folder, arrays["tokens"], offsets, languages, train, validation)


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


def _key(shards: list[Path], config: RunConfig, base: EncoderConfig, excluded: frozenset[str]) -> str:
    parts: list[Any] = [
        _FORMAT,
        TEXT_FORMAT,
        base.tokenizer.sha256,
        config.query_tokens,
        config.code_tokens,
        config.names_share,
    ]
    parts += sorted(excluded)
    parts += [(shard.name, shard.stat().st_size, shard.stat().st_mtime_ns) for shard in shards]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class _Texts:
    """Numbers distinct texts and keeps their tokens. A text is the same only if it is cut at the same length."""

    def __init__(self, base: EncoderConfig, tokenizer: bytes) -> None:
        self._base = base
        self._definition = tokenizer
        self._tokenizers: dict[int, Tokenizer] = {}
        self._numbers: dict[bytes, int] = {}
        self._waiting: list[tuple[str, int]] = []
        self.tokens = array("i")
        self.offsets = array("q", [0])
        self.languages = array("b")

    def number(self, text: str, limit: int, language: int) -> int:
        digest = hashlib.sha1(f"{limit} {text}".encode("utf-8", "surrogatepass")).digest()
        number = self._numbers.get(digest)
        if number is None:
            number = self._numbers[digest] = len(self._numbers)
            self._waiting.append((text, limit))
            self.languages.append(language)
            if len(self._waiting) == _AT_ONCE:
                self.flush()
        return number

    def flush(self) -> None:
        limits = {limit for _, limit in self._waiting}
        encoded = {limit: iter(self._tokenizer(limit).ids(self._texts(limit))) for limit in limits}
        for _, limit in self._waiting:
            self.tokens.extend(next(encoded[limit]))
            self.offsets.append(len(self.tokens))
        self._waiting.clear()

    def _texts(self, limit: int) -> list[str]:
        return [text for text, its_limit in self._waiting if its_limit == limit]

    def _tokenizer(self, limit: int) -> Tokenizer:
        if limit not in self._tokenizers:
            self._tokenizers[limit] = Tokenizer(replace(self._base, max_tokens=limit), self._definition)
        return self._tokenizers[limit]


def _prepare(
    shards: list[Path],
    config: RunConfig,
    base: EncoderConfig,
    tokenizer: bytes,
    folder: Path,
    excluded: frozenset[str],
) -> None:
    texts = _Texts(base, tokenizer)
    files: dict[tuple[str, str], int] = {}
    languages: dict[str, int] = {}
    origins: dict[int, int] = {}
    asked_by_code: list[tuple[int, int]] = []
    rows: dict[str, list[tuple[int, int, int, int]]] = {"train": [], "validation": []}
    for shard in shards:
        log.info("tokenizing %s", shard.name)
        for record in _records(shard):
            # A pair's id begins with that of its function; that of a port holds the ids of both.
            if not excluded.isdisjoint(record["id"].split("-")):
                continue
            kind = record["kind"]
            language = languages.setdefault(record["language"], len(languages))
            code = texts.number(_code(record, config), config.code_tokens, language)
            origins[hash(record["code"])] = language
            if kind == "code":
                query = texts.number(query_text(record["query"]), config.code_tokens, language)
                asked_by_code.append((query, hash(record["query"])))
            else:
                query = texts.number(query_text(record["query"]), config.query_tokens, WORDS)
            file = files.setdefault((record["package"], record["file"]), len(files))
            rows[record["split"]].append((query, code, file, KINDS.index(kind)))
    texts.flush()
    # A port's query is a function that has pairs of its own, which say in which language it is written.
    for query, code_hash in asked_by_code:
        texts.languages[query] = origins.get(code_hash, texts.languages[query])
    np.save(folder / "languages.npy", np.frombuffer(texts.languages, np.int8))
    np.save(folder / "tokens.npy", np.frombuffer(texts.tokens, np.int32))
    np.save(folder / "offsets.npy", np.frombuffer(texts.offsets, np.int64))
    for split, pairs in rows.items():
        np.save(folder / f"{split}.npy", np.array(pairs, np.int32).reshape(-1, len(_COLUMNS)))


def _records(shard: Path) -> Iterator[dict[str, Any]]:
    """The usable records of a shard, those of unknown kinds left out. Raises `ModelError` naming what is malformed."""
    try:
        with gzip.open(shard, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                record = json.loads(line)
                missing = {"id", "kind", "split", "query", "code", "package", "file", "name", "language"} - set(record)
                if missing:
                    raise ModelError(f"{shard}, line {number}: {', '.join(sorted(missing))} missing")
                if record["kind"] in KINDS and record["split"] in {"train", "validation"}:
                    yield record
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise ModelError(f"{shard} cannot be read: {error}") from error


def _code(record: dict[str, Any], config: RunConfig) -> str:
    """The function as a workspace's index reads it, or bare; which of both depends on its text alone."""
    text = record["code"]
    named = zlib.crc32(text.encode("utf-8", "surrogatepass")) < config.names_share * 2**32
    name = record["name"] if named else ""
    function = Function(name, name, Kind.FUNCTION, record["language"], "", "", text, 0, len(text), 1, 1)
    return code_text(function, record["file"] if named else "")
