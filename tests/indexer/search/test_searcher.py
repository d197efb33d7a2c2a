"""Whole searches over a small store, with an encoder that counts words: quick, and the same every time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fathom_indexer.embedding_space import shorten
from fathom_indexer.encoder import code_text
from fathom_indexer.identifiers import split_words
from fathom_indexer.search import ALL_STEPS, Pipeline, Searcher, Step, Steps
from fathom_indexer.storage import Store, StoredFunction
from fathom_indexer.types import FileRecord, Filters, Function, Hit, Kind
from fathom_indexer.vectors import ExactIndex
from fathom_indexer.wire.messages import LocationQuery, SearchRequest, SearchResponse, SnippetQuery, WordsQuery

MODEL = "word-counts"
LANGUAGES = ("python", "go")
HIDDEN = 32

FILES = {
    "src/store/queue.py": [
        ("Queue", Kind.CLASS, "class Queue:\n    '''Jobs that wait.'''\n    limit = 10"),
        ("Queue.take", Kind.METHOD, "def take(self):\n    '''Removes the oldest job.'''\n    return self.jobs.pop(0)"),
        ("Queue.put", Kind.METHOD, "def put(self, job):\n    '''Adds a job.'''\n    self.jobs.append(job)\n    wake()"),
    ],
    "src/net/upload.py": [
        (
            "send_again",
            Kind.FUNCTION,
            "def send_again(file):\n    for attempt in range(3):\n        upload(file, attempt)",
        ),
        ("_connect", Kind.FUNCTION, "def _connect(host):\n    sock = socket(host)\n    return sock"),
    ],
    "tests/test_queue.py": [
        (
            "test_take",
            Kind.FUNCTION,
            "def test_take():\n    '''The oldest job first.'''\n    assert queue.take() == 1",
        ),
    ],
    "cmd/queue.go": [
        ("Take", Kind.FUNCTION, "func Take(jobs []Job) Job {\n\tjob := jobs[0]\n\treturn job\n}"),
    ],
    "src/copy/queue.py": [
        (
            "send_again",
            Kind.FUNCTION,
            "def send_again(file):\n    for attempt in range(3):\n        upload(file, attempt)",
        ),
    ],
}


class WordCounts:
    """Vectors that count words; a shallow exit sees but the first of them."""

    config = SimpleNamespace(model_id=MODEL, joint=None)

    def encode(self, texts: Sequence[str], kind: Any, layer: int) -> np.ndarray:
        rows = np.full((len(texts), HIDDEN), 0.01, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in split_words(text)[: 4 * layer]:
                row[zlib.crc32(word.lower()[:4].encode()) % HIDDEN] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def encode_exits(self, texts: Sequence[str], kind: Any, exits: Sequence[int]) -> dict[int, np.ndarray]:
        return {layer: self.encode(texts, kind, layer) for layer in exits}


def store_of(index_exit: int) -> Store:
    store = Store(None)
    for path, rows in FILES.items():
        language = "go" if path.endswith(".go") else "python"
        functions = [
            Function(
                name.rpartition(".")[2], name, kind, language, text.split("\n")[0], "", text, at, at + 9, at, at + 3
            )
            for at, (name, kind, text) in zip(range(1, 99, 10), rows, strict=False)
        ]
        store.put_file(FileRecord(path, language, 1, 1, ""), [(f, f"{path} {f.qualified_name}") for f in functions])
    found = store.functions(sorted(store.ids_where()))
    keys = store.text_keys(list(found))
    texts = [code_text(item.function, item.path) for item in found.values()]
    store.put_vectors(MODEL, index_exit, [keys[item] for item in found], WordCounts().encode(texts, None, index_exit))
    return store


def searcher_of(store: Store, index_exit: int, dim: int | None, seconds: float = 100.0) -> Searcher:
    index = ExactIndex(dim or HIDDEN)
    ids, rows = store.vectors(MODEL, index_exit)
    index.add(ids, shorten(rows, dim))
    encoder: Any = WordCounts()
    return Searcher(store, lambda: encoder, lambda: index, index_exit, 6, dim, seconds)


# The packaged model had one exit for both, its successor has a shallow one of few dimensions for the index.
@pytest.fixture(params=[(6, None), (6, 16), (2, 16)], ids=["one exit", "one exit, cut", "two exits"])
def shape(request: pytest.FixtureRequest) -> tuple[int, int | None]:
    found: tuple[int, int | None] = request.param
    return found


@pytest.fixture
def searcher(shape: tuple[int, int | None]) -> Iterator[Searcher]:
    store = store_of(shape[0])
    yield searcher_of(store, *shape)
    store.close()


def ask(searcher: Searcher, query: str, steps: Steps = ALL_STEPS, limit: int = 10) -> list[Hit]:
    *_, result = searcher.search(SearchRequest(WordsQuery(query), limit), steps=steps)
    return list(result.hits)


def names(hits: Sequence[Hit]) -> list[str]:
    return [f"{hit.path}::{hit.function.qualified_name}" for hit in hits]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("removes the oldest job", "src/store/queue.py::Queue.take"),
        ("Queue", "src/store/queue.py::Queue"),
        ("queue.put", "src/store/queue.py::Queue.put"),
        ("send_agian", "src/copy/queue.py::send_again"),
        ("test that the oldest job is taken", "tests/test_queue.py::test_take"),
        ("KeyError: in send_again", "src/net/upload.py::send_again"),
        ("for attempt in range(5):\n    upload(path)\n", "src/net/upload.py::send_again"),
    ],
)
def test_finds(searcher: Searcher, query: str, name: str) -> None:
    found = ask(searcher, query, ALL_STEPS - {Step.COPIES})
    assert name in names(found)[:2]


def test_a_path_finds_what_is_in_the_file(searcher: Searcher) -> None:
    assert {hit.path for hit in ask(searcher, "net/upload.py")[:2]} == {"src/net/upload.py"}


def test_copies_are_folded(searcher: Searcher) -> None:
    hits = [hit for hit in ask(searcher, "send a file again") if hit.function.name == "send_again"]
    assert [len(hit.copies) for hit in hits] == [1]
    assert len(ask(searcher, "send a file again", ALL_STEPS - {Step.COPIES})) == 8


@pytest.mark.parametrize("left_out", list(Step))
def test_every_step_can_be_left_out(searcher: Searcher, left_out: Step) -> None:
    hits = ask(searcher, "removes the oldest job", ALL_STEPS - {left_out})
    assert hits
    assert left_out.value not in {part.step for hit in hits for part in hit.explanation}


@pytest.mark.parametrize("pipeline", list(Pipeline))
def test_sources_alone(searcher: Searcher, pipeline: Pipeline) -> None:
    assert ask(searcher, "removes the oldest job", pipeline.steps)
    used = {part.step for hit in ask(searcher, "oldest job", pipeline.steps) for part in hit.explanation}
    assert used <= {step.value for step in pipeline.steps}
    assert ask(searcher, "oldest job", frozenset()) == []


def test_scores_are_the_sums_of_their_parts_and_fall(searcher: Searcher) -> None:
    hits = ask(searcher, "how does Queue.take remove jobs")
    for hit in hits:
        assert hit.score == pytest.approx(sum(part.score for part in hit.explanation))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_first_order_comes_at_once_and_the_deep_one_is_kept() -> None:
    store = store_of(2)

    def results(seconds: float) -> list[SearchResponse]:
        return list(searcher_of(store, 2, 16, seconds).search(SearchRequest(WordsQuery("removes the oldest job"), 5)))

    (hurried,) = results(0)
    assert (hurried.reranked, hurried.complete, hurried.final) == (0, False, True)
    first, final = results(100)
    assert (first.reranked, first.complete, first.final) == (0, False, False)
    assert [hit.score for hit in first.hits] == [hit.score for hit in hurried.hits]
    assert final.final and final.complete and final.reranked == final.candidates == 8
    (again,) = results(0)
    assert again == final
    store.close()


def test_functions_without_any_vector_are_found_by_words() -> None:
    store = store_of(2)
    function = Function("late", "late", Kind.FUNCTION, "python", "def late()", "", "def late(): zebra()", 0, 9, 1, 9)
    store.put_file(FileRecord("src/late.py", "python", 1, 1, ""), [(function, "no vector yet")])
    assert "src/late.py::late" in names(ask(searcher_of(store, 2, 16, 0), "zebra"))[:5]
    assert names(ask(searcher_of(store, 2, 16), "late zebra"))[0] == "src/late.py::late"
    store.close()


def test_filters_hold_for_every_source(searcher: Searcher) -> None:
    for query in ("Take", "cmd/queue.go", "removes the oldest job", "def take(self): return jobs[0];"):
        *_, result = searcher.search(SearchRequest(WordsQuery(query), 10, Filters(languages=("python",))))
        assert {hit.function.language for hit in result.hits} <= {"python"}


def test_similar_leaves_the_function_itself_out(shape: tuple[int, int | None]) -> None:
    store = store_of(shape[0])
    (taken,) = [item for item in store.functions_of("src/store/queue.py") if item.function.name == "take"]
    *_, result = searcher_of(store, *shape).similar_function(
        taken, SearchRequest(LocationQuery(taken.path, taken.function.start_line))
    )
    assert "src/store/queue.py::Queue.take" not in names(result.hits)
    assert "cmd/queue.go::Take" in names(result.hits)
    store.close()


def test_similar_code_in_another_language(shape: tuple[int, int | None]) -> None:
    store = store_of(shape[0])
    function = Function(
        "Take", "Take", Kind.FUNCTION, "go", "", "", "func Take(jobs []Job) Job { return jobs.pop(0) }", 0, 1, 1, 1
    )
    stored = StoredFunction(999, "elsewhere.go", function)
    *_, result = searcher_of(store, *shape).similar_function(stored, SearchRequest(LocationQuery(stored.path, 1), 3))
    assert {"cmd/queue.go::Take", "src/store/queue.py::Queue.take"} & set(names(result.hits))
    store.close()


STORE = store_of(2)
SEARCHER = searcher_of(STORE, 2, 16)

operators = """AND OR NOT NEAR( " * ^ : ( ) queue ' ; -- { 🦆""".split()
anything = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(operators)).map(" ".join))


@settings(max_examples=150)
@given(anything)
@example("")
@example("🦆 🦆")
@example("x" * 10_000)
@example("queue " * 2_000)
@example("'; DROP TABLE functions; --")
@example('name: "queue" NEAR(a b, 2) OR *')
@example(r"^\s*def\s+(\w+)\(.*\):$")
@example("SELECT * FROM jobs WHERE name LIKE '%queue%'")
@example("\x00\ud800")
@example('fn main() { println!("{}", queue.take()); }')
def test_any_query_is_answered(query: str) -> None:
    *_, result = SEARCHER.search(SearchRequest(WordsQuery(query), 5))
    assert len(result.hits) <= 5
    if not any(character.isalnum() for character in query):
        assert result.hits == ()
    assert len(STORE.ids_where()) == 8


@settings(max_examples=60)
@given(anything)
def test_any_snippet_is_compared(snippet: str) -> None:
    *_, result = SEARCHER.search(SearchRequest(SnippetQuery(snippet), 5))
    assert len(result.hits) <= 5
