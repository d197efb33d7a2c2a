"""Mined pairs to a prepared corpus: every text is tokenized once and kept on disk for later runs."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.text import TEXT_FORMAT
from fathom_indexer.errors import ModelError
from fathom_research.training.corpus import COLUMNS, LOCK_NAME, Corpus, open_corpus, require_holdout
from fathom_research.training.pair_table import BODY_TOKENS, NAME_TOKENS, PARTNERS, VARIANTS, PairTable, Texts
from fathom_research.training.run_config import KINDS, RunConfig

logger = logging.getLogger(__name__)

EXCLUDED_NAME = "excluded.txt"
"""Ids of functions whose pairs are left out, one a line: what `training.data.leakage --write` found."""
TASKS_NAME = "tasks.jsonl.gz"
"""Solutions of tasks in many languages, if there are any: what `training.data.tasks` wrote."""
COMMITS_NAME = "commits.jsonl.gz"
"""Subjects of commits and the functions that they changed, if there are any."""

_FORMAT = 3
"""Version of the prepared arrays. Another one prepares the pairs anew."""

_PAIR_FIELDS = frozenset({"id", "kind", "split", "query", "code", "package", "file", "name", "language"})
_TASK_FIELDS = frozenset({"task", "split", "description", "code", "variant", "package", "file", "name", "language"})
_COMMIT_FIELDS = frozenset({"query", "code", "package", "file", "name", "language"})


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


def _prepare(
    shards: list[Path], data: Path, base: EncoderConfig, tokenizer: bytes, folder: Path, excluded: frozenset[str]
) -> None:
    rows = PairTable(Texts(base, tokenizer))
    for shard in shards:
        logger.info("tokenizing %s", shard.name)
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
        np.save(folder / f"{split}.npy", np.array(pairs, np.int32).reshape(-1, len(COLUMNS)))


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
