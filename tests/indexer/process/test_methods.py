"""The methods of the indexer, with an engine that notes what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from worker_harness import FakeEngine, Harness

from fathom_indexer.errors import WorkspaceError
from fathom_indexer.process.request_queue import Request
from fathom_indexer.process.workspace_monitor import RESCAN_INTERVAL
from fathom_indexer.types import NO_CONTEXT, Filters, RequestContext, Stage
from fathom_indexer.wire.messages import SearchRequest, SearchResponse, WordsQuery


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


def test_files_in_use_are_told_to_the_engine() -> None:
    harness = Harness(FakeEngine())
    harness.ask(1, "prioritize", paths=["a.py"])
    harness.ask(2, "prioritize", paths=["../a.py"])
    answers = harness.answers()
    assert answers[1]["result"] == {}
    assert answers[2]["error"]["kind"] == "query"
    assert [call for call in harness.engine.calls if "prioritize" in call] == ["prioritize a.py"]


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
    # Once at the start, and once when it is back, with the next request.
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


def test_a_folder_that_cannot_be_opened_yet_is_watched() -> None:
    watched: list[object] = []
    harness = Harness(FakeEngine([[Stage.READY]]), watch=watched.append)
    harness.failures = [WorkspaceError("no such folder")] * 3
    harness.ask(1, "watch")
    harness.ask(2, "watch")
    answers = harness.answers()
    assert answers[1] == {"id": 1, "result": {}} and answers[2] == {"id": 2, "result": {}}
    assert len(watched) == 1


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
    # The first scan may find anything. The second one is known to find nothing until it has found a file.
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
