"""Searches that see open documents in place of files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.encoder import Encoder
from fathom_indexer.engine import Engine
from fathom_indexer.errors import QueryError
from fathom_indexer.storage import Store, content_hash
from fathom_indexer.types import Filters, Hit

CRANE = '''def fold_paper_crane(side):
    """Steps to make an origami bird out of a square sheet."""
    return [f"crease at {side / 2}", "tuck the wings"]
'''
DAYS = '''import datetime


def parse_day(text):
    """Turns 2024-02-29 into a calendar day."""
    return datetime.date.fromisoformat(text)


def weekday_name(day):
    """Monday, Tuesday and so on."""
    return day.strftime("%A")
'''
BIRD = "make a bird out of a sheet of paper"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / "src").mkdir(parents=True)
    (root / "src" / "days.py").write_text(DAYS)
    (root / "src" / "upload.py").write_text("def upload(file):\n    '''Sends a file away.'''\n    return send(file)\n")
    return root


@pytest.fixture
def engine(root: Path, tmp_path: Path) -> Iterator[Engine]:
    with Engine.open(root, Config(cache_dir=str(tmp_path / "cache"))) as engine:
        engine.index()
        yield engine


def names(hits: list[Hit]) -> list[str]:
    return [hit.function.name for hit in hits]


def places(hits: list[Hit]) -> set[tuple[str, str, int]]:
    return {(hit.path, hit.function.name, hit.function.start_line) for hit in hits}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_file_in_another_encoding_is_what_the_editor_has_of_it(
    root: Path, engine: Engine, encoding: str, ending: str
) -> None:
    text = "# Größe der Übergabe\ndef größe_prüfen(maß):\n    return maß > 7\n\n\ndef later():\n    return 1\n"
    text = text.replace("\n", ending)
    (root / "größe.py").write_bytes(text.encode(encoding))
    engine.index()
    saved = engine.search("größe_prüfen", 1)
    assert places(saved) == {("größe.py", "größe_prüfen", 2)}
    assert saved[0].source is not None
    assert saved[0].source.documentation == "Größe der Übergabe"
    with closing(Store(Path(engine.status().index_path))) as store:
        assert store.content_hash("größe.py") == content_hash(text.encode())
    engine.open_document("größe.py", text)
    assert engine.search("größe_prüfen", 1) == saved
    engine.open_document("größe.py", "# neu" + ending + text)
    assert places(engine.search("größe_prüfen", 1)) == {("größe.py", "größe_prüfen", 3)}


def test_a_new_function_is_found_where_it_stands_in_the_document(engine: Engine) -> None:
    engine.open_document("src/days.py", "# new first line\n" + DAYS + "\n\n" + CRANE)
    best = engine.search(BIRD)[0]
    assert (best.path, best.function.name, best.function.start_line) == ("src/days.py", "fold_paper_crane", 15)
    (moved,) = [hit for hit in engine.search("parse_day") if hit.function.name == "parse_day"]
    assert moved.function.start_line == 5


@pytest.mark.parametrize("query", ["parse_day", "calendar day", "def parse_day(text): return date(text)", "days.py"])
def test_what_the_document_lacks_is_not_found(engine: Engine, query: str) -> None:
    assert "parse_day" in names(engine.search(query))
    engine.open_document("src/days.py", CRANE)
    assert "parse_day" not in names(engine.search(query))
    assert "parse_day" not in names(engine.search(query, filters=Filters(languages=("python",))))
    assert "parse_day" not in names(engine.similar_to(query))


@pytest.mark.parametrize(
    "query", [BIRD, "fold_paper_crane", "fold_paper_crnae", "wings", "src/days.py", "FOLD_PAPER_CRANE"]
)
def test_whatever_was_asked_a_document_ranks_as_its_file_would(
    engine: Engine, root: Path, tmp_path: Path, query: str
) -> None:
    changed = DAYS.replace("weekday_name", "name_of_day") + "\n\n" + CRANE
    engine.open_document("src/days.py", changed)
    seen = engine.search(query, limit=20)
    engine.close_document("src/days.py")
    (root / "src" / "days.py").write_text(changed)
    engine.index()
    saved = engine.search(query, limit=20)
    assert names(seen) == names(saved)
    assert places(seen) == places(saved)
    assert [hit.score for hit in seen] == pytest.approx([hit.score for hit in saved], abs=0.02)


def test_closing_restores_the_file(engine: Engine) -> None:
    before = [(hit.path, hit.function, hit.score) for hit in engine.search("calendar day")]
    engine.open_document("src/days.py", CRANE)
    assert [(hit.path, hit.function, hit.score) for hit in engine.search("calendar day")] != before
    engine.close_document("src/days.py")
    assert [(hit.path, hit.function, hit.score) for hit in engine.search("calendar day")] == before
    assert "fold_paper_crane" not in names(engine.search(BIRD))


def test_nobody_else_sees_it(engine: Engine) -> None:
    engine.open_document("src/days.py", CRANE, client=1)
    assert "fold_paper_crane" not in names(engine.search(BIRD, client=2))
    engine.open_document("src/days.py", CRANE.replace("crane", "swan"), client=2)
    assert "fold_paper_swan" in names(engine.search(BIRD, client=2))
    assert "fold_paper_crane" in names(engine.search(BIRD, client=1))
    engine.close_documents(client=1)
    assert "fold_paper_crane" not in names(engine.search(BIRD, client=1))
    assert "fold_paper_swan" in names(engine.search(BIRD, client=2))


def test_a_saved_document_costs_nothing_and_makes_no_difference(
    engine: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.open_document("src/days.py", DAYS + "\n\n" + CRANE)
    list(engine.document_steps())
    embedded: list[str] = []
    encode = Encoder.encode_batches

    def noting(self, texts, *rest):  # type: ignore[no-untyped-def]
        embedded.extend(texts)
        return encode(self, texts, *rest)

    monkeypatch.setattr(Encoder, "encode_batches", noting)
    (root / "src" / "days.py").write_text(DAYS + "\n\n" + CRANE)
    engine.index(["src/days.py"])
    assert embedded == []
    assert all(hit.source is not None and hit.source.start_byte >= 0 for hit in engine.search(BIRD))
    assert names(engine.search(BIRD)).count("fold_paper_crane") == 1
    # It counts again when the file changes under it: what the editor shows is what is searched.
    (root / "src" / "days.py").write_text(DAYS)
    engine.index(["src/days.py"])
    assert names(engine.search(BIRD)).count("fold_paper_crane") == 1


def test_only_what_is_new_is_embedded(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded: list[str] = []
    encode = Encoder.encode_batches

    def noting(self, texts, *rest):  # type: ignore[no-untyped-def]
        embedded.extend(texts)
        return encode(self, texts, *rest)

    monkeypatch.setattr(Encoder, "encode_batches", noting)
    engine.open_document("src/days.py", "import os\n\n\n" + DAYS + "\n\n" + CRANE)
    list(engine.document_steps())
    # The new function, and the imports at the top of the file.
    assert len(embedded) == 2


def test_similar_starts_from_the_document(engine: Engine, root: Path) -> None:
    (root / "src" / "birds.py").write_text(CRANE.replace("crane", "swan"))
    engine.index()
    engine.open_document("src/days.py", "\n\n\n" + CRANE)
    compared, hits = engine.similar_at("src/days.py", 5)
    assert compared is not None
    assert (compared.name, compared.start_line) == ("fold_paper_crane", 4)
    assert hits[0].function.name == "fold_paper_swan"
    assert "fold_paper_crane" not in names(hits)
    # And finds what is in documents.
    assert names(engine.similar_at("src/birds.py", 2)[1])[0] == "fold_paper_crane"
    with pytest.raises(QueryError, match="there is no code at"):
        engine.similar_at("src/days.py", 12)


def test_untitled_documents_are_searched_while_they_are_open(engine: Engine) -> None:
    engine.open_document("untitled:Untitled-1", CRANE, "python")
    assert engine.search(BIRD)[0].path == "untitled:Untitled-1"
    assert names(engine.similar_at("untitled:Untitled-1", 1)[1])
    engine.close_document("untitled:Untitled-1")
    assert "fold_paper_crane" not in names(engine.search(BIRD))
    engine.open_document("untitled:Untitled-1", CRANE, "klingon")
    assert "fold_paper_crane" not in names(engine.search(BIRD))


def test_a_file_that_is_not_there_yet_is_seen(engine: Engine) -> None:
    engine.open_document("src/new/birds.py", CRANE)
    assert engine.search(BIRD)[0].path == "src/new/birds.py"


@pytest.mark.parametrize("path", ["ignored/birds.py", "notes.txt", "node_modules/a/birds.py", ".git/birds.py"])
def test_what_is_ignored_as_a_file_is_ignored_as_a_document(engine: Engine, root: Path, path: str) -> None:
    (root / ".gitignore").write_text("ignored/\n")
    engine.open_document(path, CRANE)
    assert "fold_paper_crane" not in names(engine.search(BIRD))


def test_a_document_that_grows_too_large_leaves_the_file(engine: Engine) -> None:
    engine.open_document("src/days.py", CRANE)
    engine.open_document("src/days.py", CRANE + "#" * 1_000_000)
    assert "parse_day" in names(engine.search("calendar day"))
    assert "fold_paper_crane" not in names(engine.search(BIRD))


def test_a_binary_document_has_no_functions(engine: Engine) -> None:
    engine.open_document("src/days.py", "\0" + CRANE)
    assert "fold_paper_crane" not in names(engine.search(BIRD))


def test_functions_are_not_lost_while_the_code_around_them_is_broken(engine: Engine) -> None:
    engine.open_document("src/days.py", DAYS.replace('"""Turns 2024-02-29 into a calendar day."""', '"""Turns'))
    found = [hit for hit in engine.search("weekday_name") if hit.function.name == "weekday_name"]
    assert found
    assert found[0].function.start_line == 9
    # What is gone from the text is gone, broken or not.
    engine.open_document("src/days.py", 'def parse_day(text):\n    """Turns\n')
    assert "weekday_name" not in names(engine.search("weekday_name"))


@pytest.mark.parametrize("text", ["", "\n", "\ud800", "def f(:\n" * 200, "é" * 1000, "\r\n".join(["x = 1"] * 5)])
def test_any_text_can_be_opened(engine: Engine, text: str) -> None:
    engine.open_document("src/days.py", text)
    engine.search("calendar day")
    engine.search("x = 1")
    list(engine.document_steps())
    engine.close_document("src/days.py")
    assert "parse_day" in names(engine.search("calendar day"))


def test_documents_outside_the_root_are_passed_over(engine: Engine) -> None:
    engine.open_document("../elsewhere.py", CRANE)
    engine.close_document("../elsewhere.py")
    assert "fold_paper_crane" not in names(engine.search(BIRD))


def test_a_link_into_the_workspace_is_the_file_it_leads_to(engine: Engine, root: Path) -> None:
    (root / "other").symlink_to(root / "src", target_is_directory=True)
    engine.open_document("other/days.py", CRANE)
    assert engine.search(BIRD)[0].path == "src/days.py"
    assert "parse_day" not in names(engine.search("calendar day"))
