"""A workspace's folder that goes away, comes back or becomes something else, and files that are gone unnoticed."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import contents
import pytest
from churn import Churn

from fathom_indexer.config import Config
from fathom_indexer.engine import Engine
from fathom_indexer.errors import WorkspaceError
from fathom_indexer.indexing import reading
from fathom_indexer.types import Coverage, SkippedFile, Stage
from fathom_indexer.workspace import SourceFile, read_source, scan


@pytest.fixture
def churn(tmp_path: Path) -> Churn:
    """A folder whose files lie in folders, too."""
    churn = Churn((tmp_path / "workspace").resolve(), random.Random(7))
    for name in ("inner", "outer"):
        (churn.root / name).mkdir()
        for file in list(churn.root.glob("*.py"))[:3]:
            file.rename(churn.root / name / file.name)
    return churn


class Away:
    """Ways in which a root goes away; `back` undoes them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._root = root
        self._aside = root.with_name("aside")
        self._monkeypatch = monkeypatch

    def missing(self) -> str:
        self._root.rename(self._aside)
        return "no such folder"

    def a_file(self) -> str:
        self._root.rename(self._aside)
        self._root.write_text("no folder")
        return "not a folder"

    def a_link(self) -> str:
        self._root.rename(self._aside)
        self._root.symlink_to(self._aside)
        return "leads to another folder"

    def forbidden(self) -> str:
        # The user who runs the tests may have all permissions.
        self._monkeypatch.setattr(os, "access", lambda path, mode: False)
        return "Permission denied"

    def back(self) -> None:
        self._monkeypatch.undo()
        if self._aside.exists():
            if self._root.is_symlink() or self._root.is_file():
                self._root.unlink()
            self._aside.rename(self._root)


WAYS = [Away.missing, Away.a_file, Away.a_link, Away.forbidden]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_forgotten_of_a_root_that_is_away(
    light: Config, churn: Churn, monkeypatch: pytest.MonkeyPatch, way: Callable[[Away], str]
) -> None:
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        before = contents.content_of(engine)
        assert engine.trouble() == ""
        with monkeypatch.context() as patch:
            away = Away(churn.root, patch)
            reason = way(away)
            assert reason in engine.trouble()
            for paths in (None, ["merge.py"], ["inner"]):
                with pytest.raises(WorkspaceError, match=reason):
                    engine.index(paths)
            away.back()
        assert engine.trouble() == ""
        assert contents.content_of(engine) == before
        contents.complete(engine)
        assert contents.content_of(engine) == contents.fresh(churn.root, light)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stage", ["looking", "reading"])
def test_nothing_is_forgotten_of_a_root_that_goes_away_while_it_is_indexed(
    light: Config, churn: Churn, monkeypatch: pytest.MonkeyPatch, way: Callable[[Away], str], stage: str
) -> None:
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        known = engine.status().files
        for file in churn.root.rglob("*.py"):
            file.write_text(file.read_text() + "\n\ndef another():\n    return 1\n")
        with monkeypatch.context() as patch:
            away = Away(churn.root, patch)
            reasons: list[str] = []

            def go() -> None:
                if not reasons:
                    reasons.append(way(away))

            def look(root: Path, config: Config, under: str = "") -> Iterator[SourceFile | SkippedFile]:
                for item in scan(root, config, under):
                    yield item
                    go()

            def read(root: Path, path: str, config: Config) -> bytes | SkippedFile:
                go()
                return SkippedFile(path, "unreadable") if way is Away.forbidden else read_source(root, path, config)

            if stage == "looking":
                patch.setattr(reading, "scan", look)
            else:
                patch.setattr(reading, "read_source", read)
            with pytest.raises(WorkspaceError, match="folder"):
                engine.index()
            assert engine.status().files == known
            assert engine.status().skipped_files == ()
            away.back()
        contents.complete(engine)
        assert contents.content_of(engine) == contents.fresh(churn.root, light)


def test_hits_of_a_root_that_is_away_are_not_shown_and_are_found_again(
    light: Config, churn: Churn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        before = engine.search("merge_write", 5)
        groups = engine.duplicates(min_tokens=1)
        assert before and groups
        away = Away(churn.root, monkeypatch)
        away.missing()
        assert engine.search("merge_write", 5) == []
        assert engine.similar_to("def merge_write(file): return file.write('merge')", 5) == []
        assert engine.duplicates(min_tokens=1) == []
        engine.open_document("merge.py", "def merge_write(here):\n    return here\n")
        assert [hit.path for hit in engine.search("merge_write", 5)] == ["merge.py"]
        engine.close_document("merge.py")
        away.back()
        assert engine.search("merge_write", 5) == before
        assert engine.duplicates(min_tokens=1) == groups


def test_a_root_that_was_emptied_and_filled_is_indexed_as_it_is(light: Config, churn: Churn) -> None:
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        shutil.rmtree(churn.root)
        churn.root.mkdir()
        (churn.root / "only.py").write_text("def only():\n    return 1\n")
        contents.complete(engine)
        assert contents.content_of(engine) == contents.fresh(churn.root, light)
        assert engine.status().files == 1


def test_a_file_that_is_gone_is_not_shown_and_is_told_of(light: Config, churn: Churn) -> None:
    with Engine.open(churn.root, light) as engine:
        contents.complete(engine)
        first = engine.search("sort_read", 3)
        assert engine.missing() == []
        (churn.root / first[0].path).unlink()
        second = engine.search("sort_read", 3)
        assert len(second) == 3
        assert first[0].path not in {hit.path for hit in second}
        assert engine.missing() == [first[0].path]
        assert engine.missing() == []
        assert all(clone.path != first[0].path for group in engine.duplicates(min_tokens=1) for clone in group.clones)
        engine.index([first[0].path])
        assert contents.content_of(engine)["files"] == contents.fresh(churn.root, light)["files"]


def test_what_was_not_read_yet_is_not_said_to_be_found(light: Config, churn: Churn) -> None:
    def words(engine: Engine) -> Coverage:
        return engine.status().coverage[0]

    with Engine.open(churn.root, light) as engine:
        steps = engine.index_steps()
        # The total is not known before the first scan.
        assert (words(engine).done, words(engine).total) == (0, 1)
        shares = []
        for step in steps:
            coverage = words(engine)
            assert coverage.done <= coverage.total
            assert all(part.total == coverage.total for part in engine.status().coverage)
            if step.stage is Stage.PARSE:
                assert coverage.total - coverage.done == step.total - step.done
                shares.append(coverage.done / coverage.total)
        assert shares == sorted(shares) and shares[0] < 0.5 and shares[-1] == 1
        contents.complete(engine)
        steps = engine.index_steps()
        # An index that had everything is not said to lack something because it is looked at again.
        assert words(engine).done == words(engine).total
        file = churn.root / "inner" / "new.py"
        file.write_text("def new():\n    return 1\n")
        update = engine.index_steps(["inner/new.py"])
        assert words(engine).total == words(engine).done + 1
        update.close()  # type: ignore[attr-defined]
        del steps, update
        engine.index()
        assert words(engine).done == words(engine).total
