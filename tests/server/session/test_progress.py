"""Work-done progress: begins when indexing lasts, ends when it is done, and is not sent if the client refuses it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import product

import pytest
from lsprotocol import types

from fathom_indexer.types import Progress, Stage
from fathom_server.session.progress import WorkDoneProgress, message_of, percentage_of

READY = Progress(Stage.READY, 1, 1)


class FakeClient:
    """Records what it is shown."""

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses
        self.tokens: list[object] = []
        self.shown: list[types.ProgressParams] = []

    async def window_work_done_progress_create_async(self, params: types.WorkDoneProgressCreateParams) -> None:
        if self.refuses:
            raise RuntimeError("no")
        self.tokens.append(params.token)

    def progress(self, params: types.ProgressParams) -> None:
        self.shown.append(params)

    def kinds(self) -> list[str]:
        return [params.value.kind for params in self.shown if params.value is not None]


async def turns() -> None:
    """Let the other tasks run until all of them wait."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_it_begins_reports_and_ends_under_one_token() -> None:
    client = FakeClient()
    reporter = WorkDoneProgress(client, "Fathom: indexing code", delay=0)
    for progress in (Progress(Stage.SCAN, 5, 0), Progress(Stage.PARSE, 5, 10), Progress(Stage.EMBED, 3, 4), READY):
        reporter.report(progress)
        await turns()
    assert client.kinds() == ["begin", "report", "report", "report", "end"]
    assert {params.token for params in client.shown} == set(client.tokens)
    values = [params.value for params in client.shown]
    assert values[0] == types.WorkDoneProgressBegin(title="Fathom: indexing code", cancellable=False, percentage=0)
    assert values[2] == types.WorkDoneProgressReport(message="reading files 5/10", percentage=16)

    reporter.report(Progress(Stage.PARSE, 1, 1))
    await turns()
    reporter.report(READY)
    await turns()
    assert len(set(client.tokens)) == 2
    assert client.kinds()[5:] == ["begin", "report", "end"]


@pytest.mark.asyncio
async def test_what_is_over_at_once_is_not_shown() -> None:
    client = FakeClient()
    reporter = WorkDoneProgress(client, "", delay=0)
    reporter.report(Progress(Stage.PARSE, 1, 1))
    reporter.report(READY)
    await turns()
    assert client.tokens == client.shown == []


@pytest.mark.asyncio
async def test_a_client_that_refuses_is_not_bothered() -> None:
    client = FakeClient(refuses=True)
    reporter = WorkDoneProgress(client, "", delay=0)
    reporter.report(Progress(Stage.PARSE, 1, 2))
    await turns()
    reporter.report(READY)
    await turns()
    assert client.shown == []


@pytest.mark.asyncio
async def test_it_ends_when_the_indexer_dies() -> None:
    client = FakeClient()
    reporter = WorkDoneProgress(client, "", delay=0)
    reporter.close()
    reporter.report(Progress(Stage.PARSE, 1, 2))
    await turns()
    reporter.close()
    await turns()
    assert client.kinds() == ["begin", "report", "end"]


def all_progress() -> Iterator[Progress]:
    for stage, total in product((Stage.SCAN, Stage.PARSE, Stage.EMBED), (0, 7)):
        for done in range(9):
            yield Progress(stage, done, total)


@pytest.mark.parametrize("progress", list(all_progress()), ids=str)
def test_percentages_stay_within_bounds_and_messages_say_something(progress: Progress) -> None:
    assert 0 <= percentage_of(progress) <= 100
    assert message_of(progress).strip()


def test_the_last_function_makes_a_hundred() -> None:
    assert percentage_of(Progress(Stage.EMBED, 7, 7)) == 100
