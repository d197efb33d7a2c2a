"""Grouping, on functions of Python made for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom_indexer.duplicates.candidates import candidate_pairs
from fathom_indexer.duplicates.clones import Candidate, Group, groups, similarity
from fathom_indexer.duplicates.sketch import bag, overlap, sketch_of
from fathom_indexer.duplicates.tokens import tokens_of
from fathom_indexer.languages import language_named
from fathom_indexer.types import CloneKind

PYTHON = language_named("python")

STATEMENTS = [
    "total = start",
    "for item in items:\n        total += item.price * item.count",
    "if total > limit:\n        raise ValueError(total, limit)",
    "log.debug('total %s of %s', total, len(items))",
    "cache[key] = total",
    "while total % 7:\n        total -= 1",
    "names = {item.name: item for item in items}",
    "with open(path) as file:\n        file.write(str(names))",
    "result = sorted(names, key=lambda name: names[name].price)",
    "assert all(result), 'nothing'",
    "return result[:limit]",
]


def function(lines: Sequence[str], name: str = "f") -> str:
    return "\n".join([f"def {name}(items, start, limit, path, key):", *("    " + line for line in lines)])


def candidate(number: int, text: str, path: str = "", start: int = 0) -> Candidate:
    return Candidate(number, path or f"{number}.py", start, start + len(text), sketch_of(tokens_of(text, PYTHON)))


def ids(group: Group) -> list[int]:
    return [member.candidate.id for member in group]


def test_copies_are_told_by_how_they_differ() -> None:
    text = function(STATEMENTS)
    relaid = text.replace("(items, start,", "(items,\n      start,") + "  # said\n"
    renamed = text.replace("total", "amount").replace("7", "9")
    edited = function([*STATEMENTS[:4], *STATEMENTS[5:]])
    stranger = "def g(x):\n    return [y.strip().lower() for y in x.split(',') if y and not y.startswith('#')]"
    texts = [text, relaid, renamed, edited, stranger]
    found = groups([candidate(number, text) for number, text in enumerate(texts)])
    assert [ids(group) for group in found] == [[0, 1, 2, 3]]
    kinds = {member.candidate.id: member.kind for member in found[0]}
    assert kinds == {0: CloneKind.EXACT, 1: CloneKind.EXACT, 2: CloneKind.RENAMED, 3: CloneKind.NEAR}
    scores = [member.similarity for member in found[0]]
    assert scores[:2] == [1, 1]
    assert all(0.6 <= score < 1 for score in scores[2:])


def test_the_loosest_kind_is_a_choice() -> None:
    text = function(STATEMENTS)
    texts = [text, text + "\n", text.replace("total", "amount"), function(STATEMENTS[1:])]
    candidates = [candidate(number, text) for number, text in enumerate(texts)]
    assert [ids(group) for group in groups(candidates, CloneKind.EXACT)] == [[0, 1]]
    assert [ids(group) for group in groups(candidates, CloneKind.RENAMED)] == [[0, 1, 2]]
    assert [ids(group) for group in groups(candidates, CloneKind.NEAR)] == [[0, 1, 2, 3]]


def test_a_function_and_one_inside_it_are_no_copies() -> None:
    text = function(STATEMENTS)
    inner = candidate(1, text, "a.py", start=4)
    outer = Candidate(0, "a.py", 0, 1000, inner.sketch)
    assert groups([outer, inner]) == []
    assert [ids(group) for group in groups([outer, candidate(2, text, "b.py")])] == [[0, 2]]


def test_what_lies_inside_other_copies_is_not_told_again() -> None:
    inside, around = function(STATEMENTS[:6], "inside"), function(STATEMENTS)
    candidates = [
        candidate(0, around, "a.py"),
        candidate(1, inside, "a.py", start=10),
        candidate(2, around, "b.py"),
        candidate(3, inside, "b.py", start=10),
    ]
    alone = [*candidates, candidate(4, inside, "c.py")]
    assert [ids(group) for group in groups(candidates, CloneKind.EXACT)] == [[0, 2]]
    assert sorted(ids(group) for group in groups(alone, CloneKind.EXACT)) == [[0, 2], [1, 3, 4]]


def test_the_most_repeated_code_comes_first() -> None:
    short, long = function(STATEMENTS[:5]), function(STATEMENTS[4:])
    texts = [short, short, long, long, long]
    found = groups([candidate(number, text) for number, text in enumerate(texts)], CloneKind.EXACT)
    assert [ids(group) for group in found] == [[2, 3, 4], [0, 1]]


def test_small_differences_do_not_make_a_chain() -> None:
    texts = [function((STATEMENTS * 3)[start : start + 14]) for start in range(12)]
    candidates = [candidate(number, text) for number, text in enumerate(texts)]
    found = groups(candidates, threshold=0.9)
    assert found
    for group in found:
        assert all(similarity(group[0].candidate.sketch, member.candidate.sketch) >= 0.9 for member in group)


@given(st.lists(st.lists(st.sampled_from(STATEMENTS), min_size=3, max_size=9), max_size=12))
@settings(max_examples=40)
def test_groups_hold_what_they_promise(functions: list[list[str]]) -> None:
    candidates = [candidate(number, function(lines)) for number, lines in enumerate(functions)]
    found = groups(candidates)
    members = [number for group in found for number in ids(group)]
    assert len(members) == len(set(members))
    for group in found:
        assert len(group) > 1
        first = group[0].candidate.sketch
        assert all(
            member.candidate.sketch.renamed == first.renamed or member.similarity >= 0.6
            for member in group
            if member.kind is CloneKind.NEAR
        )
    together = {number: index for index, group in enumerate(found) for number in ids(group)}
    for one in candidates:
        for other in candidates:
            if one.id < other.id and one.sketch.renamed == other.sketch.renamed:
                assert together[one.id] == together[other.id]


def test_pairs_that_overlap_are_proposed() -> None:
    random = np.random.default_rng(1)
    bags = [bag(random.integers(0, 2**63, 100, np.uint64)) for _ in range(300)]
    for index in range(0, 100, 2):
        bags[index + 1] = np.sort(np.concatenate([bags[index][:90], bags[index + 1][:10]]))
    pairs = {(one, other) for one, other in candidate_pairs(bags, 0.4).tolist()}
    wanted = {(index, index + 1) for index in range(0, 100, 2)}
    assert all(overlap(bags[one], bags[other]) > 0.7 for one, other in wanted)
    assert len(wanted & pairs) >= 49
    assert len(pairs - wanted) < 5


def test_of_many_that_are_alike_each_is_paired_with_64_after_it() -> None:
    random = np.random.default_rng(1)
    one = bag(random.integers(0, 2**63, 100, np.uint64))
    pairs = candidate_pairs([one] * 200, 0.4)
    assert pairs.tolist() == [
        [first, second] for first in range(200) for second in range(first + 1, min(first + 65, 200))
    ]


def test_no_function_and_empty_functions_make_no_pairs() -> None:
    empty = np.zeros(0, np.uint32)
    assert candidate_pairs([], 0.4).shape == (0, 2)
    assert candidate_pairs([empty, empty], 0.4).shape == (0, 2)
    assert groups([]) == []
