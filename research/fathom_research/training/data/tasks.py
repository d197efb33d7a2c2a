"""The same task solved in many languages, for code-to-code search and for search by description.

    python -m fathom_research.training.data.tasks --sources DIR --out FILE --holdout HASHES [--eval SETS]

`DIR/owner+name` holds a checkout of each repository of `tasks.json`, `.revision` in it the revision. The output is
described in `docs/training-data.md`. The same checkouts give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from fathom_indexer.duplicates.minhash import Signatures
from fathom_indexer.errors import FathomError
from fathom_indexer.evaluation import read_sets
from fathom_indexer.languages import Language
from fathom_research.training.data.dedup import THRESHOLD, shingles, signature
from fathom_research.training.data.holdout import is_held_out, load_holdout
from fathom_research.training.data.leakage import Documents, fine_tokens
from fathom_research.training.data.mine import record_language
from fathom_research.training.data.shards import open_gzip
from fathom_research.training.data.solutions import Solution, solutions
from fathom_research.training.data.task_sources import (
    TaskSource,
    check_licence,
    load_task_sources,
    revision_of,
    task_files,
    task_key,
    task_statements,
    task_title,
)

logger = logging.getLogger(__name__)

MOST_OF_A_LANGUAGE = 4
"""Solutions of one task in one language, near-duplicates not counted."""

VALIDATION_EVERY = 20
"""One task in so many is kept for validation, in all families."""

_MAX_STATEMENT = 600
_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)[^\n]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Record:
    """One solution; `docs/training-data.md` describes the fields."""

    task: str
    split: str
    description: str
    language: str
    package: str
    file: str
    name: str
    code: str
    variant: str


@dataclass(slots=True)
class SourceTally:
    """Where the solutions of one repository went."""

    files: int = 0
    solutions: int = 0
    held_out: int = 0
    resembles_evaluation: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    over_limit: int = 0
    kept: int = 0

    def to_json(self) -> dict[str, object]:
        """The counts as plain values: `asdict` would make pairs of a counter's entries."""
        counts = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**counts, "resembles_evaluation": dict(self.resembles_evaluation)}


class Collector:
    """Takes solutions in the order of the manifest and keeps what may be learnt and says something new."""

    def __init__(self, held: frozenset[str], documents: Documents | None) -> None:
        self._held = held
        self._documents = documents
        self._taken: dict[tuple[str, str], list[Signatures]] = defaultdict(list)

    def records(
        self, source: TaskSource, checkout: Path, statements: Mapping[str, str], tally: SourceTally
    ) -> Iterator[Record]:
        """What is kept of a repository; counts the rest in `tally`."""
        for name, file in task_files(source, checkout):
            tally.files += 1
            task = f"{source.family}/{task_key(name)}"
            language = record_language(file.language.name)
            taken = self._taken[task, language]
            if len(taken) >= MOST_OF_A_LANGUAGE:
                tally.over_limit += 1
                continue
            for solution in solutions(file, name, source.comments):
                tally.solutions += 1
                if self._is_kept(solution, file.language, taken, tally):
                    tally.kept += 1
                    yield Record(
                        task=task,
                        split=split_of(name),
                        description=statements.get(task) or solution.description or task_title(name),
                        language=language,
                        package=source.name,
                        file=file.path,
                        name=solution.name,
                        code=solution.code,
                        variant=solution.variant,
                    )

    def _is_kept(self, solution: Solution, language: Language, taken: list[Signatures], tally: SourceTally) -> bool:
        if len(taken) >= MOST_OF_A_LANGUAGE:
            tally.over_limit += 1
            return False
        if is_held_out(solution.texts, self._held):
            tally.held_out += 1
            return False
        own = signature(solution.tokens)
        if any(float((own == other).mean()) >= THRESHOLD for other in taken):
            tally.duplicates += 1
            return False
        if resembled := self._resembled(solution, language):
            tally.resembles_evaluation.update(resembled)
            return False
        taken.append(own)
        return True

    def _resembled(self, solution: Solution, language: Language) -> set[str]:
        """The evaluation sets that have a near-duplicate of the solution, or of any function in it."""
        if self._documents is None:
            return set()
        found: set[str] = set()
        for text in dict.fromkeys((solution.code, solution.variant, *solution.functions)):
            runs = shingles(fine_tokens(text, None))
            if self._documents.share_known(runs) >= THRESHOLD / 2:
                runs = shingles(fine_tokens(text, language))
                found |= {name for name, _, _ in self._documents.resembled(runs)}
        return found


def split_of(task: str) -> str:
    """`validation` for a fixed twentieth of the tasks, whatever family they are of."""
    digest = hashlib.sha1(task_key(task).encode()).hexdigest()
    return "train" if int(digest, 16) % VALIDATION_EVERY else "validation"


def plain_statement(markdown: str) -> str:
    """The beginning of a statement, in whole sentences, without headings, code, links and other markup."""
    text = _LINK.sub(r"\1", _FENCE.sub("", markdown))
    lines = [line for line in text.splitlines() if not re.match(r"\s*(?:#|\[|\||>|!\[|<)", line)]
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", "\n".join(lines))]
    plain = " ".join(re.sub(r"[*_`~]+", "", paragraph) for paragraph in paragraphs if paragraph)
    if len(plain) <= _MAX_STATEMENT:
        return plain
    head = plain[:_MAX_STATEMENT]
    return head[: head.rfind(". ") + 1] or head


def build_tasks(
    sources: Sequence[TaskSource], checkouts: Path, out: Path, held: frozenset[str], documents: Documents | None
) -> dict[str, Any]:
    """Write the solutions to `out`, and return the lock. Repositories without a checkout are named in it."""
    statements: dict[str, str] = {}
    collector = Collector(held, documents)
    repositories: dict[str, Any] = {}
    missing: list[str] = []
    by_language: Counter[str] = Counter()
    languages_of: dict[str, set[str]] = defaultdict(set)
    validation = 0
    partial = out.with_name(out.name + ".partial")
    with open_gzip(partial) as stream:
        for source in sources:
            checkout = checkouts / source.folder
            if not checkout.is_dir():
                missing.append(source.name)
                continue
            check_licence(source, checkout)
            facts: dict[str, Any] = {"licence": source.licence, "revision": revision_of(checkout)}
            repositories[source.name] = facts
            if source.statements:
                for name, text in task_statements(source, checkout):
                    statements[f"{source.family}/{task_key(name)}"] = plain_statement(text)
                facts["statements"] = len(statements)
                continue
            tally = SourceTally()
            for record in collector.records(source, checkout, statements, tally):
                stream.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")
                by_language[record.language] += 1
                languages_of[record.task].add(record.language)
                validation += record.split == "validation"
            facts.update(tally.to_json())
            logger.info("%s: %s", source.name, tally)
    partial.replace(out)
    return {
        "repositories": repositories,
        "missing": missing,
        "holdout_hashes": len(held),
        "evaluation_sets": documents.names if documents else [],
        "solutions": by_language.total(),
        "validation_solutions": validation,
        "tasks": len(languages_of),
        "by_language": dict(by_language.most_common()),
        "tasks_by_languages": dict(sorted(Counter(map(len, languages_of.values())).items())),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when something cannot be read or a licence is not what the manifest says."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.data.tasks", description=__doc__)
    parser.add_argument("--sources", type=Path, required=True, help="folder of checkouts, owner+name each")
    parser.add_argument("--out", type=Path, required=True, help="gzipped JSON lines; the lock is written beside it")
    parser.add_argument("--holdout", type=Path, required=True, help="hashes of functions that must not be learnt")
    parser.add_argument("--eval", type=Path, help="folder of retrieval sets whose near-duplicates are left out")
    parser.add_argument(
        "--language",
        action="append",
        default=[],
        metavar="PATTERN=LANGUAGE",
        help="the language of sets that do not tell it; may be repeated",
    )
    parser.add_argument("--manifest", type=Path, help="another list of repositories than the committed one")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        sources = load_task_sources(options.manifest)
        held = load_holdout(options.holdout)
        languages = dict(item.rpartition("=")[::2] for item in options.language)
        documents = Documents(read_sets(options.eval, []), languages) if options.eval else None
        lock = build_tasks(sources, options.sources, options.out, held, documents)
        text = json.dumps(lock, indent=1) + "\n"
        options.out.with_name("lock.json").write_text(text, encoding="utf-8")
    except (FathomError, OSError) as error:
        logger.error("%s", error)
        return 1
    logger.info("%d solutions of %d tasks", lock["solutions"], lock["tasks"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
