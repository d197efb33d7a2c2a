"""An overlay scores words as full-text search would if the documents were files."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom_indexer.documents.document import Document
from fathom_indexer.documents.overlay import OverlaidVectors, Overlay
from fathom_indexer.languages import extract, language_named
from fathom_indexer.storage import ColumnWeights, Store, TermCounter, match_expression
from fathom_indexer.types import FileRecord
from fathom_indexer.vectors import ExactIndex

WORDS = ("load", "loading", "file", "files", "größe", "HTTPServer", "parse_date", "x1", "the")
PATHS = ("one.py", "src/two.py", "three.py")

sources = st.lists(
    st.tuples(st.sampled_from(["load_file", "parse", "size"]), st.lists(st.sampled_from(WORDS), max_size=8)),
    min_size=1,
    max_size=4,
).map(lambda functions: "\n\n".join(f'def {name}():\n    """{" ".join(words)}"""' for name, words in functions))


def store_of(files: dict[str, str]) -> Store:
    store = Store(None)
    for path, source in files.items():
        functions = extract(source.encode(), language_named("python"))
        keyed = [(function, f"{path}{number}") for number, function in enumerate(functions)]
        store.put_file(FileRecord(path, "python", 1, 1, source), keyed)
    return store


def overlay_of(store: Store, files: dict[str, str]) -> Overlay:
    ids = itertools.count(-1, -1)
    stems = TermCounter()
    documents = [Document(path, "python", source.encode()) for path, source in files.items()]
    for document in documents:
        document.parse((), (), stems, lambda: next(ids))
    return Overlay(store, stems, documents, 1)


@settings(max_examples=40)
@given(
    st.tuples(sources, sources, sources),
    st.integers(0, 3),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=5),
)
def test_words_score_as_in_the_index(texts: tuple[str, ...], split: int, words: Sequence[str]) -> None:
    files = dict(zip(PATHS, texts, strict=True))
    below, above = dict(list(files.items())[:split]), dict(list(files.items())[split:])
    weights = ColumnWeights(name=3.0, path=0.5)
    whole = store_of(files)
    overlay = overlay_of(store_of(below), above)
    found = overlay.matching_words(match_expression(words), 100, weights)
    mine = {overlay.functions([item])[item].function.start_line: score for item, score in found if item < 0}
    real = whole.matching_words(match_expression(words), 100, weights)
    stored = whole.functions([item for item, _ in real])
    if split == 2:  # One document, so that lines tell its functions apart.
        expected = {stored[item].function.start_line: score for item, score in real if stored[item].path not in below}
        assert mine == pytest.approx(expected)
    assert len(found) == len(real)
    # No document hides a file here, so that the index has nothing that does not count any more.
    assert overlay.word_statistics(words) == whole.word_statistics(words)
    having = overlay.having_words(words, sorted(overlay.ids_where()))
    whole_having = whole.having_words(words, sorted(whole.ids_where()))
    assert {word: len(ids) for word, ids in having.items()} == {word: len(ids) for word, ids in whole_having.items()}


def test_what_a_document_hides_is_nowhere() -> None:
    store = store_of({"one.py": "def load():\n    pass", "two.py": "def load_two():\n    pass"})
    [one] = store.ids_in(["one.py"])
    overlay = overlay_of(store, {"one.py": "def crane():\n    pass"})
    assert overlay.named(["load", "crane"], 5) == [-1]
    assert overlay.in_paths(["one.py"], 5) == [-1]
    assert overlay.summaries([one, -1]).keys() == {-1}
    assert overlay.functions([one, -1]).keys() == {-1}
    assert one not in overlay.ids_where()
    assert overlay.ids_where(["python"], ["function"], lambda path: path == "one.py") == {-1}
    assert overlay.ids_where(["go"]) == overlay.ids_where(kinds=["class"]) == frozenset()
    assert overlay.languages() == {"python"}
    assert [stored.function.name for stored in overlay.functions_of("one.py")] == ["crane"]
    assert [item for item, _ in overlay.matching_words('"load"', 5, ColumnWeights())] != [one]
    assert "crane" in overlay.names("cr", 1, 9)


def test_vectors_of_both_are_searched_together() -> None:
    below, own = ExactIndex(2), ExactIndex(2)
    below.add([1, 2, 3], np.eye(2, dtype=np.float32)[[0, 0, 1]])
    own.add([-1], np.array([[0.8, 0.6]], np.float32))
    vectors = OverlaidVectors(below, frozenset([1]), own)
    query = np.array([1, 0], np.float32)
    assert [item for item, _ in vectors.search(query, 2)] == [2, -1]
    assert [item for item, _ in vectors.search(query, 9, {-1, 3})] == [-1, 3]
