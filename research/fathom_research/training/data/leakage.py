"""Which functions of the training pairs are near-duplicates of functions in evaluation sets.

    python -m fathom_research.training.data.leakage --data DATA --eval SETS --language 'web_*=python' --write FILE

Word-for-word copies are kept out when the pairs are made (`holdout.py`); this finds those changed a little. The measure
is that of `dedup.py`, a Jaccard similarity of at least 0.7 over shingles of three tokens without comments, computed
exactly. Tokens are cut into words and single signs first, because some sets come as tokens with spaces between. A copy
in which every variable is renamed is no near-duplicate in this sense.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fathom_indexer.errors import FathomError, ModelError
from fathom_indexer.evaluation import RetrievalSet, read_sets
from fathom_indexer.languages import Language, language_named
from fathom_research.training.data.dedup import THRESHOLD, Shingles, shingles
from fathom_research.training.data.shards import read_records
from fathom_research.training.data.tokens import FileTokens, TokenKind

logger = logging.getLogger(__name__)

ID_LENGTH = 16
"""A pair's id begins with that of its function."""

_FINE = re.compile(r"\w+|[^\w\s]")
_NO_CODE = frozenset({TokenKind.COMMENT, TokenKind.DOCSTRING})
_WORTH_PARSING = THRESHOLD / 2
"""Share of a function's shingles, comments included, that must occur in some set before it is looked at closely."""
_ADVANCE = 100_000


@dataclass(frozen=True, slots=True)
class Leak:
    """A training function, the document of a set that it resembles most, and how much."""

    function: str
    split: str
    set: str
    document: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Report:
    """What was compared and found: `functions` are distinct by their text."""

    functions: int
    documents: dict[str, int]
    leaks: tuple[Leak, ...]

    def to_json(self) -> dict[str, object]:
        """Counts by set: leaked training functions, those of them in packages held out for validation, documents."""
        return {
            "functions": self.functions,
            "leaked_functions": len({leak.function for leak in self.leaks}),
            "sets": {
                name: {
                    "documents": count,
                    "documents_resembled": len({leak.document for leak in self.leaks if leak.set == name}),
                    "leaked_functions": sum(leak.set == name for leak in self.leaks),
                    "of_these_validation": sum(leak.set == name and leak.split == "validation" for leak in self.leaks),
                }
                for name, count in self.documents.items()
            },
        }


class Documents:
    """The documents of evaluation sets by their shingles."""

    def __init__(self, sets: Mapping[str, RetrievalSet], languages: Mapping[str, str]) -> None:
        """`languages` tells, by patterns of set names, the language of documents that do not tell it themselves.

        Raises `QueryError` for a language that there is not.
        """
        told = {pattern: language_named(name) for pattern, name in languages.items()}
        self.names = list(sets)
        self.ids: list[str] = []
        places: list[int] = []
        each: list[Shingles] = []
        for place, (name, retrieval_set) in enumerate(sets.items()):
            for document in retrieval_set.documents:
                language = _language(document.language) or next(
                    (language for pattern, language in told.items() if fnmatchcase(name, pattern)), None
                )
                self.ids.append(document.id)
                places.append(place)
                each.append(shingles(fine_tokens(document.text, language)))
        self._set = np.array(places, np.int64)
        self._sizes = np.array([len(runs) for runs in each], np.int64)
        runs = np.concatenate(each) if each else np.zeros(0, np.uint64)
        order = np.argsort(runs, kind="stable")
        self._runs = runs[order]
        self._owners = np.repeat(np.arange(len(each)), self._sizes)[order]

    def share_known(self, runs: Shingles) -> float:
        """The share of these shingles that any document has."""
        return float(np.mean(np.searchsorted(self._runs, runs, "right") > np.searchsorted(self._runs, runs)))

    def resembled(self, runs: Shingles) -> Iterator[tuple[str, str, float]]:
        """Of every set the document most like a function of these shingles, if it is a near-duplicate."""
        starts, ends = np.searchsorted(self._runs, runs), np.searchsorted(self._runs, runs, "right")
        owners = [self._owners[start:end] for start, end in zip(starts, ends, strict=True) if start < end]
        if not owners:
            return
        common: npt.NDArray[np.int64] = np.bincount(np.concatenate(owners), minlength=len(self.ids))
        similarity = common / (self._sizes + len(runs) - common)
        for place, name in enumerate(self.names):
            of_set = np.flatnonzero(self._set == place)
            if len(of_set) and similarity[best := of_set[int(np.argmax(similarity[of_set]))]] >= THRESHOLD:
                yield name, self.ids[best], float(similarity[best])


def fine_tokens(text: str, language: Language | None) -> list[str]:
    """Words and signs of a function, without comments where the language is known."""
    if language is None:
        return _FINE.findall(text)
    # Without this, PHP's grammar takes everything for text of a page.
    lead = "<?php " if language.name == "php" and "<?php" not in text else ""
    source = (lead + text).encode("utf-8", "replace")
    tokens = FileTokens(source, language).inside(len(lead), len(source))
    return [part for token in tokens if token.kind not in _NO_CODE for part in _FINE.findall(token.text)]


def _language(name: str) -> Language | None:
    try:
        return language_named(name)
    except FathomError:
        return None


def find_leaks(data: Path, documents: Documents, sample: int = 1) -> tuple[int, list[Leak]]:
    """How many distinct functions were compared, every `sample`-th there is, and what of them resembles a document.

    Raises `ModelError` when there are no pairs, or they cannot be read.
    """
    seen: set[int] = set()
    leaks: list[Leak] = []
    compared = 0
    for record in islice(_functions(data, seen), 0, None, sample):
        compared += 1
        if compared % _ADVANCE == 0:
            logger.info("%d functions compared, %d found", compared, len(leaks))
        code = str(record["code"])
        if documents.share_known(shingles(fine_tokens(code, None))) < _WORTH_PARSING:
            continue
        runs = shingles(fine_tokens(code, _language(str(record["language"]))))
        function, split = str(record["id"])[:ID_LENGTH], str(record["split"])
        leaks += [Leak(function, split, *found) for found in documents.resembled(runs)]
    return compared, leaks


def _functions(data: Path, seen: set[int]) -> Iterator[Mapping[str, object]]:
    shards = sorted(data.glob("pairs-*.jsonl.gz"))
    if not shards:
        raise ModelError(f"{data} holds no pairs; make them with `python -m fathom_research.training.data`")
    for shard in shards:
        try:
            for record in read_records(shard):
                # A pair of two functions shows one that has a pair of its own as well, under its own id.
                text = hash(record["code"])
                if text not in seen and record["id"] == f"{str(record['id'])[:ID_LENGTH]}-{record['kind']}":
                    seen.add(text)
                    yield record
        except (OSError, EOFError, ValueError, KeyError, zlib.error) as error:
            raise ModelError(f"{shard} cannot be read: {error}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when something cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.data.leakage", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of training pairs")
    parser.add_argument("--eval", type=Path, required=True, help="folder of retrieval sets")
    parser.add_argument("--only", action="append", default=[], metavar="SET", help="these sets; may be repeated")
    parser.add_argument(
        "--language",
        action="append",
        default=[],
        metavar="PATTERN=LANGUAGE",
        help="the language of sets that do not tell it; may be repeated. Comments are compared where nothing tells it",
    )
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="compare every Nth function only")
    parser.add_argument("--write", type=Path, help="write the ids of the functions found to this file, one a line")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        languages = dict(item.rpartition("=")[::2] for item in options.language)
        sets = read_sets(options.eval, options.only)
        documents = Documents(sets, languages)
        functions, leaks = find_leaks(options.data, documents, max(options.sample, 1))
    except FathomError as error:
        logger.error("%s", error)
        return 1
    report = Report(functions, {name: len(each.documents) for name, each in sets.items()}, tuple(leaks))
    if options.write is not None:
        ids = sorted({leak.function for leak in leaks})
        options.write.write_text("".join(f"{function}\n" for function in ids), encoding="utf-8")
    sys.stdout.write(json.dumps(report.to_json(), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
