"""The table of candidates orders as the search does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom_indexer.search import Step
from fathom_indexer.search.files import coherence_values, diversity_values
from fathom_indexer.search.signals import Signal, total
from fathom_research.evaluation import CodeRange, answers_ndcg
from fathom_research.evaluation.candidates import AnsweredQuery, CandidateFeatures, CandidateTable

NAMES = ("cosine", "words")


def by_search(query: AnsweredQuery, weights: dict[str, float]) -> float:
    """NDCG@10 by the very functions that search uses."""
    candidates = {candidate.id: candidate for candidate in query.candidates}
    paths = {function_id: candidate.file for function_id, candidate in candidates.items()}
    signals = [
        Signal(Step.WORDS, weights[name], {number: one.features[name] for number, one in candidates.items()})
        for name in NAMES
    ]
    ranked = total(candidates, signals)
    if query.by_file:
        signals.append(Signal(Step.COHERENCE, weights["coherence"], coherence_values(ranked, paths)))
        ranked = total(candidates, signals)
        signals.append(Signal(Step.DIVERSITY, -weights["diversity"], diversity_values(ranked, paths)))
        ranked = total(candidates, signals)
    results = [CodeRange(f"{number}") for number, _ in ranked]
    covering: dict[int, list[CodeRange]] = {}
    for candidate in query.candidates:
        for answer in candidate.answers:
            covering.setdefault(answer, []).append(CodeRange(f"{candidate.id}"))
    # An answer is found at the first result that covers it, so that result stands for the answer.
    answers = [
        min(
            covering.get(answer, [CodeRange("none")]), key=lambda place: results.index(place) if place in results else 0
        )
        for answer in range(query.answers)
    ]
    return answers_ndcg(results, answers)


# Multiples of 1/64, so that sums are exact and ties are ties on both sides.
values = st.integers(0, 64).map(lambda number: number / 64)
candidates = st.builds(
    lambda cosine, words, file, answers: (cosine, words, file, tuple(sorted(answers))),
    values,
    values,
    st.sampled_from(["a.py", "b.py", "c.py"]),
    st.sets(st.integers(0, 2), max_size=2),
)
queries = st.builds(
    lambda rows, by_file: AnsweredQuery(
        [
            CandidateFeatures(number, {"cosine": cosine, "words": words}, file, answers)
            for number, (cosine, words, file, answers) in enumerate(rows, start=1)
        ],
        3,
        by_file,
    ),
    st.lists(candidates, min_size=1, max_size=15),
    st.booleans(),
)


@given(
    st.lists(queries, min_size=1, max_size=4),
    st.sampled_from([0.0, 0.25, 1.0]),
    st.sampled_from([0.0, 0.25]),
    st.sampled_from([0.0, 0.25]),
)
def test_orders_as_the_search_does(
    asked: list[AnsweredQuery], words: float, coherence: float, diversity: float
) -> None:
    weights = {"cosine": 1.0, "words": words, "coherence": coherence, "diversity": diversity}
    found = CandidateTable(asked, NAMES).ndcg(weights)
    assert found.tolist() == pytest.approx([by_search(query, weights) for query in asked])


def test_answers_without_a_candidate_count_as_not_found() -> None:
    query = AnsweredQuery([CandidateFeatures(7, {"cosine": 0.5}, "a.py", (1,))], 2, True)
    nothing = AnsweredQuery([], 1, True)
    found = CandidateTable([nothing, query], NAMES).ndcg({"cosine": 1.0})
    assert found.tolist() == pytest.approx([0.0, 1 / (1 + 0.6309297535714575)])


def test_weights_change_the_order() -> None:
    rows = [
        CandidateFeatures(1, {"cosine": 0.9, "words": 0.0}, "a.py", ()),
        CandidateFeatures(2, {"cosine": 0.1, "words": 1.0}, "b.py", (0,)),
    ]
    table = CandidateTable([AnsweredQuery(rows, 1, False)], NAMES)
    assert table.ndcg({"cosine": 1.0}).tolist() == pytest.approx([0.6309297535714575])
    assert table.ndcg({"cosine": 1.0, "words": 1.0}).tolist() == pytest.approx([1.0])
