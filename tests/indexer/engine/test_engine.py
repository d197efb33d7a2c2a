"""A workspace from files to hits, and how it follows what happens to the files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.encoder import Encoder
from fathom_indexer.engine import Engine
from fathom_indexer.errors import ModelError, QueryError, WorkspaceError
from fathom_indexer.search import Pipeline
from fathom_indexer.types import Filters, Hit, Kind, Stage

RETRY = '''def send_again(file, attempts=3):
    """Uploads a file once more when the connection broke."""
    for _ in range(attempts):
        try:
            return upload(file)
        except ConnectionError:
            continue
'''
DATES = '''import datetime


def parse_day(text):
    """Turns 2024-02-29 into a calendar day."""
    return datetime.date.fromisoformat(text)


class Calendar:
    """Knows the holidays."""

    def holidays(self, year):
        return [day for day in self.days if day.year == year]
'''
GO = """package shapes

// Area says how large the surface of a circle is.
func Area(radius float64) float64 {
	return math.Pi * radius * radius
}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / "src").mkdir(parents=True)
    (root / "src" / "upload.py").write_text(RETRY)
    (root / "src" / "dates.py").write_text(DATES)
    (root / "circle.go").write_text(GO)
    return root


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(cache_dir=str(tmp_path / "cache"), threads=1)


@pytest.fixture
def engine(workspace: Path, config: Config) -> Iterator[Engine]:
    with Engine.open(workspace, config) as engine:
        engine.index()
        yield engine


def names(hits: list[Hit]) -> list[str]:
    return [hit.function.qualified_name for hit in hits]


def no_model(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make any embedding an error from now on."""

    def fail(*_: object) -> None:
        raise AssertionError("something was embedded")

    monkeypatch.setattr(Encoder, "encode_batches", fail)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("retry when the network fails", "send_again"),
        ("convert a string to a date", "parse_day"),
        ("surface of a disc", "Area"),
        ("which days are free in a given year", "Calendar.holidays"),
    ],
)
def test_finds_functions_by_what_they_do(engine: Engine, query: str, name: str) -> None:
    assert names(engine.search(query))[0] == name


def test_hits_say_where_and_what(engine: Engine) -> None:
    hit = engine.search("convert a string to a date", limit=1)[0]
    assert hit.path == "src/dates.py"
    assert (hit.function.start_line, hit.function.end_line) == (4, 6)
    assert hit.function.signature == "def parse_day(text):"
    assert hit.snippet.splitlines()[0] == "def parse_day(text):"


def test_everything_has_words_before_anything_is_embedded(workspace: Path, config: Config) -> None:
    with Engine.open(workspace, config) as engine:
        for step in engine.index_steps():
            if step.stage is Stage.PARSE and step.done == step.total:
                break
        assert engine.status().functions > 0
        assert engine.status().embedded == 0
        assert names(engine.search("parse day"))[0] == "parse_day"


def test_stages_come_in_order_and_end_ready(workspace: Path, config: Config) -> None:
    with Engine.open(workspace, config) as engine:
        stages = [step.stage for step in engine.index_steps()]
    order = list(Stage)
    assert stages == sorted(stages, key=order.index)
    assert stages[-1] is Stage.READY


def test_an_unchanged_workspace_embeds_nothing(
    engine: Engine, workspace: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_model(engine, monkeypatch)
    engine.index()
    with Engine.open(workspace, config) as again:
        again.index()
        assert again.status().embedded == again.status().functions


def test_an_edited_function_is_found_by_its_new_meaning(engine: Engine, workspace: Path) -> None:
    engine.search("warm up")
    path = workspace / "src" / "upload.py"
    path.write_text("def send_again(image):\n    '''Makes a picture grey.'''\n    return image.convert('L')\n")
    engine.index(["src/upload.py"])
    assert names(engine.search("black and white photo"))[0] == "send_again"
    assert "Connection" not in engine.search("retry when the network fails")[0].snippet


def test_only_the_edited_function_is_embedded(engine: Engine, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded: list[str] = []
    original = Encoder.encode_batches

    def record(self: Encoder, texts: list[str], *arguments: object) -> object:
        embedded.extend(texts)
        return original(self, texts, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Encoder, "encode_batches", record)
    path = workspace / "src" / "dates.py"
    path.write_text(path.read_text().replace("self.days", "self.all_days"))
    engine.index()
    assert len(embedded) == 1
    assert "all_days" in embedded[0]


def test_moved_and_restored_files_are_not_embedded_again(
    engine: Engine, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.search("warm up")
    no_model(engine, monkeypatch)
    source = workspace / "src" / "dates.py"
    (workspace / "lib").mkdir()
    source.rename(workspace / "lib" / "dates.py")
    engine.index()
    content = (workspace / "lib" / "dates.py").read_text()
    (workspace / "lib" / "dates.py").unlink()
    engine.index()
    assert words_find(engine, "parse_day") == []
    source.write_text(content)
    engine.index()
    monkeypatch.undo()
    assert engine.search("convert a string to a date")[0].path == "src/dates.py"


def words_find(engine: Engine, name: str) -> list[str]:
    """Paths of the functions of that name, found without the model."""
    return [hit.path for hit in engine.search(name, 50, steps=Pipeline.LEXICAL.steps) if hit.function.name == name]


def test_deleted_files_and_folders_are_forgotten(engine: Engine, workspace: Path) -> None:
    engine.search("warm up")
    (workspace / "circle.go").unlink()
    engine.index(["circle.go"])
    assert "Area" not in names(engine.search("surface of a disc", 50))
    for file in (workspace / "src").iterdir():
        file.unlink()
    (workspace / "src").rmdir()
    engine.index(["src"])
    assert engine.status().files == 0
    assert engine.search("anything at all") == []


def test_a_changed_time_alone_costs_nothing(engine: Engine, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_model(engine, monkeypatch)
    os.utime(workspace / "circle.go", (1, 1))
    engine.index()
    assert words_find(engine, "Area") == ["circle.go"]


def test_one_bad_file_does_not_stop_the_rest(workspace: Path, config: Config) -> None:
    (workspace / "binary.py").write_bytes(b"\x00\x01\x02" * 100)
    (workspace / "latin.py").write_bytes("def gr\xfc\xdfe(): pass\n".encode("latin-1"))
    (workspace / "broken.py").write_text("def f(:\n    return 1\n\n\ndef fine():\n    return 'sound'\n")
    (workspace / "loop").symlink_to(workspace)
    (workspace / "dangling.py").symlink_to(workspace / "nowhere.py")
    with Engine.open(workspace, config) as engine:
        engine.index()
        status = engine.status()
        assert names(engine.search("retry when the network fails"))[0] == "send_again"
        assert "fine" in names(engine.search("fine", 50))
    assert status.skipped["binary"] == 1
    assert "binary.py" in [skipped.path for skipped in status.skipped_files]


def test_filters_restrict_what_is_found(engine: Engine) -> None:
    assert {hit.function.language for hit in engine.search("day", 50, Filters(languages=("go",)))} == {"go"}
    assert {hit.path for hit in engine.search("day", 50, Filters(paths=("src/",)))} == {"src/upload.py", "src/dates.py"}
    assert {hit.function.kind for hit in engine.search("day", 50, Filters(kinds=("class",)))} == {Kind.CLASS}
    with pytest.raises(QueryError, match="unknown language 'cobol'"):
        engine.search("day", 50, Filters(languages=("cobol",)))


@pytest.mark.parametrize("query", ["", "   ", "?", '"', "的", "x" * 100_000, "\x00", "\ud800"])
def test_odd_queries_are_answered(engine: Engine, query: str) -> None:
    says_something = any(character.isalnum() for character in query)
    assert bool(engine.search(query)) == says_something
    assert names(engine.search("retry when the network fails"))[0] == "send_again"


def test_similar_leaves_out_the_function_itself(engine: Engine, workspace: Path) -> None:
    (workspace / "copy.py").write_text(DATES.replace("parse_day", "read_day").replace("text", "value"))
    engine.index()
    compared, hits = engine.similar_at("src/dates.py", 5)
    assert compared is not None
    assert (compared.path, compared.name) == ("src/dates.py", "parse_day")
    assert names(hits)[0] == "read_day"
    assert ("src/dates.py", "parse_day") not in [(hit.path, hit.function.name) for hit in hits]
    assert names(engine.similar_at(str(workspace / "src" / "dates.py"), 5)[1]) == names(hits)


def test_similar_takes_the_innermost_function(engine: Engine, workspace: Path) -> None:
    compared, hits = engine.similar_at("src/dates.py", 13, limit=50)
    assert compared is not None
    assert compared.qualified_name == "Calendar.holidays"
    own = {(hit.path, hit.function.qualified_name) for hit in hits}
    assert ("src/dates.py", "Calendar.holidays") not in own
    assert ("src/dates.py", "Calendar") not in own
    assert ("src/dates.py", "parse_day") in own


def test_similar_to_a_snippet(engine: Engine) -> None:
    hits = engine.similar_to("float area(float r) { return PI * r * r; }")
    assert names(hits)[0] == "Area"
    with pytest.raises(QueryError, match="empty"):
        engine.similar_to("  \n")


@pytest.mark.parametrize(
    ("path", "line", "words"),
    [
        ("src/nothing.py", 1, "not in the index"),
        ("src/dates.py", 999, "no code at"),
        ("../outside.py", 1, "not in the workspace"),
        ("/etc/passwd", 1, "not in the workspace"),
    ],
)
def test_similar_says_why_it_cannot(engine: Engine, path: str, line: int, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        engine.similar_at(path, line)


def test_two_engines_on_one_workspace_see_each_others_work(engine: Engine, workspace: Path, config: Config) -> None:
    engine.search("warm up")
    with Engine.open(workspace, config) as other:
        (workspace / "new.py").write_text("def hash_password(secret):\n    return scrypt(secret)\n")
        other.index()
    assert names(engine.search("protect credentials before storing them"))[0] == "hash_password"


def test_clear_reads_everything_anew(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = engine.status().functions
    engine.clear()
    assert engine.status().functions == 0
    assert engine.search("anything", 5) == []
    no_model(engine, monkeypatch)
    engine.index()
    assert engine.status().functions == before


def test_stopping_in_the_middle_loses_nothing(workspace: Path, config: Config) -> None:
    with Engine.open(workspace, config) as engine:
        for count, _ in enumerate(engine.index_steps()):
            if count == 3:
                break
    with Engine.open(workspace, config) as engine:
        engine.index()
        assert engine.status().files == 3
        assert engine.status().embedded == engine.status().functions


def test_a_shallow_index_is_reranked_by_the_deep_exit(workspace: Path, config: Config) -> None:
    shallow = Config(cache_dir=config.cache_dir, threads=1, index_exit=2, dim=64)
    with Engine.open(workspace, shallow) as engine:
        engine.index()
        assert engine.status().index_exit == 2
        assert names(engine.search("convert a string to a date"))[0] == "parse_day"


def test_says_what_cannot_be_opened(tmp_path: Path, config: Config) -> None:
    with pytest.raises(WorkspaceError):
        Engine.open(tmp_path / "nothing", config)
    with pytest.raises(ModelError, match="no exit 3"):
        Engine.open(tmp_path, Config(cache_dir=config.cache_dir, index_exit=3))
    with pytest.raises(ModelError, match="not a Fathom model"):
        Engine.open(tmp_path, Config(cache_dir=config.cache_dir, model=str(tmp_path)))


def test_an_approximate_index_is_kept_between_starts(
    workspace: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("hnswlib", reason="needs the hnsw extra")
    approximate = replace(config, vectors="hnsw")
    with Engine.open(workspace, approximate) as engine:
        engine.index()
        found = names(engine.search("surface of a disc"))
    monkeypatch.setattr("fathom_indexer.vectors.cache.choose", None)
    with Engine.open(workspace, approximate) as engine:
        engine.index()
        assert names(engine.search("surface of a disc")) == found
    monkeypatch.undo()
    (workspace / "circle.go").unlink()
    with Engine.open(workspace, approximate) as engine:
        engine.index()
        assert "Area" not in names(engine.search("surface of a disc", 50))


def test_a_folder_that_cannot_be_read_keeps_its_functions(
    engine: Engine, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.scandir

    def refuse(path: str | os.PathLike[str] = ".") -> object:
        if Path(path).name == "src":
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(os, "scandir", refuse)
    engine.index()
    assert engine.status().files == 3
    assert engine.status().skipped == {"unreadable": 1}
    monkeypatch.undo()
    engine.index()
    assert engine.status().skipped == {}


def test_another_extractor_reads_every_file_anew(
    workspace: Path, config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with Engine.open(workspace, config) as engine:
        engine.index()
        before = engine.status()
    monkeypatch.setattr("fathom_indexer.engine.fingerprint", lambda: "another")
    with Engine.open(workspace, config) as engine:
        assert "made by another version" in caplog.text
        assert engine.status().files == 0
        no_model(engine, monkeypatch)
        engine.index()
        assert engine.status().functions == before.functions
    caplog.clear()
    with Engine.open(workspace, config) as engine:
        assert engine.status().functions == before.functions
        assert caplog.text == ""
