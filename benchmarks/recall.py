"""How many of a folder's definitions does `fathom_indexer.languages.extract` find?

    python benchmarks/recall.py FOLDER... [--language NAME] [--list]

Definitions are counted by another method: by universal-ctags where it knows the language and can be trusted with it
(`expected_by_ctags.py`), else by a pattern a line (`expected_by_lines.py`). For every language and folder this prints

    found         definitions that there are as units: same file, same name, and the name stands in the unit's beginning
    missed        definitions without a unit
    misnamed      definitions whose line begins a unit of another name
    wrong range   found, but the unit ends on another line than ctags says, more than one away
    more          units (but those of code outside definitions) that the other method does not count
    left out      what ctags says by mistake or what Fathom calls by another name; `--list` has the reasons

Only files that an index would have are read. `--list` names each missed, misnamed and wrong one, as `path:line name`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import expected_by_ctags
import expected_by_lines
from expected import Expected
from fathom_indexer.config import Config
from fathom_indexer.languages import dialect, extract, language_named
from fathom_indexer.types import Function, Kind, SkippedFile
from fathom_indexer.workspace import read_source, resolve_root, scan

HEADER_LINES = 40
"""A definition's name stands at most this many lines below the start of its unit: attributes and comments between."""

END_TOLERANCE = 1
"""Lines by which two ends of one definition may differ."""


@dataclass
class Comparison:
    """What was found of the definitions of one language in one folder."""

    found: int = 0
    missed: list[Expected] = field(default_factory=list)
    misnamed: list[tuple[Expected, Function]] = field(default_factory=list)
    wrong_ranges: list[tuple[Expected, Function]] = field(default_factory=list)
    more: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def expected(self) -> int:
        """How many definitions were counted."""
        return self.found + len(self.missed) + len(self.misnamed)


def compare(expected: Sequence[Expected], units: Sequence[Function], clauses: bool, comparison: Comparison) -> None:
    """Add what `units`, those of one file, are of the definitions expected in it.

    Each unit is one definition, the one whose name stands nearest to its first line: so an overload that is missing is
    not taken for the one that is there. With `clauses`, a unit may be several (the equations of one function).
    """
    units = [unit for unit in units if unit.kind is not Kind.MODULE]
    by_name: dict[str, list[int]] = defaultdict(list)
    for index, unit in enumerate(units):
        by_name[_plain(unit.name)].append(index)
    pairs = sorted(
        (definition.line - units[index].start_line, number, index)
        for number, definition in enumerate(expected)
        for index in by_name[_plain(definition.name)]
        if units[index].start_line <= definition.line <= units[index].end_line
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for distance, number, index in pairs:
        if number not in taken and (clauses or (index not in used and distance <= HEADER_LINES)):
            taken[number] = index
            used.add(index)
    for number, definition in enumerate(expected):
        if number in taken:
            unit = units[taken[number]]
            comparison.found += 1
            wrong = definition.end and abs(definition.end - unit.end_line) > END_TOLERANCE
            if wrong and not (clauses and definition.line != unit.start_line):
                comparison.wrong_ranges.append((definition, unit))
            continue
        namesake = _begins_at(definition.line, [unit for index, unit in enumerate(units) if index not in used])
        if namesake is not None:
            used.add(units.index(namesake))
            comparison.misnamed.append((definition, namesake))
        else:
            comparison.missed.append(definition)
    comparison.more += len(units) - len(used)


def _plain(name: str) -> str:
    return "".join(name.split()).strip("@\"'`")


def _begins_at(line: int, units: Iterable[Function]) -> Function | None:
    """The unit whose first line is this one, or stands just above it."""
    return next((unit for unit in units if unit.start_line <= line <= min(unit.start_line + 1, unit.end_line)), None)


def compare_folder(folder: Path, only: str | None) -> dict[str, Comparison]:
    """Compare for every language of a folder, or for one of them; keys are names of languages."""
    root = resolve_root(folder)
    files: dict[str, dict[str, bytes]] = defaultdict(dict)
    for found in scan(root, Config()):
        content = found if isinstance(found, SkippedFile) else read_source(root, found.path, Config())
        if isinstance(found, SkippedFile) or isinstance(content, SkippedFile):
            continue
        name = dialect(language_named(found.language), content).name
        if only is None or name == only:
            files[name][found.path] = content
    comparisons: dict[str, Comparison] = {}
    for name, sources in sorted(files.items()):
        comparison = Comparison()
        by_path: dict[str, list[Expected]] = defaultdict(list)
        for definition in _expected(name, root, sources, comparison.left_out):
            by_path[definition.path].append(definition)
        language = language_named(name)
        for path, content in sources.items():
            compare(by_path[path], extract(content, language), language.clauses, comparison)
        comparisons[name] = comparison
    return comparisons


def _expected(language: str, root: Path, sources: dict[str, bytes], left_out: Counter[str]) -> list[Expected]:
    if language in expected_by_ctags.LANGUAGES:
        return expected_by_ctags.definitions(language, root, sources, left_out)
    return expected_by_lines.definitions(language, sources)


def report(folder: Path, comparisons: dict[str, Comparison], listing: bool) -> None:
    """Print a line for each language of a folder and, if `listing`, each definition that is not as expected."""
    for language, comparison in comparisons.items():
        if not comparison.expected and not comparison.more:
            continue
        print(
            f"{language:16} {folder.name:28} {comparison.expected:9} {comparison.found:7} {len(comparison.missed):7}"
            f" {len(comparison.misnamed):9} {len(comparison.wrong_ranges):12} {comparison.more:6}"
            f" {sum(comparison.left_out.values()):9}"
        )
        if not listing:
            continue
        for reason, count in comparison.left_out.most_common():
            print(f"  left out {count}: {reason}")
        for definition in comparison.missed:
            print(f"  missed      {definition.path}:{definition.line} {definition.kind} {definition.name}")
        for definition, unit in comparison.misnamed:
            print(f"  misnamed    {definition.path}:{definition.line} {definition.name} is called {unit.name}")
        for definition, unit in comparison.wrong_ranges:
            print(
                f"  wrong range {definition.path}:{definition.line} {definition.name} ends on line {unit.end_line},"
                f" not {definition.end}"
            )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Compare what is found in folders with what another method counts.")
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--language", help="only this one, as in `fathom languages`")
    parser.add_argument("--list", action="store_true", help="name each definition that is missed, misnamed or wrong")
    options = parser.parse_args()
    if not expected_by_ctags.is_there():
        sys.exit("universal-ctags with JSON output is needed (Debian's package universal-ctags)")
    print(
        f"{'language':16} {'folder':28} {'expected':>9} {'found':>7} {'missed':>7} {'misnamed':>9} {'wrong range':>12}"
        f" {'more':>6} {'left out':>9}"
    )
    for folder in options.folders:
        report(folder, compare_folder(folder, options.language), options.list)


if __name__ == "__main__":
    main()
