"""The loop of the engine's thread: order of work, retries and progress, with an engine that notes what it is asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from worker_harness import FakeEngine, Harness

from fathom_indexer.errors import IndexStoreError
from fathom_indexer.process.request_queue import Request, RequestQueue
from fathom_indexer.process.worker import Worker
from fathom_indexer.types import NO_CONTEXT, Progress, RequestContext, Stage
from fathom_indexer.wire.messages import SearchRequest, SearchResponse


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


def test_that_something_failed_is_said_for_as_long_as_it_does() -> None:
    full = IndexStoreError("the disk is full")
    engine = FakeEngine([[full], [full], [Stage.READY]])
    harness = Harness(engine)
    ready = [message["params"] for message in harness.run() if message.get("params", {}).get("stage") == "ready"]
    assert [params.get("problem") for params in ready] == ["the disk is full", "the disk is full", None]
