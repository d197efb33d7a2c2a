"""Running it all: mine every package once, then put together what is mined. A kill loses one package's work at most."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fathom_indexer.duplicates.minhash import Signatures
from fathom_indexer.errors import FathomError
from fathom_research.training.data.dedup import PERMUTATIONS, duplicates
from fathom_research.training.data.fetch import download
from fathom_research.training.data.manifest import Package
from fathom_research.training.data.mine import Mined, Tally, mine
from fathom_research.training.data.ports import Described, related
from fathom_research.training.data.queries import is_hard, keyword_query, question_query, without_own_name
from fathom_research.training.data.shards import Pair, ShardWriter, open_gzip, read_records
from fathom_research.training.data.sources import package_licences, package_sources

logger = logging.getLogger(__name__)

MINING_VERSION = 3
"""Version of the mining rules. A package that was mined by another version is mined again."""

KEYWORD_SHARE = 0.5
QUESTION_SHARE = 0.6
OWN_NAME_SHARE = 0.5
"""Of the descriptions that begin with the function's own name, how many keep it."""

LOCK_NAME = "manifest.lock.json"

_SEED = "fathom"
_MINED = "mined"
_DOWNLOADS = "downloads"
_PARTIAL = "pairs.partial"


@dataclass(frozen=True, slots=True)
class _Done:
    """A package that is mined: what it came from, and where its functions are."""

    package: Package
    facts: dict[str, Any]
    records: Path
    signatures: Path


def build(packages: Sequence[Package], to_mine: Sequence[Package], out: Path, held: frozenset[str]) -> dict[str, Any]:
    """Mine `to_mine`, assemble pairs from whatever of `packages` is mined, and return the lock that is written.

    A package that cannot be fetched is reported in the log and the lock, and stops nothing else.
    """
    failed: dict[str, str] = {}
    for number, package in enumerate(to_mine, start=1):
        progress = f"{number}/{len(to_mine)} {package.key}"
        if _load_done(package, out, held) is not None:
            logger.info("%s: mined before", progress)
            continue
        started = time.monotonic()
        try:
            tally = _mine_package(package, out, held)
        except (FathomError, OSError) as error:
            logger.warning("%s: %s", progress, error)
            failed[package.key] = str(error)
        else:
            logger.info("%s: %s in %.0f s", progress, tally, time.monotonic() - started)
    done = [found for package in packages if (found := _load_done(package, out, held)) is not None]
    return _assemble(done, failed, held, out)


def _mine_package(package: Package, out: Path, held: frozenset[str]) -> Tally:
    fetched = download(package, out / _DOWNLOADS / package.key)
    licences = package_licences(fetched.archives)
    if licences.is_copyleft and not package.licence_note:
        raise FathomError(f"declares {licences.declared!r} in {licences.source}, which is not permissive")
    folder = out / _MINED
    folder.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    signatures: list[Signatures] = []
    with open_gzip(folder / f"{package.key}.jsonl.gz") as stream:
        sources = package_sources(package, fetched.archives, licences)
        for mined, signature in mine(package, sources, held, tally):
            stream.write(json.dumps(asdict(mined), ensure_ascii=False) + "\n")
            signatures.append(signature)
    np.save(folder / f"{package.key}.npy", np.array(signatures, np.uint32).reshape(-1, PERMUTATIONS))
    facts = {
        "stamp": _stamp(package, held),
        "version": fetched.version,
        "archives": fetched.hashes,
        "licence_declared": licences.declared,
        "licence_declared_in": licences.source,
        "tally": asdict(tally),
    }
    # The facts come last: a package without them is not mined.
    _write_json(folder / f"{package.key}.json", facts)
    return tally


def _write_json(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)


def _load_done(package: Package, out: Path, held: frozenset[str]) -> _Done | None:
    folder = out / _MINED
    try:
        facts = json.loads((folder / f"{package.key}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if facts.get("stamp") != _stamp(package, held) or (package.version and facts["version"] != package.version):
        return None
    return _Done(package, facts, folder / f"{package.key}.jsonl.gz", folder / f"{package.key}.npy")


def _stamp(package: Package, held: frozenset[str]) -> str:
    """Everything that mining a package depends on, but for its source. Versions are compared by themselves."""
    settings = asdict(replace(package, version=""))
    entry = {key: value for key, value in settings.items() if key not in {"validation", "licence"}}
    return hashlib.sha256(json.dumps([MINING_VERSION, entry, _held_hash(held)]).encode()).hexdigest()[:16]


def _held_hash(held: frozenset[str]) -> str:
    return hashlib.sha256("\n".join(sorted(held)).encode()).hexdigest()


def _assemble(done: Sequence[_Done], failed: dict[str, str], held: frozenset[str], out: Path) -> dict[str, Any]:
    """Drop duplicates, derive queries, write the shards and the lock."""
    # Of two that resemble each other the earlier stays: validation must not be thinned out by training.
    ordered = sorted(done, key=lambda item: not item.package.validation)
    kept, described = _without_duplicates(ordered)
    logger.info("%d functions are left of %d", sum(map(len, kept.values())), _mined_count(ordered))
    partners = list(related(described))
    del described
    partial = out / _PARTIAL
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    counts: dict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    with ShardWriter(partial) as writer:
        for pair in _pairs(ordered, kept, partners):
            writer.write(pair)
            counts[pair.package][pair.language, pair.kind, pair.split] += 1
    lock = _lock(ordered, kept, failed, counts)
    lock["holdout"] = {"hashes": len(held), "sha256": _held_hash(held)}
    for old in out.glob("pairs-*.jsonl.gz"):
        old.unlink()
    for shard in sorted(partial.iterdir()):
        shard.replace(out / shard.name)
    partial.rmdir()
    _write_json(out / LOCK_NAME, lock)
    return lock


def _mined_count(done: Sequence[_Done]) -> int:
    return sum(int(item.facts["tally"]["taken"]) for item in done)


def _without_duplicates(done: Sequence[_Done]) -> tuple[dict[str, set[str]], list[Described]]:
    """The ids kept of each package, and what is compared of them.

    A function goes if it resembles an earlier one, or if its description is word for word that of an earlier one:
    in a batch, one query with two right answers teaches the wrong thing.
    """
    matrices = [np.load(item.signatures) for item in done]
    dropped = duplicates(np.concatenate(matrices) if matrices else np.zeros((0, PERMUTATIONS), np.uint32))
    kept: dict[str, set[str]] = {}
    described: list[Described] = []
    seen: set[bytes] = set()
    row = 0
    for item in done:
        ids = kept.setdefault(item.package.key, set())
        for mined in _records(item):
            is_duplicate = bool(dropped[row])
            row += 1
            said = hashlib.sha1(" ".join(mined.description.lower().split()).encode()).digest()[:10]
            if is_duplicate or said in seen:
                continue
            seen.add(said)
            ids.add(mined.id)
            described.append(
                Described(
                    mined.id,
                    mined.language,
                    item.package.key,
                    item.package.split,
                    mined.file,
                    mined.name,
                    mined.qualified_name,
                    mined.description,
                )
            )
    return kept, described


def _pairs(done: Sequence[_Done], kept: dict[str, set[str]], partners: Sequence[tuple[str, str]]) -> Iterator[Pair]:
    """The pairs of every function kept, package by package; then those of two functions."""
    in_pairs = {function for pair in partners for function in pair}
    waiting: dict[str, Pair] = {}
    for item in done:
        for mined in _records(item):
            if mined.id not in kept[item.package.key]:
                continue
            pairs = _pairs_of(mined, item.package)
            yield from pairs
            if mined.id in in_pairs:
                waiting[mined.id] = pairs[0]
    for one_id, other_id in partners:
        one, other = waiting[one_id], waiting[other_id]
        yield Pair(
            id=f"{one_id}-{other_id}",
            language=other.language,
            package=other.package,
            split=other.split,
            file=other.file,
            name=other.name,
            kind="code",
            query=one.code,
            code=other.code,
            hard=False,
        )


def _pairs_of(mined: Mined, package: Package) -> list[Pair]:
    """The pairs of one function; the first is that of its documentation."""
    rng = random.Random(f"{_SEED}/queries/{mined.id}")
    plain = without_own_name(mined.description, mined.name)
    queries: list[tuple[str, str | None]] = [("doc", mined.description if rng.random() < OWN_NAME_SHARE else plain)]
    if rng.random() < KEYWORD_SHARE:
        queries.append(("keyword", keyword_query(plain, mined.name, rng)))
    if rng.random() < QUESTION_SHARE:
        queries.append(("question", question_query(plain, mined.name, mined.language, rng)))
    queries.append(("code", mined.variant or None))
    return [
        Pair(
            id=f"{mined.id}-{kind}",
            language=mined.language,
            package=package.key,
            split=package.split,
            file=mined.file,
            name=mined.qualified_name,
            kind=kind,
            query=query,
            code=mined.code,
            hard=kind != "code" and is_hard(query, mined.name),
        )
        for kind, query in queries
        if query is not None
    ]


def _records(item: _Done) -> Iterator[Mined]:
    for record in read_records(item.records):
        yield Mined(**record)  # type: ignore[arg-type]


def _lock(
    done: Sequence[_Done],
    kept: dict[str, set[str]],
    failed: dict[str, str],
    counts: dict[str, Counter[tuple[str, str, str]]],
) -> dict[str, Any]:
    """What the pairs were made from, exactly, and how many there are of each sort."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    packages: dict[str, Any] = {}
    for item in done:
        package = item.package
        by_language: dict[str, Counter[str]] = defaultdict(Counter)
        for (language, kind, split), count in counts[package.key].items():
            by_language[language][kind] += count
            totals[language][kind] += count
            totals[language][split] += count
        packages[package.key] = {
            **{key: value for key, value in item.facts.items() if key != "stamp"},
            "licence": package.licence,
            "split": package.split,
            "functions": len(kept[package.key]),
            "pairs": by_language,
        }
    return {"packages": packages, "totals": totals, "failed": failed, "mined_functions": _mined_count(done)}
