"""The pairs as a run reads them: numbered texts, tokenized, and pairs of their numbers.

A prepared corpus is a folder of arrays, which `prepare.py` makes. Texts are numbered, each distinct text once. A pair
is two numbers of texts, with the file and the kind that batches are made by. Every text is either words or code in a
known language; its first tokens may be its name; and it belongs to a group: texts of one function, or solutions of one
task, are never each other's negatives.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.errors import ModelError
from fathom_research.training.run_config import KINDS, RunConfig

Ints = NDArray[np.int64]

LOCK_NAME = "manifest.lock.json"
WORDS = -1
"""In place of a language: the text is a question or a description."""

CLS, SEP, MASK = 101, 102, 103
"""BERT's tokens for the start and the end of a text, and for one that is hidden."""

PARTS = ("tokens", "offsets", "names", "languages", "groups", "train", "validation")
COLUMNS = ("query", "code", "file", "kind")
"""Those of the arrays of pairs."""


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
        Pairs(**{name: np.asarray(column, np.int64) for name, column in zip(COLUMNS, arrays[split].T, strict=True)})
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
