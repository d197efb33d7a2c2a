"""The indexer's own watching of files, on whatever system this is."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fathom_indexer.config import Config
from fathom_indexer.process import watching
from fathom_indexer.process.system_watch import EVERYTHING, OnEvent
from fathom_indexer.process.watching import Watcher

PATIENCE = 60.0


class Watched:
    """A workspace that is watched, and what was told of it."""

    def __init__(self, root: Path, system: object = None) -> None:
        self.root = root
        self.bursts: list[list[str]] = []
        self.failures: list[str] = []
        self.watcher = Watcher(
            root,
            Config(),
            lambda paths: self.bursts.append(list(paths)),
            self.failures.append,
            system,  # type: ignore[arg-type]
        )

    @property
    def told(self) -> set[str]:
        return {path for burst in self.bursts for path in burst}

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, (self.bursts, self.failures)
            time.sleep(0.02)

    def until_watching(self) -> None:
        """Wait until changes are reported. The root's return may be reported a moment before it is watched again."""
        mark = self.root / "watching.py"

        def is_reported() -> bool:
            mark.write_text("")
            return mark.name in self.told

        self.until(is_reported)

    def settle(self) -> None:
        """Wait until a mark that is made now has been told, and with it whatever was before."""
        mark = f"mark{len(self.bursts)}_{time.monotonic_ns()}.py"
        (self.root / mark).write_text("")
        self.until(lambda: mark in self.told)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    root = (tmp_path / "workspace").resolve()
    (root / "src" / "deep").mkdir(parents=True)
    (root / "src" / "a.py").write_text("a = 1\n")
    (root / "ignored" / "inside").mkdir(parents=True)
    (root / "node_modules" / "left").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".gitignore").write_text("ignored/\n")
    watched = Watched(root)
    watched.watcher.start()
    watched.until(lambda: EVERYTHING in watched.told)
    yield watched
    watched.watcher.stop()


def test_what_happens_to_files_is_told(watched: Watched) -> None:
    root = watched.root
    (root / "src" / "deep" / "new.py").write_text("x = 1\n")
    watched.until(lambda: "src/deep/new.py" in watched.told)
    watched.bursts.clear()
    (root / "src" / "a.py").write_text("a = 2\n")
    watched.until(lambda: "src/a.py" in watched.told)
    watched.bursts.clear()
    (root / "src" / "a.py").rename(root / "src" / "b.py")
    watched.until(lambda: {"src/a.py", "src/b.py"} <= watched.told)
    watched.bursts.clear()
    (root / "src" / "b.py").unlink()
    watched.until(lambda: "src/b.py" in watched.told)


def test_folders_are_followed(watched: Watched) -> None:
    root = watched.root
    (root / "one" / "two").mkdir(parents=True)
    watched.until(lambda: "one" in watched.told or "one/two" in watched.told)
    watched.settle()
    (root / "one" / "two" / "x.py").write_text("x = 1\n")
    watched.until(lambda: "one/two/x.py" in watched.told)
    (root / "one").rename(root / "three")
    watched.until(lambda: {"one", "three"} <= watched.told)
    watched.settle()
    (root / "three" / "two" / "y.py").write_text("y = 1\n")
    watched.until(lambda: "three/two/y.py" in watched.told)
    assert "one/two/y.py" not in watched.told
    shutil.rmtree(root / "three")
    watched.settle()
    assert "three" in watched.told


def test_what_is_ignored_is_not_told(watched: Watched) -> None:
    root = watched.root
    for path in ("ignored/x.py", "ignored/inside/x.py", "node_modules/left/x.js", ".git/index", "src/notes.txt"):
        (root / path).write_text("x = 1\n")
    (root / "ignored" / "more").mkdir()
    watched.settle()
    assert not {path for path in watched.told if path.startswith(("ignored", "node_modules", ".git", "src"))}


def test_other_ignore_rules_count_at_once(watched: Watched) -> None:
    root = watched.root
    (root / ".gitignore").write_text("src/\n")
    watched.until(lambda: ".gitignore" in watched.told)
    watched.settle()
    (root / "ignored" / "inside" / "x.py").write_text("x = 1\n")
    (root / "src" / "a.py").write_text("a = 3\n")
    watched.until(lambda: "ignored/inside/x.py" in watched.told)
    watched.settle()
    assert "src/a.py" not in watched.told


def test_a_storm_is_told_in_few_bursts(watched: Watched) -> None:
    watched.bursts.clear()
    (watched.root / "many").mkdir()
    for number in range(1000):
        (watched.root / "many" / f"f{number}.py").write_text(f"x = {number}\n")
    # Files that came before their folder was watched are the folder's.
    watched.settle()
    assert "many" in watched.told
    assert len(watched.bursts) < 50


class Limited:
    """A system that watches two folders and no more."""

    def __init__(self, root: Path, on_event: OnEvent) -> None:
        self.folders: list[str] = []

    def enter(self, folder: str) -> None:
        if len(self.folders) == 2:
            raise OSError(errno.ENOSPC, "no space left on device")
        self.folders.append(folder)

    def leave(self, folder: str) -> None:
        pass

    def stop(self) -> None:
        self.folders.clear()


def no_instance(root: Path, on_event: OnEvent) -> Limited:
    raise OSError(errno.EMFILE, "too many open files")


@pytest.mark.parametrize("system", [Limited, no_instance])
def test_a_limit_of_the_system_is_told(tmp_path: Path, system: Callable[[Path, OnEvent], Limited]) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    watched = Watched(tmp_path, system)
    watched.watcher.start()
    watched.until(lambda: bool(watched.failures))
    assert "max_user_watches" in watched.failures[0]
    assert watched.bursts == []


def go_away(watched: Watched, happens: Callable[[], object]) -> None:
    """Have something happen to the root, and wait until it is told."""
    watched.bursts.clear()
    happens()
    watched.until(lambda: EVERYTHING in watched.told)


def come_back(watched: Watched, happens: Callable[[], object]) -> None:
    """Have the root be there again, wait until it is watched again, and assert that it is."""
    watched.bursts.clear()
    happens()
    watched.until(lambda: EVERYTHING in watched.told)
    watched.until_watching()
    folder = watched.root / "later"
    folder.mkdir()
    watched.until(lambda: "later" in watched.told)
    (folder / "new.py").write_text("x = 1\n")
    watched.until(lambda: bool({"later/new.py", "later"} & watched.told))
    watched.settle()
    assert watched.failures == []


def test_a_root_that_is_deleted_and_made_again_is_watched_again(watched: Watched) -> None:
    for _ in range(2):
        go_away(watched, lambda: shutil.rmtree(watched.root))
        come_back(watched, watched.root.mkdir)


def test_a_root_that_is_replaced_at_once_is_watched_again(watched: Watched) -> None:
    shutil.rmtree(watched.root)
    come_back(watched, watched.root.mkdir)


def test_a_root_that_takes_anothers_place_is_watched(watched: Watched) -> None:
    other, old = watched.root.with_name("other"), watched.root.with_name("old")
    other.mkdir()

    def replace() -> None:
        watched.root.rename(old)
        other.rename(watched.root)

    come_back(watched, replace)
    # What happens in the one that was renamed is not this workspace's.
    watched.bursts.clear()
    (old / "src" / "a.py").write_text("a = 5\n")
    watched.settle()
    assert "src/a.py" not in watched.told


def test_a_root_that_is_renamed_away_is_told_and_watched_when_it_is_back(watched: Watched) -> None:
    away = watched.root.with_name("away")
    go_away(watched, lambda: watched.root.rename(away))
    come_back(watched, lambda: away.rename(watched.root))


def test_a_folder_above_the_root_may_be_renamed(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "above" / "workspace"
    root.mkdir(parents=True)
    watched = Watched(root)
    watched.watcher.start()
    watched.until(lambda: EVERYTHING in watched.told)
    above, away = root.parent, root.parent.with_name("away")
    go_away(watched, lambda: above.rename(away))
    come_back(watched, lambda: away.rename(above))
    watched.watcher.stop()


def test_a_root_that_becomes_a_file_or_a_link_is_waited_for(watched: Watched) -> None:
    away = watched.root.with_name("away")
    go_away(watched, lambda: watched.root.rename(away))
    watched.root.write_text("no folder")
    watched.root.unlink()
    watched.root.symlink_to(away)

    def put_back() -> None:
        watched.root.unlink()
        away.rename(watched.root)

    come_back(watched, put_back)


def test_a_root_that_may_not_be_looked_into_is_waited_for(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid() -> None:
        monkeypatch.setattr(watching, "root_trouble", lambda root: f"cannot read the folder {root}: Permission denied")

    go_away(watched, forbid)
    come_back(watched, monkeypatch.undo)


def test_a_root_that_is_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    watched = Watched(tmp_path.resolve() / "workspace")
    watched.watcher.start()
    watched.until(lambda: EVERYTHING in watched.told)
    come_back(watched, watched.root.mkdir)
    watched.watcher.stop()


def test_a_folder_that_is_replaced_is_followed(watched: Watched) -> None:
    for number in range(3):
        shutil.rmtree(watched.root / "src")
        (watched.root / "src" / "deep").mkdir(parents=True)
        watched.settle()
        watched.bursts.clear()
        (watched.root / "src" / "deep" / f"n{number}.py").write_text("x = 1\n")
        watched.until(lambda number=number: f"src/deep/n{number}.py" in watched.told)  # type: ignore[misc]


class Noted:
    """A system that notes which folders it watches, and tells what the test says."""

    made: list[Noted]
    trouble: Exception | None

    def __init__(self, root: Path, on_event: OnEvent) -> None:
        self.tell = on_event
        self.folders: set[str] = set()
        self.stopped = False
        Noted.made.append(self)

    def enter(self, folder: str) -> None:
        if Noted.trouble is not None:
            raise Noted.trouble
        self.folders.add(folder)

    def leave(self, folder: str) -> None:
        self.folders.discard(folder)

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def noted(tmp_path: Path) -> Iterator[Watched]:
    Noted.made, Noted.trouble = [], None
    (tmp_path / "a").mkdir()
    watched = Watched(tmp_path.resolve(), Noted)
    watched.watcher.start()
    watched.until(lambda: EVERYTHING in watched.told)
    yield watched
    watched.watcher.stop()


def test_folders_that_came_while_events_were_lost_are_watched(noted: Watched) -> None:
    (noted.root / "b").mkdir()
    go_away(noted, lambda: Noted.made[0].tell(EVERYTHING, True, True))
    assert Noted.made[0].stopped
    assert Noted.made[-1].folders == {"", "a", "b"}


def test_a_limit_that_is_reached_when_the_root_is_back_is_told(noted: Watched) -> None:
    Noted.trouble = OSError(errno.ENOSPC, "no space left on device")
    Noted.made[0].tell(EVERYTHING, True, False)
    noted.until(lambda: bool(noted.failures))
    assert "max_user_watches" in noted.failures[0]
    assert all(system.stopped for system in Noted.made)


@pytest.mark.parametrize("trouble", [OSError(errno.EIO, "input/output error"), RuntimeError("a bug of a library")])
def test_whatever_fails_while_a_change_is_looked_at_is_told(noted: Watched, trouble: Exception) -> None:
    (noted.root / "b").mkdir()
    Noted.trouble = trouble
    Noted.made[0].tell("b", True, True)
    noted.until(lambda: bool(noted.failures))
    assert str(trouble) in noted.failures[0]
    assert Noted.made[0].stopped
