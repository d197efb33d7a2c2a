"""What may befall an index and the files: a clear message, no wrong answer, and all is well afterwards."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import contents
import pytest
from churn import Churn
from victims import DONE, KILLED, Victims

from fathom_indexer import languages
from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.errors import IndexDamagedError, IndexStoreError
from fathom_indexer.indexing import reading
from fathom_indexer.languages import Language
from fathom_indexer.types import Function, SkippedFile
from fathom_indexer.wire.conversion import config_to_json
from fathom_indexer.workspace import read_source

QUERIES = ("merge_write", "open the file and count", "def sort_read(file): return file.read('sort')", "moved.py")


@pytest.fixture
def churn(tmp_path: Path) -> Churn:
    return Churn(tmp_path / "workspace", random.Random(7))


def index_file(engine: Engine) -> Path:
    return Path(engine.status().index_path)


def search(engine: Engine, root: Path) -> None:
    """Search, and assert that what is found stands in the files as it is shown."""
    for query in QUERIES:
        for hit in engine.search(query, 50):
            source = (root / hit.path).read_bytes()
            function = hit.source
            assert function is not None
            assert function.text == source[function.start_byte : function.end_byte].decode()
            assert function.name in function.text


def ends_as_fresh(root: Path, config: Config) -> None:
    """Assert that indexing ends as if nothing had happened."""
    with Engine.open(root, config) as engine:
        contents.complete(engine)
        assert contents.content_of(engine) == contents.fresh(root, config)


# --- the disk --------------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_at_any_size_is_told_and_loses_nothing(
    light: Config, churn: Churn, victim: Victims
) -> None:
    job = {"root": str(churn.root), "config": config_to_json(light)}
    outcomes = []
    for kilobytes in (0, 4, 16, 40, 64, 100, 128, 160, 200, 300, 400):
        churn.edit()
        outcomes.append(victim.run({**job, "file_bytes": kilobytes * 1024}))
        if index := next(Path(light.cache_dir).rglob("index.sqlite3"), None):
            with Engine.open(churn.root, light):
                pass
            contents.check_sound(index, churn.versions)
    told = [outcome for outcome in outcomes if outcome != DONE]
    assert len(told) > 3
    assert all(message.startswith("the index ") and light.cache_dir in message for message in told), told
    assert not any("damaged" in message for message in told)
    ends_as_fresh(churn.root, light)


def test_a_full_disk_stops_no_search(light: Config, churn: Churn) -> None:
    with Engine.open(churn.root, light) as engine:
        engine.index()
        churn.edit()
        pages = engine._store._connection.db.execute("PRAGMA page_count").fetchone()[0]
        engine._store._connection.db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(IndexStoreError, match="full"):
            for _ in range(100):
                churn.edit()
                engine.index()
        # The rerank exit's vectors are made and cannot be kept.
        assert engine.search("merge_write", 5)
        engine._store._connection.db.execute("PRAGMA max_page_count = 1000000")
        contents.complete(engine)
        assert contents.content_of(engine) == contents.fresh(churn.root, light)


@pytest.fixture
def others_folder() -> Iterator[tuple[Path, int | None]]:
    """A folder that a user without special rights can use, and that user's number; None for who runs this."""
    user = 65534 if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="fathom-test-"))
    folder.chmod(0o755)
    yield folder, user
    for inside in folder.rglob("*"):
        if inside.is_dir():
            inside.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize("existing", [False, True], ids=["no-index-yet", "an-index"])
def test_a_cache_that_cannot_be_written_is_told_and_taken_up_once_it_can(
    light: Config, churn: Churn, victim: Victims, others_folder: tuple[Path, int | None], existing: bool
) -> None:
    folder, user = others_folder
    root, model, cache = folder / "code", folder / "model", folder / "cache"
    shutil.copytree(churn.root, root)
    shutil.copytree(light.model, model)
    cache.mkdir()
    config = replace(light, model=str(model), cache_dir=str(cache))
    job = {"root": str(root), "config": config_to_json(config), "user": user}
    for place in (folder, *folder.rglob("*")):
        if user is not None:
            os.chown(place, user, -1)
    if existing:
        assert victim.run(job) == DONE
        churn.edit()
    inside = [cache, *cache.rglob("*")]
    for place in inside:
        place.chmod(0o500 if place.is_dir() else 0o400)
    message = victim.run(job)
    assert str(cache) in message
    assert "cannot" in message
    for place in reversed(inside):
        place.chmod(0o700)
    assert victim.run(job) == DONE


# --- damage ----------------------------------------------------------------------------------------------------


def flip_a_bit(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def overwrite_a_page(file: Path, chance: random.Random) -> None:
    content = bytearray(file.read_bytes())
    start = chance.randrange(len(content) // 4096 + 1) * 4096
    content[start : start + 4096] = chance.randbytes(len(content[start : start + 4096]))
    file.write_bytes(content)


def truncate(file: Path, chance: random.Random) -> None:
    os.truncate(file, chance.randrange(file.stat().st_size))


@pytest.mark.slow
@pytest.mark.parametrize("damage", [flip_a_bit, overwrite_a_page, truncate])
def test_a_damaged_index_gives_no_wrong_answer_and_is_built_anew(
    light: Config, churn: Churn, tmp_path: Path, damage: Callable[[Path, random.Random], None]
) -> None:
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        search(engine, churn.root)
        index = index_file(engine).relative_to(light.cache_dir)
    chance = random.Random(11)
    noticed = 0
    for number in range(60):
        config = replace(light, cache_dir=str(tmp_path / f"damaged_{number}"))
        shutil.copytree(light.cache_dir, config.cache_dir)
        damage(config.cache_dir / index, chance)
        for _ in range(2):
            try:
                with Engine.open(churn.root, config) as engine:
                    search(engine, churn.root)
                    contents.complete(engine)
                    search(engine, churn.root)
                    break
            except IndexDamagedError as error:
                noticed += 1
                assert "built anew" in str(error)
        else:
            pytest.fail("it was not built anew")
        shutil.rmtree(config.cache_dir)
    assert noticed or damage is truncate


@pytest.mark.slow
@pytest.mark.parametrize("damage", [flip_a_bit, overwrite_a_page, truncate])
def test_a_damaged_log_of_a_killed_process_loses_no_more_than_its_last_files(
    light: Config, churn: Churn, tmp_path: Path, victim: Victims, damage: Callable[[Path, random.Random], None]
) -> None:
    chance = random.Random(13)
    job = {"root": str(churn.root), "config": config_to_json(light)}
    whole = victim.seconds(job)
    damaged = 0
    for attempt in itertools.count():
        if damaged == 15:
            break
        assert attempt < 300, f"killed while it wrote {damaged} times only"
        churn.edit()
        if victim.run(job, chance.uniform(0, whole)) != KILLED:
            continue
        log = next(Path(light.cache_dir).rglob("index.sqlite3-wal"), None)
        if log is None or not log.stat().st_size:
            continue
        damaged += 1
        damage(log, chance)
        config = replace(light, cache_dir=str(tmp_path / f"damaged_{damaged}"))
        shutil.copytree(light.cache_dir, config.cache_dir)
        with Engine.open(churn.root, config):
            pass
        contents.check_sound(next(Path(config.cache_dir).rglob("index.sqlite3")), churn.versions)
        ends_as_fresh(churn.root, config)


# --- files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda file: file.unlink(), None),
        (lambda file: file.write_text("def written_in_between():\n    return 1\n"), None),
        (lambda file: (file.unlink(), file.mkdir()), "not a regular file"),
        (lambda file: (file.unlink(), file.symlink_to("/etc/passwd")), "symbolic link outside the workspace"),
        (lambda file: file.write_bytes(bytes(1000)), "binary"),
        (lambda file: os.truncate(file, 0), None),
    ],
    ids=["vanishes", "is-written", "becomes-a-folder", "becomes-a-link", "becomes-binary", "is-emptied"],
)
def test_a_file_that_changes_between_the_look_and_the_reading(
    light: Config,
    churn: Churn,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Path], object],
    reason: str | None,
) -> None:
    def read(root: Path, path: str, config: Config) -> bytes | SkippedFile:
        if path == "merge.py" and not changed:
            changed.append(path)
            happens(root / path)
        return read_source(root, path, config)

    changed: list[str] = []
    monkeypatch.setattr(reading, "read_source", read)
    with Engine.open(churn.root, light) as engine:
        engine.index()
        assert changed
        assert engine.status().files + len(engine.status().skipped_files) >= len(list(churn.root.iterdir())) - 1
        assert {item.path: item.reason for item in engine.status().skipped_files} == (
            {"merge.py": reason} if reason else {}
        )
    ends_as_fresh(churn.root, light)


def test_a_file_that_is_written_while_it_is_read_is_read_again(
    light: Config, churn: Churn, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = churn.root / "merge.py"
    half, whole = "def first():\n    return 1\n", "def first():\n    return 1\n\n\ndef second():\n    return 2\n"

    def torn(root: Path, path: str, config: Config) -> bytes | SkippedFile:
        if path == "merge.py" and not read:
            read.append(path)
            file.write_text(whole)
            return half.encode()
        return read_source(root, path, config)

    read: list[str] = []
    file.write_text(half)
    monkeypatch.setattr(reading, "read_source", torn)
    with Engine.open(churn.root, light) as engine:
        engine.index()
    ends_as_fresh(churn.root, light)


def test_a_change_to_the_same_size_within_one_tick_of_the_clock_is_noticed(light: Config, churn: Churn) -> None:
    file = churn.root / "merge.py"
    file.write_text("def one():\n    return 1\n")
    with Engine.open(churn.root, light) as engine:
        engine.index()
        # What the clock did not see, the time of the first writing hides.
        before = file.stat()
        file.write_text("def two():\n    return 2\n")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        engine.index()
        assert [stored.function.name for stored in engine._store.functions_of("merge.py")] == ["two"]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    light: Config, churn: Churn, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def refuse(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if Path(path).name == "merge.py" and refused:
            raise OSError(5, "Input/output error")
        return original(path, flags, mode, dir_fd=dir_fd)

    refused = [True]
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(reading, "_TICK_NS", 0)
    with Engine.open(churn.root, light) as engine:
        engine.index()
        assert engine.status().skipped == {"unreadable": 1}
        assert engine.status().files == len(list(churn.root.iterdir())) - 1
        search(engine, churn.root)
    refused.clear()
    # Nothing about the file tells that it can be read now, but that it was unreadable.
    ends_as_fresh(churn.root, light)


def _parts(index: Path) -> list[tuple[str, int]]:
    """Tables and indexes with the page at their root, counted from 1."""
    with closing(sqlite3.connect(index)) as db:
        rows = db.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage ORDER BY name")
        return [("sqlite_master", 1), *rows]


def garbage(page: bytearray, start: int) -> None:
    page[start:] = random.Random(3).randbytes(len(page) - start)


def zeros(page: bytearray, start: int) -> None:
    page[start:] = bytes(len(page) - start)


def no_rows(page: bytearray, start: int) -> None:
    """A page that is sound, and holds nothing."""
    header = 100 if start else 0
    page[header + 3 : header + 5] = bytes(2)


@pytest.mark.parametrize("damage", [garbage, zeros, no_rows])
def test_a_damaged_page_of_any_table_or_index_is_noticed_or_does_no_harm(
    light: Config, churn: Churn, tmp_path: Path, damage: Callable[[bytearray, int], None]
) -> None:
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        for _ in engine.duplicates_steps():
            pass
        index = index_file(engine).relative_to(light.cache_dir)
    parts = _parts(light.cache_dir / index)
    assert {"files", "functions", "embeddings", "words_data", "sketches", "maker", "generation"} <= dict(parts).keys()
    for name, number in parts:
        config = replace(light, cache_dir=str(tmp_path / f"damaged_{name}"))
        shutil.copytree(light.cache_dir, config.cache_dir)
        content = bytearray((config.cache_dir / index).read_bytes())
        size = int.from_bytes(content[16:18], "big")
        page = content[(number - 1) * size : number * size]
        damage(page, 100 if number == 1 else 0)
        content[(number - 1) * size : number * size] = page
        (config.cache_dir / index).write_bytes(content)
        for _ in range(2):
            try:
                with Engine.open(churn.root, config) as engine:
                    search(engine, churn.root)
                    engine.duplicates(min_tokens=1)
                    contents.complete(engine)
                    search(engine, churn.root)
                    break
            except IndexDamagedError as error:
                assert "built anew" in str(error)
        else:
            pytest.fail(f"{name} was not built anew")
        shutil.rmtree(config.cache_dir)


def test_a_file_for_which_there_was_no_memory_is_read_the_next_time(
    light: Config, churn: Churn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def extract(source: bytes, language: Language) -> list[Function]:
        if b"merge_write" in source:
            raise MemoryError
        return languages.extract(source, language)

    monkeypatch.setattr(reading, "_TICK_NS", 0)
    with monkeypatch.context() as patch, Engine.open(churn.root, light) as engine:
        patch.setattr(reading, "extract", extract)
        engine.index()
        assert engine.status().skipped == {"cannot be parsed": 1}
    ends_as_fresh(churn.root, light)


# --- names -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="names elsewhere are valid text")
def test_a_file_whose_name_is_no_text_is_named_as_left_out_and_does_no_harm(light: Config, churn: Churn) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (churn.root / name).write_text("def espresso():\n    return 1\n")
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        index, functions = index_file(engine), engine.status().functions
        for _ in range(2):
            # As the watcher tells it.
            engine.index([name])
            assert [item.path for item in engine.status().skipped_files] == ["caf\ufffd.py"]
        (churn.root / name).unlink()
        engine.index([name])
        assert engine.status().skipped_files == ()
        assert (engine.status().functions, index.exists()) == (functions, True)
        engine.open_document("untitled:\ud800", "def espresso():\n    return 1\n", "python")
        assert engine.search("espresso", 1)[0].function.name == "espresso"
    ends_as_fresh(churn.root, light)
