"""Pairs of functions that do the same in different words: overloads, and ports to another package or language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fathom_indexer.identifiers import split_identifier
from fathom_research.training.data.queries import stems

PORT_SIMILARITY = (0.5, 0.35, 0.25)
"""Jaccard similarity of the descriptions' content words from which two functions of one name are ports: names of one
word, of two, and longer ones, which are rarely alike by chance."""
LARGEST_GROUP = 400
"""Functions of one name; a name shared by more says nothing."""
MAX_PORTS = 2
"""Pairs that one function is in at most, as a port."""

_MIN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Described:
    """What is compared of a function."""

    id: str
    language: str
    package: str
    split: str
    file: str
    name: str
    qualified_name: str
    description: str


def related(functions: Iterable[Described]) -> Iterator[tuple[str, str]]:
    """Pairs of ids, in a fixed order.

    Overloads have one qualified name in one file. Ports have the same words in their name, descriptions that resemble
    each other, and another language or, if there is none, another package. Both stay within a split.
    """
    by_place: dict[tuple[str, str, str], list[Described]] = defaultdict(list)
    by_name: dict[tuple[str, str], list[Described]] = defaultdict(list)
    for function in functions:
        by_place[function.package, function.file, function.qualified_name].append(function)
        by_name[function.split, "".join(split_identifier(function.name)).lower()].append(function)
    for group in by_place.values():
        yield from ((one.id, other.id) for one, other in zip(group[::2], group[1::2], strict=False))
    for group in by_name.values():
        if 2 <= len(group) <= LARGEST_GROUP:
            yield from _ports(group)


def _ports(group: list[Described]) -> Iterator[tuple[str, str]]:
    """The most similar pairs first; across languages before within one."""
    known = {function.id: stems(function.description) for function in group}
    name_words = min(len(split_identifier(group[0].name)), len(PORT_SIMILARITY))
    threshold = PORT_SIMILARITY[max(name_words, 1) - 1]
    found: list[tuple[bool, float, str, str]] = []
    for index, one in enumerate(group):
        for other in group[index + 1 :]:
            if one.package == other.package and one.language == other.language:
                continue
            similarity = _jaccard(known[one.id], known[other.id])
            if similarity >= threshold:
                found.append((one.language == other.language, -similarity, one.id, other.id))
    taken: Counter[str] = Counter()
    for _, _, one_id, other_id in sorted(found):
        if max(taken[one_id], taken[other_id]) < MAX_PORTS:
            taken.update((one_id, other_id))
            yield one_id, other_id


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    if min(len(one), len(other)) < _MIN_WORDS:
        return 0.0
    return len(one & other) / len(one | other)
