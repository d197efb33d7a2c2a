"""The engine's thread and the reading thread, with an engine that only notes what it is asked."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in_engine import StandInEngine

from fathom_indexer.errors import IndexDamagedError, IndexStoreError, QueryError, WorkspaceError
from fathom_indexer.process.request_queue import Request, RequestQueue
from fathom_indexer.process.service import read_requests
from fathom_indexer.process.worker import Worker
from fathom_indexer.process.workspace_monitor import RESCAN_INTERVAL, Watch
from fathom_indexer.types import (
    NO_CONTEXT,
    Filters,
    FunctionRef,
    Hit,
    IndexStatus,
    Kind,
    Progress,
    RequestContext,
    Stage,
)
from fathom_indexer.wire.messages import (
    PROTOCOL_VERSION,
    LocationQuery,
    SearchRequest,
    SearchResponse,
    SnippetQuery,
    WordsQuery,
)

FUNCTION = FunctionRef("a.py", "get", "Store.get", Kind.METHOD, "python", "def get(self)", 4, 5)


class FakeEngine(StandInEngine):
    """Notes every call and step. `plans` are the steps of each piece of indexing, in order of being asked for."""

    def __init__(self, plans: Sequence[Sequence[Stage | Exception]] = ()) -> None:
        self.calls: list[Any] = []
        self.plans = list(plans)
        self.idle_plans: list[Sequence[Stage | Exception]] = []
        self.on_step: Callable[[str], None] = lambda step: None
        self.root_trouble = ""
        self.gone: list[str] = []

    def index_steps(self, paths: Sequence[str] | None = None) -> Iterator[Progress]:
        name = "scan" if paths is None else "+".join(paths)
        self.calls.append(f"index {name}")
        return self._steps(name, self.plans.pop(0) if self.plans else [Stage.READY])

    def idle_steps(self) -> Iterator[Progress]:
        return self._steps("idle", self.idle_plans.pop(0) if self.idle_plans else [])

    def prioritize(self, paths: Sequence[str]) -> None:
        self.calls.append(f"prioritize {'+'.join(paths)}")

    def _steps(self, name: str, plan: Sequence[Stage | Exception]) -> Iterator[Progress]:
        for number, stage in enumerate(plan, start=1):
            if isinstance(stage, Exception):
                raise stage
            step = f"{name} {stage.value} {number}"
            self.calls.append(step)
            self.on_step(step)
            yield Progress(stage, number, len(plan))

    def search_steps(self, request: SearchRequest, context: RequestContext = NO_CONTEXT) -> Iterator[SearchResponse]:
        limit, filters = request.limit, request.filters
        if isinstance(request.query, LocationQuery):
            self.calls.append(("similar_at", request.query.path, request.query.line, limit, filters))
            yield SearchResponse((), 1, 0, complete=False, final=False)
            return
        if isinstance(request.query, SnippetQuery):
            self.calls.append(("similar_to", request.query.code, limit, filters))
            yield SearchResponse((), 1, 1, complete=True)
            return
        query = request.query.text
        self.calls.append(("search", query, limit, filters))
        if query == "impossible":
            raise QueryError("unknown language 'klingon'")
        if query == "full disk":
            raise IndexStoreError("the disk is full")
        if query == "damage":
            raise IndexDamagedError("it is damaged")
        if query == "bug":
            raise ZeroDivisionError("division by zero")
        hits = (Hit(FUNCTION, 0.75, "def get(self): ..."),)
        yield SearchResponse(hits, 1, 0, complete=False, final=False)
        yield SearchResponse(hits, 1, 1, complete=True)

    def open_document(self, path: str, text: str, language: str = "", client: int = 0) -> None:
        self.calls.append(("open", client, path, text, language))

    def close_document(self, path: str, client: int = 0) -> None:
        self.calls.append(("close", client, path))

    def close_documents(self, client: int = 0) -> None:
        self.calls.append(("close all", client))

    def document_steps(self) -> Iterator[None]:
        self.calls.append("document step")
        yield

    def status(self) -> IndexStatus:
        self.calls.append("status")
        return super().status()

    def trouble(self) -> str:
        return self.root_trouble

    def missing(self) -> list[str]:
        missing, self.gone = self.gone, []
        return missing

    def clear(self) -> None:
        self.calls.append("clear")

    def close(self) -> None:
        self.calls.append("close")


class Harness:
    """A worker whose requests and answers are lists. `run` works until nothing is left to do, then shuts down."""

    def __init__(self, engine: FakeEngine, clock: Sequence[float] = (), watch: Watch | None = None) -> None:
        self.engine = engine
        self.queue = RequestQueue()
        self.sent: list[dict[str, Any]] = []
        self.failures: list[Exception] = []
        times = iter(clock)
        self.now = 1e9
        self.reasons: list[str] = []
        self.worker = Worker(
            self.open,
            self.queue,
            self.sent.append,
            clock=lambda: next(times, self.now),
            wait_reason=lambda: self.reasons.pop(0) if self.reasons else "",
            watch=watch,
        )

    def open(self) -> FakeEngine:
        if self.failures:
            raise self.failures.pop(0)
        return self.engine

    def ask(self, request_id: int, method: str, **params: Any) -> None:
        self.queue.put(Request(request_id, method, params, reply=self.sent.append))

    def run(self) -> list[dict[str, Any]]:
        """Everything that was sent."""
        original = self.queue.take

        def take(timeout: float | None = None) -> Request | None:
            request = original(0)
            if request is None and timeout is None:
                return Request(99, "shutdown", {}, reply=self.sent.append)
            if request is None and timeout is not None:
                self.now += timeout
            return request

        self.queue.take = take  # type: ignore[method-assign]
        self.worker.run()
        assert self.sent.pop() == {"id": 99, "result": {}}
        return self.sent

    def answers(self) -> dict[int, Any]:
        return {message["id"]: message for message in self.run() if "id" in message}


def test_a_search_is_answered_in_the_documented_shape() -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "search", query="q", limit=3, filters={"paths": ["src/"], "kinds": ["method"]})
    assert harness.answers()[1] == {
        "id": 1,
        "result": {
            "results": [
                {
                    "path": "a.py",
                    "startLine": 4,
                    "endLine": 5,
                    "name": "get",
                    "qualifiedName": "Store.get",
                    "kind": "method",
                    "language": "python",
                    "score": 0.75,
                    "signature": "def get(self)",
                    "snippet": "def get(self): ...",
                }
            ],
            "indexing": True,
            "candidates": 1,
            "reranked": 1,
            "complete": True,
        },
    }
    assert ("search", "q", 3, Filters(paths=("src/",), kinds=("method",))) in harness.engine.calls


def test_similar_takes_a_place_or_a_snippet() -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "similar", path="a.py", line=7)
    harness.ask(2, "similar", snippet="def f(): pass", limit=2)
    answers = harness.answers()
    assert answers[1]["result"]["results"] == answers[2]["result"]["results"] == []
    assert ("similar_at", "a.py", 7, 10, Filters()) in harness.engine.calls
    assert ("similar_to", "def f(): pass", 2, Filters()) in harness.engine.calls


def test_the_first_order_is_sent_ahead_of_the_answer_to_whom_it_is_worth_it() -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "search", query="q", stream=True)
    harness.ask(2, "search", query="q")
    harness.ask(3, "similar", path="a.py", line=7, stream=True)
    harness.ask(4, "similar", snippet="def f(): pass", stream=True)
    sent = [message for message in harness.run() if message.get("method") != "progress"]
    assert [(message.get("id"), message.get("params", {}).get("id")) for message in sent] == [
        (None, 1),
        (1, None),
        (2, None),
        (None, 3),
        (3, None),
        (4, None),
    ]
    first, answer = sent[:2]
    assert first["method"] == "partial"
    assert first["params"]["result"] == {**answer["result"], "reranked": 0, "complete": False}


def test_searches_skip_reranking_while_the_index_is_being_made() -> None:
    class Watched(FakeEngine):
        def search_steps(
            self, request: SearchRequest, context: RequestContext = NO_CONTEXT
        ) -> Iterator[SearchResponse]:
            assert isinstance(request.query, WordsQuery)
            self.calls.append((request.query.text, context.skip_rerank))
            yield from super().search_steps(request, context)

    watched = Watched()
    watched.idle_plans = [[Stage.DEEPEN]]
    harness = Harness(watched)
    watched.on_step = lambda step: harness.ask(2, "search", query="idle") if step.startswith("idle") else None
    harness.ask(1, "search", query="busy")
    answers = harness.answers()
    assert [call for call in watched.calls if call[0] in ("busy", "idle")] == [("busy", True), ("idle", False)]
    assert [answers[number]["result"]["indexing"] for number in (1, 2)] == [True, False]


def test_similar_says_whether_it_is_complete() -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "similar", path="a.py", line=7)
    harness.ask(2, "similar", snippet="def f(): pass")
    answers = harness.answers()
    assert [answers[number]["result"]["complete"] for number in (1, 2)] == [False, True]


def test_requests_go_ahead_of_indexing_in_the_order_they_came() -> None:
    engine = FakeEngine([[Stage.SCAN, Stage.EMBED, Stage.READY]])
    harness = Harness(engine)
    harness.ask(1, "status")
    harness.ask(2, "search", query="q")
    harness.run()
    assert [call if isinstance(call, str) else call[0] for call in engine.calls] == [
        "index scan",
        "status",
        "search",
        "scan scan 1",
        "scan embed 2",
        "scan ready 3",
        "close",
    ]


def test_a_search_waits_for_at_most_one_step() -> None:
    engine = FakeEngine([[Stage.PARSE, Stage.PARSE, Stage.PARSE, Stage.READY]])
    harness = Harness(engine)
    engine.on_step = lambda step: harness.ask(1, "search", query="q") if step == "scan parse 2" else None
    harness.run()
    after = engine.calls[engine.calls.index("scan parse 2") + 1]
    assert after[0] == "search"


def test_what_can_wait_is_done_when_nothing_else_is_left() -> None:
    engine = FakeEngine([[Stage.EMBED, Stage.READY], [Stage.PARSE, Stage.READY]])
    engine.idle_plans = [[Stage.DEEPEN, Stage.DEEPEN], [Stage.DEEPEN]]
    harness = Harness(engine)

    def save(step: str) -> None:
        if step == "idle deepen 1" and "index a.py" not in engine.calls:
            harness.ask(1, "update", paths=["a.py"])

    engine.on_step = save
    sent = harness.run()
    # Saved files go ahead of it; afterwards it begins anew.
    assert engine.calls == [
        "index scan",
        "scan embed 1",
        "scan ready 2",
        "idle deepen 1",
        "index a.py",
        "a.py parse 1",
        "a.py ready 2",
        "idle deepen 1",
        "close",
    ]
    assert "deepen" not in [message["params"]["stage"] for message in sent if message.get("method") == "progress"]


def test_what_can_wait_waits_while_others_need_the_machine() -> None:
    engine = FakeEngine([[Stage.READY]])
    engine.idle_plans = [[Stage.DEEPEN]]
    harness = Harness(engine)
    harness.reasons = ["battery"] * 4
    engine.on_step = lambda step: harness.ask(1, "status") if step == "scan ready 1" else None
    status = harness.answers()[1]["result"]
    assert (status["indexing"], status["deepening"], status["paused"]) == (False, True, "battery")
    assert engine.calls[-2:] == ["idle deepen 1", "close"]
    assert not harness.reasons


def test_what_can_wait_may_fail() -> None:
    engine = FakeEngine([[Stage.READY]])
    engine.idle_plans = [[Stage.DEEPEN, IndexStoreError("the disk is full"), Stage.DEEPEN]]
    sent = Harness(engine).run()
    assert [message["params"]["message"] for message in sent if message["method"] == "problem"] == ["the disk is full"]
    assert [call for call in engine.calls if call == "idle deepen 1"] == ["idle deepen 1"]


def test_files_in_use_are_told_to_the_engine() -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "prioritize", paths=["a.py"])
    harness.ask(2, "prioritize", paths=["../a.py"])
    answers = harness.answers()
    assert answers[1]["result"] == {}
    assert answers[2]["error"]["kind"] == "query"
    assert [call for call in harness.engine.calls if "prioritize" in call] == ["prioritize a.py"]


def test_cancel_drops_a_request_that_still_waits() -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "search", query="one")
    harness.ask(2, "search", query="two")
    harness.queue.cancel(0, 1)
    harness.queue.cancel(0, 77)
    assert set(harness.answers()) == {2}
    assert not any(call[1] == "one" for call in harness.engine.calls)


def test_a_search_that_is_under_way_stops_at_its_next_step_and_is_not_answered() -> None:
    class Patient(FakeEngine):
        def search_steps(
            self, request: SearchRequest, context: RequestContext = NO_CONTEXT
        ) -> Iterator[SearchResponse]:
            yield SearchResponse(complete=False, final=False)
            assert not context.cancelled()
            self.on_step("first order")
            assert context.cancelled()
            yield SearchResponse(complete=False, final=False)
            self.calls.append("went on")

    patient = Patient()
    harness = Harness(patient)
    patient.on_step = lambda step: harness.queue.cancel(0, 1) if step == "first order" else None
    harness.ask(1, "search", query="slow")
    assert harness.answers() == {}
    assert "went on" not in patient.calls


def test_clients_number_their_requests_as_they_like() -> None:
    harness = Harness(FakeEngine())
    answers: dict[str, list[dict[str, Any]]] = {"one": [], "two": []}
    for client, name in enumerate(answers, start=1):
        harness.queue.put(Request(7, "search", {"query": name}, client, answers[name].append))
    harness.queue.put(Request(8, "search", {"query": "left"}, 3))
    harness.queue.cancel(1, 7)
    harness.queue.leave(3)
    harness.run()
    assert [len(heard) for heard in answers.values()] == [0, 1]
    assert [call[1] for call in harness.engine.calls if call[0] == "search"] == ["two"]


def test_nothing_is_indexed_while_another_process_has_the_lease() -> None:
    class Taken:
        tries = 0
        released = 0

        def acquire(self) -> bool:
            self.tries += 1
            return self.tries > 3

        def release(self) -> None:
            self.released += 1

    engine = FakeEngine([[Stage.PARSE, Stage.READY]])
    lease = Taken()
    sent: list[dict[str, Any]] = []

    class Impatient(RequestQueue):
        def take(self, timeout: float | None = None) -> Request | None:
            assert timeout != 0 or lease.tries > 3
            return super().take(0) if timeout is not None else Request(9, "shutdown", {})

    queue = Impatient()
    queue.put(Request(1, "search", {"query": "q"}, reply=sent.append))
    Worker(lambda: engine, queue, sent.append, lease).run()
    assert [call if isinstance(call, str) else call[0] for call in engine.calls] == [
        "index scan",
        "search",
        "scan parse 1",
        "scan ready 2",
        "close",
    ]
    assert lease.released == 1


def test_changed_files_go_ahead_of_the_scan_which_then_goes_on() -> None:
    engine = FakeEngine(
        [
            [Stage.PARSE, Stage.PARSE, Stage.EMBED, Stage.READY],
            [Stage.SCAN, Stage.PARSE, Stage.EMBED, Stage.EMBED, Stage.READY],
        ]
    )
    harness = Harness(engine)
    engine.on_step = lambda step: harness.ask(1, "update", paths=["a.py"]) if step == "scan parse 1" else None
    harness.run()
    # The scan embeds what the update has read, so the update stops short of embedding everything before it.
    assert engine.calls == [
        "index scan",
        "scan parse 1",
        "index a.py",
        "a.py scan 1",
        "a.py parse 2",
        "a.py embed 3",
        "scan parse 2",
        "scan embed 3",
        "scan ready 4",
        "close",
    ]


def test_an_update_while_the_scan_embeds_takes_the_rest_of_it_over() -> None:
    engine = FakeEngine([[Stage.EMBED, Stage.EMBED, Stage.READY], [Stage.PARSE, Stage.EMBED, Stage.READY]])
    harness = Harness(engine)
    engine.on_step = lambda step: harness.ask(1, "update", paths=["a.py"]) if step == "scan embed 1" else None
    harness.run()
    assert engine.calls[2:] == ["index a.py", "a.py parse 1", "a.py embed 2", "a.py ready 3", "close"]


def test_paths_that_wait_are_looked_at_once() -> None:
    engine = FakeEngine([[Stage.READY], [Stage.PARSE, Stage.READY], [Stage.PARSE, Stage.READY]])
    harness = Harness(engine)

    def save_more(step: str) -> None:
        if step == "scan ready 1":
            harness.ask(1, "update", paths=["a.py", "b.py", "a.py"])
        if step == "a.py+b.py parse 1":
            harness.ask(2, "update", paths=["c.py", "a.py"])

    engine.on_step = save_more
    harness.run()
    assert [call for call in engine.calls if call.startswith("index")] == [
        "index scan",
        "index a.py+b.py",
        "index a.py+b.py+c.py",
    ]


def test_changed_ignore_rules_have_their_folder_looked_at() -> None:
    engine = FakeEngine([[Stage.READY]])
    harness = Harness(engine)
    harness.ask(1, "update", paths=["sub/.gitignore"])
    harness.run()
    assert "index sub" in engine.calls

    engine = FakeEngine([[Stage.READY]])
    harness = Harness(engine)
    harness.ask(1, "update", paths=["a.py", ".fathomignore"])
    harness.run()
    assert engine.calls[:2] == ["index scan", "index scan"]


def test_very_many_changes_are_found_by_a_scan() -> None:
    engine = FakeEngine([[Stage.READY]])
    harness = Harness(engine)
    harness.ask(1, "update", paths=[f"{number}.py" for number in range(1000)])
    assert harness.answers()[1] == {"id": 1, "result": {}}
    assert engine.calls[:2] == ["index scan", "index scan"]


def test_reindex_forgets_everything_first() -> None:
    engine = FakeEngine([[Stage.PARSE, Stage.READY]])
    harness = Harness(engine)
    harness.ask(1, "reindex")
    harness.run()
    assert engine.calls == ["index scan", "clear", "index scan", "scan ready 1", "close"]


def test_status_tells_whether_it_indexes_and_how_far() -> None:
    engine = FakeEngine([[Stage.PARSE, Stage.READY]])
    harness = Harness(engine)
    engine.on_step = lambda step: harness.ask(1, "status") if step == "scan parse 1" else harness.ask(2, "status")
    answers = harness.answers()
    assert answers[1]["result"]["indexing"] is True
    assert answers[1]["result"]["progress"] == {"stage": "parse", "done": 1, "total": 2}
    assert answers[1]["result"]["functions"] == 3
    assert answers[2]["result"]["indexing"] is False
    assert answers[2]["result"]["progress"] is None


def test_errors_say_who_is_at_fault(caplog: pytest.LogCaptureFixture) -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "search", query="impossible")
    harness.ask(2, "search", query="full disk")
    with caplog.at_level(logging.ERROR):
        harness.ask(3, "search", query="bug")
    harness.ask(4, "search", query="fine")
    answers = harness.answers()
    assert answers[1]["error"] == {"kind": "query", "message": "unknown language 'klingon'"}
    assert answers[2]["error"] == {"kind": "index", "message": "the disk is full"}
    assert answers[3]["error"] == {
        "kind": "internal",
        "message": "search failed: ZeroDivisionError: division by zero",
    }
    assert "Traceback" in caplog.text
    assert answers[4]["result"]["results"]


@pytest.mark.parametrize(
    ("method", "params", "names"),
    [
        ("search", {}, "query"),
        ("search", {"query": 5}, "query"),
        ("search", {"query": "q", "limit": 0}, "limit"),
        ("search", {"query": "q", "limit": True}, "limit"),
        ("search", {"query": "q", "filters": []}, "filters"),
        ("search", {"query": "q", "filters": {"paths": "src"}}, "filters.paths"),
        ("search", {"query": "q", "filters": {"kinds": [1]}}, "filters.kinds"),
        ("similar", {"path": "a.py"}, "line"),
        ("similar", {"line": 4}, "path"),
        ("similar", {"snippet": None}, "snippet"),
        ("update", {}, "paths"),
        ("update", {"paths": ["a.py", 1]}, "paths"),
        ("update", {"paths": ["a.py", "../b.py"]}, "../b.py"),
        ("update", {"paths": ["/etc/passwd"]}, "/etc/passwd"),
        ("update", {"paths": ["a/../../b.py"]}, "a/../../b.py"),
        ("update", {"paths": ["a\0.py"]}, "paths"),
        ("dance", {}, "dance"),
    ],
)
def test_wrong_parameters_are_named(method: str, params: dict[str, Any], names: str) -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, method, **params)
    error = harness.answers()[1]["error"]
    assert error["kind"] == "query"
    assert names in error["message"]


def test_a_step_that_fails_ends_its_work_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    engine = FakeEngine([[Stage.PARSE, OSError("disk on fire"), Stage.READY], [Stage.PARSE, Stage.READY]])
    harness = Harness(engine)
    engine.on_step = lambda step: harness.ask(1, "search", query="q") if step == "scan parse 1" else None
    sent = harness.run()
    # After a while all of it is tried again.
    told = [message["method"] for message in sent if "method" in message]
    assert told == ["progress", "problem", "progress", "progress", "progress"]
    problem = next(message for message in sent if message.get("method") == "problem")
    assert problem["params"] == {"kind": "internal", "message": "indexing failed: OSError: disk on fire"}
    assert sent[-1]["params"]["stage"] == "ready"
    assert "disk on fire" in caplog.text
    assert any(message.get("id") == 1 and "result" in message for message in sent)


def test_what_failed_is_tried_again_ever_more_rarely_and_told_once() -> None:
    full: list[Stage | Exception] = [IndexStoreError("the disk is full")]
    engine = FakeEngine([full, full, full, [Stage.READY], full, [Stage.READY]])
    harness = Harness(engine)
    began: list[float] = []
    original = engine.index_steps

    def index_steps(paths: Sequence[str] | None = None) -> Iterator[Progress]:
        began.append(harness.now - 1e9)
        return original(paths)

    engine.index_steps = index_steps  # type: ignore[method-assign]
    engine.on_step = lambda step: harness.ask(1, "rescan") if len(began) == 4 else None
    told = [message["params"]["message"] for message in harness.run() if message.get("method") == "problem"]
    # The fourth goes well, so that what fails after it is news, and is tried again soon.
    assert began == [0, 5, 15, 35, 35, 40]
    assert told == ["the disk is full"] * 2


def test_an_index_that_turns_out_damaged_ends_the_process_and_leaves_requests_to_the_next() -> None:
    engine = FakeEngine([[Stage.PARSE, Stage.READY]])
    harness = Harness(engine)
    harness.ask(1, "search", query="damage")
    harness.ask(2, "search", query="q")
    harness.worker.run()
    assert harness.sent == [{"method": "problem", "params": {"kind": "index", "message": "it is damaged"}}]
    assert engine.calls[-1] == "close"
    assert harness.queue.closed


def test_an_engine_that_cannot_be_opened_is_tried_again() -> None:
    harness = Harness(FakeEngine([[Stage.READY]]))
    harness.failures = [IndexStoreError("no such folder"), IndexStoreError("still none")]
    harness.ask(1, "search", query="q")
    harness.ask(2, "search", query="q")
    sent = harness.run()
    assert sent[0] == {"method": "problem", "params": {"kind": "index", "message": "no such folder"}}
    assert sent[1] == {"id": 1, "error": {"kind": "index", "message": "still none"}}
    assert sent[2]["id"] == 2 and "result" in sent[2]
    assert sent[3]["params"]["stage"] == "ready"


def test_progress_is_told_now_and_then_and_at_every_new_stage() -> None:
    engine = FakeEngine([[Stage.PARSE, Stage.PARSE, Stage.PARSE, Stage.EMBED, Stage.EMBED, Stage.READY]])
    harness = Harness(engine, clock=[0.0, 0.05, 0.12, 0.13, 0.14, 0.15])
    told = [message["params"] for message in harness.run()]
    assert [(progress["stage"], progress["done"]) for progress in told] == [
        ("parse", 1),
        ("parse", 3),
        ("embed", 4),
        ("ready", 1),
    ]


def test_a_closed_queue_ends_the_worker() -> None:
    engine = FakeEngine([[Stage.PARSE, Stage.READY]])
    queue = RequestQueue()
    queue.put(Request(1, "search", {"query": "q"}))
    queue.close()
    sent: list[dict[str, Any]] = []
    Worker(lambda: engine, queue, sent.append).run()
    assert sent == []
    assert engine.calls == ["index scan", "close"]


# --- a folder that is away -------------------------------------------------------------------------------------------


def test_a_folder_that_is_away_is_said_with_every_answer_and_looked_at_when_it_is_back() -> None:
    engine = FakeEngine([[Stage.READY]])
    harness = Harness(engine)

    def go_away(step: str) -> None:
        engine.on_step = lambda step: None
        engine.root_trouble = "no such folder: /root"
        harness.ask(1, "search", query="q")
        harness.ask(2, "duplicates")
        harness.ask(3, "status")
        harness.ask(4, "similar", snippet="x")

    engine.on_step = go_away
    original = engine.trouble

    def trouble() -> str:
        found = original()
        if found and len([message for message in harness.sent if "id" in message]) == 3:
            engine.root_trouble = ""
            harness.ask(5, "search", query="q")
        return found

    engine.trouble = trouble  # type: ignore[method-assign]
    harness.run()
    answers = {message["id"]: message["result"] for message in harness.sent if "id" in message}
    for number in (1, 2, 3, 4):
        assert answers[number]["message"] == "no such folder: /root; what is known of it is kept until it is back"
    assert answers[2]["groups"] == []
    assert "message" not in answers[5]
    problems = [message["params"] for message in harness.sent if message.get("method") == "problem"]
    assert problems == [{"kind": "index", "message": "no such folder: /root"}]
    # Once at the start, and once when it is back, as soon as somebody asks.
    position = engine.calls.index(("search", "q", 10, Filters()), engine.calls.index("status"))
    assert engine.calls[:position].count("index scan") == 2


def test_indexing_that_finds_the_folder_away_has_the_next_search_look_again() -> None:
    engine = FakeEngine([[WorkspaceError("no such folder: /root")], [Stage.READY]])
    harness = Harness(engine)
    harness.worker.begin()
    harness.worker.index_step()
    assert engine.calls == ["index scan"]
    harness.ask(1, "search", query="q")
    harness.worker.serve(harness.queue.take(0) or pytest.fail("there is no request"))
    assert engine.calls[1] == "index scan"
    assert harness.sent[-1]["result"]["indexing"] is True


def test_a_file_that_a_search_found_gone_is_looked_at() -> None:
    engine = FakeEngine([[Stage.READY], [Stage.READY]])
    engine.gone = ["a.py", "b.py"]
    harness = Harness(engine)
    harness.ask(1, "search", query="q")
    harness.run()
    assert "index a.py+b.py" in engine.calls


def test_that_something_failed_is_said_for_as_long_as_it_does() -> None:
    full = IndexStoreError("the disk is full")
    engine = FakeEngine([[full], [full], [Stage.READY]])
    harness = Harness(engine)
    ready = [message["params"] for message in harness.run() if message.get("params", {}).get("stage") == "ready"]
    assert [params.get("problem") for params in ready] == ["the disk is full", "the disk is full", None]


def test_a_folder_that_cannot_be_opened_yet_is_watched() -> None:
    watched: list[object] = []
    harness = Harness(FakeEngine([[Stage.READY]]), watch=watched.append)
    harness.failures = [WorkspaceError("no such folder")] * 3
    harness.ask(1, "watch")
    harness.ask(2, "watch")
    answers = harness.answers()
    assert answers[1] == {"id": 1, "result": {}} and answers[2] == {"id": 2, "result": {}}
    assert len(watched) == 1


# --- what is missing -------------------------------------------------------------------------------------------------


def test_an_index_that_lacks_nothing_is_not_said_to_while_it_is_looked_at_again() -> None:
    engine = FakeEngine([[Stage.SCAN, Stage.READY], [Stage.SCAN, Stage.PARSE, Stage.EMBED, Stage.READY]])
    harness = Harness(engine)
    steps = iter(range(1, 9))

    def look(step: str) -> None:
        number = next(steps)
        harness.ask(number, "search", query=str(number))
        if number == 2:
            # A client has joined, say.
            harness.ask(100, "rescan")

    engine.on_step = look
    answers = harness.answers()
    # The first look: nobody knows what it will find. The second: nothing, until it has found a file.
    assert [answers[number]["result"]["indexing"] for number in range(1, 7)] == [True, False, False, True, True, False]


def test_looking_again_does_not_hide_that_the_first_look_was_not_over() -> None:
    engine = FakeEngine([[Stage.SCAN, Stage.READY], [Stage.SCAN, Stage.READY]])
    harness = Harness(engine)
    harness.ask(1, "rescan")
    harness.ask(2, "search", query="q")
    assert harness.answers()[2]["result"]["indexing"] is True


def test_a_search_that_has_an_unwatched_workspace_looked_at_does_not_say_that_something_is_missing() -> None:
    engine = FakeEngine([[Stage.READY], [Stage.READY]])
    harness = Harness(engine, watch=lambda failed: failed("no more watches"))
    harness.ask(1, "watch")

    def wait(step: str) -> None:
        engine.on_step = lambda step: None
        harness.now += RESCAN_INTERVAL
        harness.ask(2, "search", query="q")

    engine.on_step = wait
    assert harness.answers()[2]["result"]["indexing"] is False
    assert engine.calls.count("index scan") == 2


# --- the reading thread ----------------------------------------------------------------------------------------------


def read(*lines: bytes) -> tuple[list[Request], list[dict[str, Any]]]:
    """The requests that lines put into the queue, and the messages that are sent."""

    class Recorder(RequestQueue):
        def put(self, request: Request) -> None:
            requests.append(request)

    queue = Recorder()
    requests: list[Request] = []
    sent: list[dict[str, Any]] = []
    read_requests(iter(lines), queue, sent.append)
    assert queue.closed
    return requests, sent


def test_requests_are_read() -> None:
    requests, sent = read(
        b'{"id": 1, "method": "status"}', b"", b'{"id": 2, "method": "search", "params": {"query": 1}}\r'
    )
    assert requests == [Request(1, "status", {}), Request(2, "search", {"query": 1})]
    assert sent == []


@pytest.mark.parametrize(
    ("line", "answered_id"),
    [
        (b"hello", None),
        (b"\xff\xfe", None),
        (b"[1]", None),
        (b"[" * 100_000, None),
        (b'{"id": 1}', 1),
        (b'{"id": 2, "method": "search", "params": []}', 2),
        (b'{"id": "x", "method": "search"}', "x"),
        (b'{"method": "search"}', None),
        (b'{"method": "cancel", "params": {}}', None),
    ],
)
def test_malformed_lines_are_answered(line: bytes, answered_id: object) -> None:
    requests, sent = read(line, b'{"id": 9, "method": "status"}')
    assert [request.id for request in requests] == [9]
    assert len(sent) == 1
    assert sent[0]["id"] == answered_id
    assert sent[0]["error"]["kind"] == "query"
    json.dumps(sent[0])


@settings(deadline=None)  # A busy machine is no failure.
@given(st.lists(st.binary().filter(lambda line: b"\n" not in line)))
def test_no_line_goes_unnoticed(lines: list[bytes]) -> None:
    requests, sent = read(*lines)
    assert len(requests) + len(sent) == sum(1 for line in lines if line.strip())


# --- the process -----------------------------------------------------------------------------------------------------


def worker_process(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fathom_indexer.process", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_the_process_answers_for_a_folder_that_does_not_exist_and_ends_with_its_input(tmp_path: Path) -> None:
    config = json.dumps({"cache_dir": str(tmp_path / "cache")})
    process = worker_process("--root", str(tmp_path / "nowhere"), "--config", config)
    out, _ = process.communicate(b'nonsense\n{"id": 1, "method": "status"}\n', timeout=60)
    messages = [json.loads(line) for line in out.splitlines()]
    assert messages[0]["method"] == "ready"
    assert messages[0]["params"]["protocol"] == PROTOCOL_VERSION
    assert any("id" in message and message["id"] is None for message in messages)
    assert process.returncode == 0


def test_a_step_that_hangs_does_not_outlive_the_client(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from fathom_indexer.config import Config\n"
        "from fathom_indexer.process import service\n"
        "service.EXIT_GRACE = 0.1\n"
        "def hang():\n"
        "    print('it hangs', file=sys.stderr, flush=True)\n"
        "    time.sleep(600)\n"
        "service.serve_starter(hang, None, Path(sys.argv[1]), Config())\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == "it hangs\n"
            # The client goes.
            _, errors = process.communicate(timeout=60)
            assert "the process ends in the middle of it" in errors
            assert (errors.count("\n"), process.returncode) == (1, 1), "nothing else is said"
        finally:
            process.kill()


def test_a_configuration_that_is_none_is_refused(tmp_path: Path) -> None:
    for config in ("[", '{"colour": "red"}'):
        process = worker_process("--root", str(tmp_path), "--config", config)
        out, _ = process.communicate(timeout=60)
        assert (out, process.returncode) == (b"", 2)


def test_what_prints_cannot_write_into_the_protocol(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys\n"
        "from fathom_indexer.process.stdio import claim_stdout\n"
        "out = claim_stdout()\n"
        "print('print'); os.write(1, b'native'); subprocess.run([sys.executable, '-c', 'print(1)'])\n"
        "out.write(b'message'); out.flush()\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=dict(os.environ))
    assert result.stdout == b"message"
    assert b"native" in result.stderr


def test_open_documents_belong_to_their_client_and_go_before_indexing() -> None:
    engine = FakeEngine([[Stage.SCAN, Stage.READY]])
    harness = Harness(engine)
    harness.queue.put(Request(1, "openDocument", {"path": "a.py", "text": "x = 1"}, client=7))
    harness.queue.put(Request(2, "closeDocument", {"path": "untitled:U"}, client=8))
    harness.queue.put(Request(3, "closeDocuments", {}, client=7))
    harness.run()
    assert engine.calls[:6] == [
        "index scan",
        ("open", 7, "a.py", "x = 1", ""),
        ("close", 8, "untitled:U"),
        ("close all", 7),
        "document step",
        "scan scan 1",
    ]


@pytest.mark.parametrize(
    "params",
    [{}, {"path": "a.py"}, {"path": "../a.py", "text": ""}, {"path": "a.py", "text": "", "language": 1}],
)
def test_a_document_that_is_none_is_refused(params: dict[str, Any]) -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "openDocument", **params)
    answers = {message.get("id"): message for message in harness.run()}
    assert answers[1]["error"]["kind"] == "query"


def test_where_files_cannot_be_watched_a_search_has_them_looked_at_now_and_then() -> None:
    engine = FakeEngine()
    asked: list[str] = []

    def watch(failed: Callable[[str], None]) -> None:
        asked.append("watch")
        failed("the limit of inotify is reached")

    harness = Harness(engine, clock=[0.0, 10.0, 40.0, 40.0, 45.0], watch=watch)
    harness.worker._progress.report = lambda progress: None  # type: ignore[method-assign]  # it reads the clock too
    harness.ask(1, "watch")
    harness.ask(2, "watch")
    for number in (3, 4, 5):
        harness.ask(number, "search", query="anything")
    sent = harness.run()
    assert asked == ["watch"]
    assert [message["params"]["message"] for message in sent if message.get("method") == "problem"] == [
        "the limit of inotify is reached"
    ]
    # At the start, and at the second search.
    assert [call for call in engine.calls if call == "index scan"] == ["index scan"] * 2
    indexing = [message["result"]["indexing"] for message in sent if message.get("id") in (3, 4, 5)]
    assert indexing[1]
