"""The index file: what goes in comes out, and a damaged one is replaced."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fathom_indexer.errors import IndexStoreError
from fathom_indexer.storage import (
    ColumnWeights,
    FileState,
    Store,
    code_words,
    match_expression,
    phrase_expression,
    query_words,
)
from fathom_indexer.types import FileRecord, Function, Kind, SkippedFile

MODEL = "test-model"


def function(name: str, text: str = "", *, start: int = 0, documentation: str = "") -> Function:
    text = text or f"def {name}(): pass"
    return Function(
        name, name, Kind.FUNCTION, "python", f"def {name}()", documentation, text, start, start + len(text), 1, 1
    )


def record(path: str, content_hash: str = "h") -> FileRecord:
    return FileRecord(path, "python", 10, 1, content_hash)


def put(store: Store, path: str, *functions: Function) -> list[int]:
    return list(store.put_file(record(path), [(item, f"key of {item.text}") for item in functions]).ids)


def matching(
    store: Store, query: str, limit: int = 10, allowed: frozenset[int] | None = None, repeats: bool = False
) -> list[int]:
    found = store.matching_words(match_expression(query_words(query, repeats)), limit, ColumnWeights(), allowed)
    return [function_id for function_id, _ in found]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "index.sqlite3")


def test_returns_functions_as_they_were_stored(store: Store) -> None:
    first = function("alpha", documentation="Says α.")
    ids = put(store, "a.py", first)
    assert store.functions(ids)[ids[0]].function == first
    assert store.functions(ids)[ids[0]].path == "a.py"
    assert [stored.function for stored in store.functions_of("a.py")] == [first]


def test_replaces_a_file_whole_and_never_reuses_ids(store: Store) -> None:
    old = put(store, "a.py", function("old"))
    replaced = store.put_file(record("a.py", "h2"), [(function("new"), "k")])
    new = replaced.new
    assert replaced.gone == old and replaced.ids == new
    assert not set(old) & set(new)
    assert [stored.function.name for stored in store.functions_of("a.py")] == ["new"]
    assert matching(store, "old") == []
    assert store.remove_files(["a.py"]) == new
    assert put(store, "a.py", function("third"))[0] > new[0]


def test_functions_that_only_moved_within_their_file_keep_their_ids(store: Store) -> None:
    kept, edited, twice = function("kept"), function("edited"), function("twice")
    before = put(store, "a.py", kept, edited, twice, twice)
    moved = replace(kept, start_byte=100, end_byte=115, start_line=9, end_line=10)
    again = replace(twice, start_byte=200, end_byte=215, start_line=19, end_line=20)
    now = [function("added"), replace(edited, text="def edited(): return zebra"), again, moved]
    replaced = store.put_file(record("a.py", "h2"), [(item, f"key of {item.text}") for item in now])
    assert replaced.ids[2:] == [before[2], before[0]] and set(replaced.gone) == {before[1], before[3]}
    assert list(replaced.new) == list(replaced.ids[:2]) and min(replaced.new) > max(before)
    found = store.functions(replaced.ids)
    assert [found[item].function for item in replaced.ids] == now
    assert len(store.ids_where()) == 4 and store.file_states()["a.py"].content_hash == "h2"
    assert [matching(store, word) for word in ("kept", "zebra")] == [[before[0]], [replaced.ids[1]]]
    assert store.remove_files(["a.py"]) and matching(store, "kept twice edited") == []


def test_ids_by_language_kind_and_path(store: Store) -> None:
    code, test = put(store, "src/a.py", function("a"), replace(function("b"), kind=Kind.METHOD))
    (other,) = put(store, "src/a.go", replace(function("c"), language="go"))
    assert store.ids_where() == {code, test, other}
    assert store.ids_where(languages=["python"]) == {code, test}
    assert store.ids_where(kinds=["method"]) == {test}
    assert store.ids_where(in_file=lambda path: path.endswith(".go")) == {other}
    assert store.ids_where(["python"], ["function", "class"], lambda path: path.startswith("src/")) == {code}
    assert store.ids_where(["python"], in_file=lambda path: path.endswith(".go")) == frozenset()


def test_functions_whose_key_is_another_are_others(store: Store) -> None:
    before = put(store, "a.py", function("same"))
    assert store.put_file(record("a.py"), [(function("same"), "other key")]).gone == before


def test_finds_words_inside_identifiers_and_documentation(store: Store) -> None:
    ids = put(
        store,
        "net.py",
        function("retryUpload", "def retryUpload(): send_again()"),
        function("other", "def other(): return 1", documentation="Compresses archives."),
    )
    assert matching(store, "where are uploads retried") == [ids[0]]
    assert matching(store, "compressing an archive") == [ids[1]]
    assert matching(store, "retryupload") == [ids[0]]


@pytest.mark.parametrize("query", ['"', "a OR", "NEAR(", "*", "name:", "-x", "(", "^", "", "\x00", "的 OR ("])
def test_no_query_is_taken_for_syntax(store: Store, query: str) -> None:
    ids = put(store, "zeta.py", function("alpha"))
    # None of them has a word of the function.
    assert matching(store, query) == []
    assert matching(store, f"{query} alpha") == ids


def test_a_query_of_stop_words_alone_still_searches(store: Store) -> None:
    ids = put(store, "a.py", function("is_in"))
    assert matching(store, "is in") == ids


def test_repetition_counts_in_code_and_not_in_questions() -> None:
    assert query_words("retry the retry") == ["retry"]
    assert query_words("python sort a list") == ["sort", "list"]
    assert query_words("python") == ["python"]
    assert query_words("retry(x); retry(y)", repeats=True) == ["retry", "x", "retry", "y"]


def test_numbers_and_stop_words_of_code_are_words() -> None:
    assert query_words("if (status == 404) return x[65]", repeats=True) == "if status 404 return x 65".split()
    assert query_words("if the status is 404") == ["status", "404"]
    assert code_words("timeout = 0x1F + 10_000") == "timeout 0x1f 10000"


def test_compounds_are_found_by_their_parts_and_as_a_whole() -> None:
    assert code_words("time2seconds(getURLs)") == "time 2 seconds time2seconds get urls geturls"
    assert code_words("uint8 sha256_sum") == "uint 8 uint8 sha 256 sha256 sum sha256sum"


def test_finds_numbers_and_phrases(store: Store) -> None:
    ids = put(store, "a.py", function("status", text="if code == 404: fail('no such page')"), function("page"))
    assert matching(store, "404") == ids[:1]
    phrase = store.matching_words(phrase_expression("no such page"), 9, ColumnWeights())
    assert [function_id for function_id, _ in phrase] == ids[:1]
    assert store.matching_words(phrase_expression("such no page"), 9, ColumnWeights()) == []
    assert phrase_expression("!?") == ""


def test_a_whole_file_can_be_a_query(store: Store) -> None:
    ids = put(store, "a.py", function("word_7"))
    snippet = "\n".join(f"word_{number} = other_{number}(value_{number})" for number in range(5000))
    assert matching(store, snippet, repeats=True) == ids


def test_restricts_words_to_allowed_ids(store: Store) -> None:
    ids = put(store, "a.py", function("load_a"), function("load_b"), function("load_c"))
    assert set(matching(store, "load", 2, frozenset(ids[1:]))) == set(ids[1:])


def test_keeps_vectors_by_text_across_files_and_deletion(store: Store) -> None:
    (first,) = put(store, "a.py", function("same", "def same(): pass"))
    vector = np.array([[0.6, 0.8]], np.float32)
    store.put_vectors(MODEL, 6, ["key of def same(): pass"], vector)
    store.remove_files(["a.py"])
    assert store.vectors(MODEL, 6)[0] == []
    (again,) = put(store, "moved.py", function("same", "def same(): pass"))
    assert again != first
    ids, vectors = store.vectors(MODEL, 6)
    assert ids == [again]
    np.testing.assert_allclose(vectors, vector, atol=1e-3)
    missing = {"moved.py": ["key of def same(): pass"]}
    assert store.texts_without_vector(MODEL, 6) == {}
    assert store.texts_without_vector(MODEL, 2) == missing
    assert store.texts_without_vector("other-model", 6) == missing


def test_counts_each_copy_of_a_text(store: Store) -> None:
    put(store, "a.py", function("same", "x"))
    put(store, "b.py", function("same", "x"))
    store.put_vectors(MODEL, 6, ["key of x"], np.ones((1, 2), np.float32))
    assert (*store.counts(), store.embedded(MODEL, 6)) == (2, 2, 2)
    assert {stored.path for stored in store.functions_with_text(["key of x"])["key of x"]} == {"a.py", "b.py"}


def test_records_what_was_skipped(store: Store) -> None:
    ids = put(store, "a.py", function("alpha"))
    assert store.put_skipped([(SkippedFile("a.py", "binary"), FileState(5, 7, ""))]) == ids
    assert store.file_states() == {"a.py": FileState(5, 7, "")}
    assert store.skipped_by_reason() == {"binary": 1}
    assert store.skipped_files(10) == [SkippedFile("a.py", "binary")]
    assert not store.has_file("a.py")
    put(store, "a.py", function("alpha"))
    assert store.skipped_by_reason() == {}


def test_stores_text_that_is_not_quite_unicode(store: Store) -> None:
    ids = store.put_file(record("a.py"), [(function("bad", "x = '\ud800'"), "key")]).ids
    assert store.functions(ids)[ids[0]].function.text == "x = '?'"


def test_a_failed_write_changes_nothing(store: Store) -> None:
    put(store, "a.py", function("alpha"))
    broken = function("beta")
    with pytest.raises(IndexStoreError):
        store.put_file(record("a.py"), [(function("gamma"), "k"), (broken, None)])  # type: ignore[list-item]
    assert [stored.function.name for stored in store.functions_of("a.py")] == ["alpha"]


def test_notices_what_another_process_wrote(tmp_path: Path) -> None:
    mine, theirs = Store(tmp_path / "i.sqlite3"), Store(tmp_path / "i.sqlite3")
    before = mine.writes_elsewhere()
    put(mine, "a.py", function("alpha"))
    assert mine.writes_elsewhere() == before
    put(theirs, "b.py", function("beta"))
    assert mine.writes_elsewhere() != before
    assert mine.writes_elsewhere() == mine.writes_elsewhere()
    assert mine.has_file("b.py")


@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty", "other format"])
def test_a_damaged_index_is_built_anew(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "index.sqlite3"
    store = Store(path)
    for number in range(50):
        put(store, f"{number}.py", function(f"f{number}"))
    store.close()
    if damage == "garbage":
        path.write_bytes(b"this is not a database" * 100)
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 999")
        db.close()
    reopened = Store(path)
    assert reopened.counts()[0] == 0
    put(reopened, "a.py", function("alpha"))
    assert damage == "empty" or "built anew" in caplog.text
    reopened.close()


def test_damage_that_shows_later_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    store = Store(path)
    for number in range(300):
        put(store, f"{number}.py", function(f"f{number}"))
    store.close()
    content = bytearray(path.read_bytes())
    # The definitions of the tables, without which no index is opened, lie before.
    kept = len(content) // 3 * 2
    content[kept:] = b"\xa5" * (len(content) - kept)
    path.write_bytes(content)
    damaged = Store(path)
    with pytest.raises(IndexStoreError, match="built anew"):
        damaged.file_states()
        matching(damaged, "f7")
        damaged.functions_by_language()
    reopened = Store(path)
    assert reopened.counts()[0] == 0


def test_says_when_the_place_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(IndexStoreError, match="cannot be opened"):
        Store(tmp_path)


def test_keeps_vectors_at_the_length_that_was_asked_for(store: Store) -> None:
    put(store, "a.py", function("alpha", "x"))
    rows = np.array([[0.6, 0.0, 0.8, 0.0]], np.float32)
    store.keep_length(MODEL, 2, 2)
    store.put_vectors(MODEL, 2, ["key of x"], rows)
    store.put_vectors(MODEL, 6, ["key of x"], rows)
    np.testing.assert_allclose(store.vectors(MODEL, 2)[1], [[1.0, 0.0]])
    np.testing.assert_allclose(store.vectors(MODEL, 6)[1], rows, atol=1e-3)
    store.keep_length(MODEL, 2, 1)
    assert store.vectors(MODEL, 2)[1].shape == (1, 2), "longer ones will do"
    store.keep_length(MODEL, 2, 3)
    assert store.vectors(MODEL, 2)[0] == []
    with pytest.raises(ValueError, match="3 of them"):
        store.put_vectors(MODEL, 2, ["key of x"], rows[:, :2])


def test_files_that_changed_last_come_first(store: Store) -> None:
    for path, time in (("old.py", 1), ("new.py", 3), ("middle.py", 2)):
        changed = FileRecord(path, "python", 10, time, "h")
        store.put_file(changed, [(function(path), path), (function("b"), f"{path} b")])
    order = [(path, [path, f"{path} b"]) for path in ("new.py", "middle.py", "old.py")]
    assert list(store.texts_without_vector(MODEL, 6).items()) == order
    store.put_vectors(MODEL, 6, ["middle.py"], np.ones((1, 2), np.float32))
    among = store.texts_without_vector(MODEL, 6, among=["old.py", "middle.py", "none.py"])
    assert list(among.items()) == [("middle.py", ["middle.py b"]), order[2]]
    assert store.without_vector(MODEL, 6, ["x", "middle.py", "old.py"]) == ["x", "old.py"]


def vectors_left(store: Store) -> set[str]:
    return {key for key in ("kept", "gone", "late") if not store.without_vector(MODEL, 6, [key])}


def test_vectors_of_texts_that_are_gone_are_kept_for_a_while(store: Store) -> None:
    store.put_file(record("a.py"), [(function("kept"), "kept"), (function("gone"), "gone")])
    store.put_vectors(MODEL, 6, ["kept", "gone"], np.ones((2, 2), np.float32))
    assert store.prune(MODEL, [6], today=100, days=14, most=10) == 0
    store.put_file(record("a.py", "h2"), [(function("kept"), "kept")])
    assert store.prune(MODEL, [6], today=101, days=14, most=10) == 0
    # Back on the branch that has it, and away again: its days are counted anew.
    store.put_file(record("a.py", "h3"), [(function("gone"), "gone")])
    assert store.prune(MODEL, [6], today=110, days=14, most=10) == 0
    store.put_file(record("a.py", "h4"), [(function("kept"), "kept")])
    assert store.prune(MODEL, [6], today=120, days=14, most=10) == 0
    assert store.prune(MODEL, [6], today=133, days=14, most=10) == 0
    assert store.prune(MODEL, [6], today=134, days=14, most=10) == 1
    assert vectors_left(store) == {"kept"}


def test_no_more_unused_vectors_are_kept_than_there_is_room_for(store: Store) -> None:
    store.put_file(record("a.py"), [(function("kept"), "kept")])
    store.put_vectors(MODEL, 6, ["kept", "gone"], np.ones((2, 2), np.float32))
    assert store.prune(MODEL, [6], today=100, days=14, most=1) == 0
    store.put_vectors(MODEL, 6, ["late"], np.ones((1, 2), np.float32))
    assert store.prune(MODEL, [6], today=101, days=14, most=1) == 1
    assert vectors_left(store) == {"kept", "late"}


def test_vectors_of_a_model_that_is_not_used_any_more_go(store: Store) -> None:
    store.put_file(record("a.py"), [(function("kept"), "kept")])
    for model in (MODEL, "old"):
        store.put_vectors(model, 6, ["kept"], np.ones((1, 2), np.float32))
    assert store.prune(MODEL, [6], today=100, days=14, most=1) == 0
    assert store.prune(MODEL, [6], today=113, days=14, most=1) == 0
    assert store.prune(MODEL, [6], today=114, days=14, most=1) == 1
    assert store.without_vector("old", 6, ["kept"]) == ["kept"]
    assert vectors_left(store) == {"kept"}


def test_long_and_short_texts_come_back_whole(store: Store) -> None:
    texts = ["", "x", "é" * 3, "def f():\n    return 1\n" * 200, "\x00" * 50]
    ids = store.put_file(
        record("a.py"), [(function(f"f{at}", text or " "), f"{at}") for at, text in enumerate(texts)]
    ).ids
    found = store.functions(ids)
    assert [found[item].function.text for item in ids] == [text or " " for text in texts]


def test_words_of_replaced_files_leave_nothing_behind(store: Store) -> None:
    for number in range(30):
        put(store, "a.py", function(f"alpha_{number}", documentation="Änderung: naïve café — 2nd"), function("beta"))
        put(store, "b.py", function("beta"))
        if number % 3 == 0:
            store.remove_files(["b.py"])
    ids = [stored.id for path in ("a.py", "b.py") for stored in store.functions_of(path)]
    assert set(matching(store, "beta alpha_29", 100)) == set(ids)
    assert matching(store, "alpha_28 alpha_0".replace("alpha_", "")) == []
    store._connection.db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
