"""Filters on a search."""

from __future__ import annotations

import pytest

from fathom_indexer.errors import QueryError
from fathom_indexer.search.filters import allowed_ids, check_filters
from fathom_indexer.types import Filters

LABELS = [
    (1, "src/app.py", "python", "function"),
    (2, "src/web/view.ts", "typescript", "method"),
    (3, "tests/test_app.py", "python", "method"),
    (4, "README.rb", "ruby", "module"),
]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(paths=("*.py",)), {1, 3}),
        (Filters(paths=("src/",)), {1, 2}),
        (Filters(paths=("src/**", "!src/web/")), {1}),
        (Filters(paths=("!tests/",)), {1, 2, 4}),
        (Filters(languages=("python",)), {1, 3}),
        (Filters(languages=("python", "ruby")), {1, 3, 4}),
        (Filters(kinds=("method",)), {2, 3}),
        (Filters(paths=("*.py",), kinds=("method",)), {3}),
        (Filters(paths=("nothing/",)), set()),
    ],
)
def test_lets_through_what_matches_every_part(filters: Filters, expected: set[int]) -> None:
    assert allowed_ids(LABELS, filters) == expected


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (Filters(kinds=("methods",)), "unknown kind 'methods'; there are: function, method"),
        (Filters(languages=("pyhton",)), "unknown language 'pyhton'; there are: python, ruby"),
        (Filters(paths=("a/***b[",)), None),
    ],
)
def test_names_what_cannot_be_meant(filters: Filters, words: str | None) -> None:
    if words is None:
        check_filters(filters, ["python", "ruby"])
        return
    with pytest.raises(QueryError, match=words.replace("(", r"\(")):
        check_filters(filters, ["python", "ruby"])
