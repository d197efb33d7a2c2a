"""Windows of long functions: their texts, how they are kept, and what they add to a score."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fathom_indexer.encoder import code_text, text_key, window_texts
from fathom_indexer.search.windows import window_gains
from fathom_indexer.storage import Store
from fathom_indexer.types import FileRecord, Function, Kind

MODEL = "test-model"


def function(lines: int, name: str = "run", kind: Kind = Kind.FUNCTION) -> Function:
    text = f"def {name}():\n" + "".join(
        f"    step_number_{line} = do_something_with({line})\n" for line in range(lines)
    )
    return Function(name, name, kind, "python", f"def {name}()", "", text, 0, len(text), 1, lines + 1)


def test_short_functions_and_other_code_have_no_windows() -> None:
    assert window_texts(function(3), "a.py") == ()
    assert window_texts(function(200, kind=Kind.MODULE), "a.py") == ()
    assert window_texts(function(200, kind=Kind.CLASS), "a.py") == ()


def test_windows_go_on_where_the_text_of_the_whole_ends() -> None:
    long = function(30)
    windows = window_texts(long, "net/upload.py")
    assert 1 < len(windows) <= 4
    assert all(window.startswith("upload run ") for window in windows)
    whole = code_text(long, "net/upload.py")
    for before, after in zip((whole[:500], *windows), windows, strict=False):
        middle = after[len("upload run ") :][:20]
        assert middle in before, "each one overlaps with the one before"
    assert windows[-1].endswith("something_with(29)"), "nothing is left out at the end"


def test_a_very_long_function_has_four() -> None:
    assert len(window_texts(function(2000), "a.py")) == 4


def test_a_window_has_a_key_of_its_own() -> None:
    texts = [code_text(function(60), "a.py"), *window_texts(function(60), "a.py")]
    assert len({text_key(text) for text in texts}) == len(texts)


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(None)
    yield store
    store.close()


def test_windows_are_kept_by_function(store: Store) -> None:
    functions = [function(3, "short"), function(60, "long")]
    short, long = store.put_file(
        FileRecord("a.py", "python", 1, 1, ""), [(one, f"key {one.name}") for one in functions]
    ).ids
    assert store.functions_without_windows() == [long, short]
    store.put_windows({short: [], long: ["w1", "w2"]})
    assert store.functions_without_windows() == []
    store.put_vectors(MODEL, 6, ["w1", "w2"], np.eye(2, dtype=np.float32))
    found = store.window_vectors(MODEL, 6, [short, long])
    np.testing.assert_array_equal(found.pop(long), np.eye(2, dtype=np.float32))
    assert not found
    # The function is written anew: its windows go with it, their vectors stay for a while.
    (again,) = store.put_file(FileRecord("a.py", "python", 1, 2, ""), [(function(61, "long"), "key 2")]).ids
    assert store.functions_without_windows() == [again]
    store.put_windows({long: ["w1"], again: ["w1"]})
    assert list(store.window_vectors(MODEL, 6, [long, again])) == [again], "one that is gone has none"


def test_vectors_of_windows_are_in_use(store: Store) -> None:
    (kept,) = store.put_file(FileRecord("a.py", "python", 1, 1, ""), [(function(60), "key")]).ids
    store.put_windows({kept: ["in use"]})
    store.put_vectors(MODEL, 6, ["key", "in use", "left"], np.eye(3, dtype=np.float32))
    assert store.prune(MODEL, (6,), 1, 14, 100) == 0
    assert store.prune(MODEL, (6,), 20, 14, 100) == 1
    assert store.without_vector(MODEL, 6, ["key", "in use", "left"]) == ["left"]


def test_a_nearer_window_is_a_gain(store: Store) -> None:
    ids = store.put_file(
        FileRecord("a.py", "python", 1, 1, ""), [(function(60, name), name) for name in ("a", "b", "c")]
    ).ids
    store.put_windows({ids[0]: ["far", "near"], ids[1]: ["far"], ids[2]: []})
    store.put_vectors(MODEL, 6, ["far", "near"], np.array([[0.0, 1.0], [0.8, 0.6]], np.float32))
    query = np.array([[1.0, 0.0]], np.float32)
    gains = window_gains(store, MODEL, 6, query, {ids[0]: 0.5, ids[1]: 0.5, ids[2]: 0.5})
    assert gains == {ids[0]: pytest.approx(0.3, abs=1e-3)}
