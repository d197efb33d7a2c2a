"""Vectors without their language's mean."""

from __future__ import annotations

import numpy as np
import pytest

from fathom_indexer.search.language_means import centred, language_means


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_brings_the_same_code_of_two_languages_together() -> None:
    numbers = np.random.default_rng(1)
    meaning = numbers.standard_normal((200, 32))
    accents = 2 * numbers.standard_normal((2, 32))
    python, go = unit(meaning + accents[0]), unit(meaning + accents[1])
    means = language_means({"python": python, "go": go, "none": np.zeros((0, 0), np.float32)})

    def right(queries: np.ndarray, others: np.ndarray) -> float:
        """How many of the queries are nearer to their translation than to any other function of either language."""
        near = np.vstack([others, queries]) @ queries.T
        near[len(others) + np.arange(len(queries)), np.arange(len(queries))] = -1
        return float((near.argmax(axis=0) == np.arange(len(queries))).mean())

    before = right(python, go)
    after = right(centred(python, ["python"] * 200, means), centred(go, ["go"] * 200, means))
    assert after > 0.9 > before


def test_a_few_functions_are_no_languages_mean() -> None:
    many, few = np.tile(np.array([1.0, 0.0], np.float32), (500, 1)), np.array([[0.0, 1.0]], np.float32)
    means = language_means({"python": many, "zig": few})
    assert np.linalg.norm(means["zig"] - means[""]) < 0.1
    assert np.linalg.norm(means["python"] - means[""]) < 0.1


def test_unknown_languages_lose_the_mean_of_all() -> None:
    rows = unit(np.random.default_rng(2).standard_normal((50, 8)) + 1)
    means = language_means({"python": rows})
    lone = centred(rows[:1], ["cobol"], means)
    assert lone[0] == pytest.approx(unit(rows[:1] - means[""])[0], abs=1e-5)
    assert np.linalg.norm(lone[0]) == pytest.approx(1, abs=1e-5)


def test_without_vectors_nothing_changes() -> None:
    rows = np.eye(3, dtype=np.float32)
    assert language_means({}) == {}
    assert centred(rows, ["python"] * 3, {}) is rows
