"""What each step adds to a score where it has the most to say, within a third: a new fit may move it by that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

import pytest

from fathom_indexer.search import ALL_STEPS, DEFAULT_WEIGHTS, Query, Step, Weights, understand, understand_code
from fathom_indexer.search.ranking import Candidates, order
from fathom_indexer.search.signals import Values, explain
from fathom_indexer.storage import FunctionSummary

MakeOutline = Callable[..., FunctionSummary]

QUESTION = understand("retry upload")
CODE = understand_code("def retry(upload):\n    return upload()\n")
SYMBOL = understand("retry_upload")
MENTION = understand("where is retry_upload called from")


def added(
    step: Step,
    query: Query,
    outlines: Mapping[int, FunctionSummary],
    cosines: Values | None = None,
    words: Values | None = None,
    structure: Values | None = None,
    history: Values | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
) -> dict[int, float]:
    """What a step adds to each candidate's score."""
    candidates = Candidates(query, outlines, words or {}, cosines or {}, structure or {}, history=history or {})
    _, signals = order(candidates, {}, ALL_STEPS, weights)
    parts = {item: {part.step: part.score for part in explain(item, signals)} for item in outlines}
    return {item: found.get(step.value, 0.0) for item, found in parts.items()}


def about(value: float) -> object:
    return pytest.approx(value, rel=1 / 3)


def test_a_standard_deviation_of_cosines(outline: MakeOutline) -> None:
    outlines = {number: outline(path=f"{number}.py", id=number) for number in (1, 2)}
    for low, high in ((0.4, 0.6), (0.2, 0.5)):
        found = added(Step.VECTORS, QUESTION, outlines, cosines={1: low, 2: high})
        # Two values lie two standard deviations apart.
        assert found[2] - found[1] == about(2 * 0.08)


def test_a_cosine_between_code_counts_as_it_is(outline: MakeOutline) -> None:
    found = added(Step.VECTORS, CODE, {1: outline(), 2: outline(id=2)}, cosines={1: 0.4, 2: 0.6})
    assert found == {1: pytest.approx(0.4), 2: pytest.approx(0.6)}


def test_a_point_of_bm25(outline: MakeOutline) -> None:
    assert added(Step.WORDS, QUESTION, {1: outline()}, words={1: 10.0})[1] == about(0.081)
    assert added(Step.WORDS, CODE, {1: outline()}, words={1: 10.0})[1] == about(0.016)


def test_being_what_is_named(outline: MakeOutline) -> None:
    outlines = {1: outline("retry_upload"), 2: outline("other", id=2)}
    assert added(Step.SYMBOLS, SYMBOL, outlines) == {1: about(0.4), 2: 0.0}
    assert added(Step.SYMBOLS, MENTION, outlines) == {1: about(0.14), 2: 0.0}


def test_words_in_the_names_of_function_file_and_folder(outline: MakeOutline) -> None:
    outlines = {1: outline("retry_upload"), 2: outline(path="src/retry_upload.py", id=2)}
    assert added(Step.NAME, QUESTION, outlines) == {1: about(0.26), 2: 0.0}
    assert added(Step.PLACE, QUESTION, outlines) == {1: 0.0, 2: about(0.13)}


def test_all_that_commits_can_say(outline: MakeOutline) -> None:
    assert added(Step.HISTORY, QUESTION, {1: outline()}, history={1: 1.0})[1] == about(0.4)
    assert added(Step.HISTORY, CODE, {1: outline()}, history={1: 1.0})[1] == 0


def test_being_a_test_or_a_stub(outline: MakeOutline) -> None:
    outlines = {1: outline(), 2: outline(path="tests/test_it.py", id=2), 3: outline(path="b.py", lines=1, id=3)}
    assert added(Step.ROLE, QUESTION, outlines) == {1: 0.0, 2: about(-0.18), 3: 0.0}
    assert added(Step.FORM, QUESTION, outlines) == {1: 0.0, 2: 0.0, 3: about(-0.027)}


def test_what_files_have_to_do_with_each_other(outline: MakeOutline) -> None:
    outlines = {1: outline(path="a.py"), 2: outline(path="a.py", id=2), 3: outline(path="b.py", id=3)}
    cosines = {1: 0.6, 2: 0.58, 3: 0.2}
    coherence = added(Step.COHERENCE, QUESTION, outlines, cosines)
    assert (coherence[1], coherence[2]) == (about(0.21), 0.0)
    assert 0 < coherence[3] < 0.03
    # Half of the weight for the second function of a file.
    assert added(Step.DIVERSITY, QUESTION, outlines, cosines) == {1: 0.0, 2: about(-0.13 / 2), 3: 0.0}


def test_being_built_alike(outline: MakeOutline) -> None:
    outlines = {1: outline(), 2: outline(id=2)}
    assert added(Step.STRUCTURE, CODE, outlines, structure={1: 1.0}) == {1: about(0.31), 2: 0.0}
    # It outdoes a cosine that is .2 higher, and not one that is .45 higher.
    for ahead, first in ((0.2, 1), (0.45, 2)):
        candidates = Candidates(CODE, outlines, {}, {1: 0.4, 2: 0.4 + ahead}, {1: 1.0})
        assert order(candidates, {}, ALL_STEPS, DEFAULT_WEIGHTS)[0][0][0] == first


def test_every_weight_is_in_use(outline: MakeOutline) -> None:
    outlines = {
        1: outline("retry_upload", path="tests/retry_upload.py", lines=1),
        2: outline("uploads", path="tests/retry_upload.py", id=2),
        3: outline(path="b.py", id=3),
    }
    values = {1: 0.6, 2: 0.5, 3: 0.2}

    def scores(weights: Weights) -> list[list[tuple[int, float]]]:
        queries = (QUESTION, CODE, SYMBOL, MENTION)
        return [order(Candidates(query, outlines, *[values] * 9), {}, ALL_STEPS, weights)[0] for query in queries]

    asked = scores(DEFAULT_WEIGHTS)
    for name, value in asdict(DEFAULT_WEIGHTS).items():
        assert scores(Weights(**{**asdict(DEFAULT_WEIGHTS), name: 1.5 * value})) != asked, name
