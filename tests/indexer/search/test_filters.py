"""Filters on a search."""

from __future__ import annotations

import pytest

from fathom_indexer.search.filters import allowed_ids
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
