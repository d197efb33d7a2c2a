"""Sketches to groups of clones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fathom_indexer.duplicates.candidates import candidate_pairs
from fathom_indexer.duplicates.sketch import Sketch, overlap
from fathom_indexer.types import CloneKind

NEAR = 0.6
"""How similar near clones are at least. What that finds and how often it is wrong: `docs/benchmarks.md`."""

GRAMS_WEIGHT = 2 / 3
"""What the code counts in `similarity`; the names and literals count the rest."""

MIN_TOKENS = 50
"""Shorter functions are alike too often by being short: accessors, constructors, calls passed on."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function to compare. Those whose bytes of one file overlap are no clones of each other."""

    id: int
    path: str
    start_byte: int
    end_byte: int
    sketch: Sketch

    def holds(self, other: Candidate) -> bool:
        """Whether the other function is inside this one."""
        return self.path == other.path and self.start_byte <= other.start_byte and other.end_byte <= self.end_byte


@dataclass(frozen=True, slots=True)
class Member:
    """A candidate in a group; `kind` and `similarity` are those of `types.Clone`."""

    candidate: Candidate
    kind: CloneKind
    similarity: float


Group = tuple[Member, ...]
"""Candidates that are alike, each with the first one."""


def similarity(one: Sketch, other: Sketch) -> float:
    """From 0 to 1: how much of the code is the same whatever its names are, and how many of the names are."""
    if one.exact == other.exact:
        return 1.0
    return GRAMS_WEIGHT * overlap(one.grams, other.grams) + (1 - GRAMS_WEIGHT) * overlap(one.names, other.names)


def groups(
    candidates: Sequence[Candidate], loosest: CloneKind = CloneKind.NEAR, threshold: float = NEAR
) -> list[Group]:
    """Groups of clones among functions of one language, those with the most repeated code first.

    Every member is like the first one, so that a chain of small differences does not make a group of strangers.
    A group is left out when all of it lies inside the members of another one.
    """
    ordered = sorted(candidates, key=lambda candidate: (candidate.path, candidate.start_byte, -candidate.end_byte))
    same: dict[int, list[Candidate]] = {}
    for candidate in ordered:
        sketch = candidate.sketch
        same.setdefault(sketch.exact if loosest is CloneKind.EXACT else sketch.renamed, []).append(candidate)
    classes = list(same.values())
    merged = _merged(classes, threshold) if loosest is CloneKind.NEAR else [[number] for number in range(len(classes))]
    found = [group for numbers in merged if (group := _group([classes[number] for number in numbers])) is not None]
    return sorted(_outermost(found), key=repeated, reverse=True)


def _merged(classes: Sequence[Sequence[Candidate]], threshold: float) -> list[list[int]]:
    """Classes of equal functions put together, closest first, each only with the first one of its group.

    Of two classes that come together, the one with more members, then the longer one, is the first.
    """
    heads = [members[0] for members in classes]
    similar: dict[tuple[int, int], float] = {}
    # Even with all names in common, less of the code would not do.
    least = max(0.0, (threshold - (1 - GRAMS_WEIGHT)) / GRAMS_WEIGHT)
    for one, other in candidate_pairs([head.sketch.grams for head in heads], least).tolist():
        if not (heads[one].holds(heads[other]) or heads[other].holds(heads[one])):
            score = similarity(heads[one].sketch, heads[other].sketch)
            if score >= threshold:
                similar[one, other] = score
    group_of: dict[int, list[int]] = {}
    for one, other in sorted(similar, key=lambda pair: (-similar[pair], pair)):
        if one in group_of and other in group_of:
            continue
        if one not in group_of and other not in group_of:
            first, second = sorted((one, other), key=lambda number: (-len(classes[number]), -_tokens(heads[number])))
            group_of[first] = group_of[second] = [first, second]
            continue
        known, new = (one, other) if one in group_of else (other, one)
        group = group_of[known]
        if (min(group[0], new), max(group[0], new)) in similar:
            group.append(new)
            group_of[new] = group
    lone = [[number] for number in range(len(classes)) if number not in group_of]
    return [group for number, group in group_of.items() if group[0] == number] + lone


def _group(classes: Sequence[Sequence[Candidate]]) -> Group | None:
    """The group of several classes of equal functions, the first class first; None for a single function."""
    members: list[Candidate] = []
    kinds: list[CloneKind] = []
    exact: set[int] = set()
    for equal in classes:
        started = False
        for candidate in sorted(equal, key=lambda candidate: candidate.sketch.exact):
            if any(member.holds(candidate) or candidate.holds(member) for member in members):
                continue
            known = candidate.sketch.exact in exact
            kinds.append(CloneKind.EXACT if known else CloneKind.RENAMED if started else CloneKind.NEAR)
            members.append(candidate)
            exact.add(candidate.sketch.exact)
            started = True
    if len(members) < 2:
        return None
    kinds[0] = kinds[1]
    first = members[0].sketch
    return tuple(
        Member(candidate, kind, 1.0 if candidate is members[0] else similarity(first, candidate.sketch))
        for candidate, kind in zip(members, kinds, strict=True)
    )


def _outermost(found: Sequence[Group]) -> Iterator[Group]:
    """The groups that do not lie inside another one as a whole."""
    in_file: dict[str, list[tuple[Candidate, int]]] = {}
    for number, group in enumerate(found):
        for member in group:
            in_file.setdefault(member.candidate.path, []).append((member.candidate, number))
    for number, group in enumerate(found):
        around = (_around(member.candidate, in_file[member.candidate.path]) - {number} for member in group)
        if not set.intersection(*around):
            yield group


def _around(candidate: Candidate, others: Iterable[tuple[Candidate, int]]) -> set[int]:
    """The groups that have a member around this function."""
    return {number for other, number in others if other.holds(candidate) and other.id != candidate.id}


def repeated(group: Group) -> float:
    """How much code is there more than once: tokens, each counted by how sure it is."""
    return sum(member.candidate.sketch.tokens * member.similarity for member in group[1:])


def _tokens(candidate: Candidate) -> int:
    return candidate.sketch.tokens
