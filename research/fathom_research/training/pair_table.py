"""Texts and pairs, collected record by record and tokenized."""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fathom_indexer.encoder.config import EncoderConfig
from fathom_indexer.encoder.text import code_text, query_text
from fathom_indexer.encoder.tokenizer import Tokenizer
from fathom_indexer.types import Function, Kind
from fathom_research.training.corpus import WORDS
from fathom_research.training.run_config import KINDS

_AT_ONCE = 4096
"""Texts that are tokenized together."""

NAME_TOKENS = 24
"""Tokens kept of a function's file and qualified name."""
BODY_TOKENS = 250
"""Tokens kept of a function's text: two windows."""

PARTNERS = 6
"""Pairs in which a solution looks for solutions of its task in other languages."""
VARIANTS = 0.7
"""Share of them between variants, which bear no names of their own."""


class Texts:
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


class PairTable:
    """Collects texts and pairs, file by file of the data."""

    def __init__(self, texts: Texts) -> None:
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


def _code(record: dict[str, Any]) -> tuple[str, str]:
    """A function's name and body, whose tokens one after the other are those of what a workspace's index reads."""
    name = record["name"]
    function = Function(name, name, Kind.FUNCTION, record["language"], "", "", "", 0, 0, 1, 1)
    return code_text(function, record["file"]), query_text(record["code"])
