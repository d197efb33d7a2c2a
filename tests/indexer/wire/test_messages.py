"""The one shape of results, and how people are shown scores."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

import pytest

from fathom_indexer.process.request_queue import RequestQueue
from fathom_indexer.process.worker import Worker
from fathom_indexer.wire import messages
from fathom_indexer.wire.conversion import relevances

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"
ELSEWHERE = {"ping", "shutdown", "watch"}
"""Requests that never get to the engine."""


def refuse() -> NoReturn:
    raise AssertionError("no engine is needed to say what is understood")


def test_the_requests_that_are_documented_are_those_that_are_understood() -> None:
    understood = Worker(refuse, RequestQueue(), lambda _: None)._methods.by_name.keys() | ELSEWHERE
    said = (messages.__doc__ or "").partition("the requests ")[2].partition(", and the notification")[0]
    assert set(re.findall(r"`(\w+)`", said)) == understood
    table = PAGE.read_text(encoding="utf-8").partition("| Request | Parameters | Result |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == understood


@pytest.mark.parametrize(
    ("scores", "shown"),
    [
        ([0.8, 0.55, 0.3], [100, 50, 25]),
        ([-0.2], [100]),
        ([0.05, -0.2, -0.2], [100, 50, 50]),
        ([], []),
        # What is typed exactly lies far above: the others are compared with each other as ever.
        ([4.0, 3.9, 0.6, 0.35], [100, 76, 38, 19]),
        ([1.0 - number / 5 for number in range(40)][-2:], [100, 57]),
    ],
)
def test_users_are_shown_how_much_lower_a_score_is_than_the_one_before(scores: list[float], shown: list[int]) -> None:
    assert relevances(scores) == shown
