"""Watches the files of a workspace for clients that cannot, and tells of changes burst by burst.

Only folders that belong to the workspace are watched: each by itself on Linux, where every watch counts against a limit
of the system, else the whole tree at once, where it costs nothing and what happens in ignored folders is passed over.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fathom_indexer.languages import language_of_path
from fathom_indexer.process.bursts import Burst
from fathom_indexer.workspace import included_folders

if TYPE_CHECKING:
    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

EVERYTHING = ""
"""The path that stands for the whole workspace."""

OnEvent = Callable[[str, bool, bool], None]
"""What a system's watch tells: a path relative to the root, whether it is a folder, and whether it is there now."""


class SystemWatch(Protocol):
    """What the operating system offers for one tree."""

    def enter(self, folder: str) -> None:
        """Watch what happens directly in a folder, by its path relative to the root. Raises `OSError`."""

    def leave(self, folder: str) -> None:
        """A folder is gone, with all below it."""

    def stop(self) -> None: ...


class Watcher:
    """Watches one workspace from `start` to `stop`."""

    def __init__(
        self,
        root: Path,
        config: Config,
        changed: Callable[[Sequence[str]], None],
        failed: Callable[[str], None],
        system: Callable[[Path, OnEvent], SystemWatch] | None = None,
    ) -> None:
        """`changed` is told of files and folders, relative to the root, and `failed` why nothing is watched any more.

        Both are called on a thread of this object's. `EVERYTHING` may have changed when changes were lost.
        """
        self._root = root
        self._config = config
        self._changed = changed
        self._failed = failed
        self._make = system or _system_watch()
        self._system: SystemWatch | None = None
        self._folders: set[str] = set()
        self._burst = Burst()
        self._stopped = False
        self._problem = ""
        self._news = threading.Condition(threading.RLock())

    def start(self) -> None:
        """Begin to watch. What changed before that is told as `EVERYTHING`."""
        threading.Thread(target=self._run, name="watching", daemon=True).start()

    def stop(self) -> None:
        """Tell nothing any more."""
        with self._news:
            self._stopped = True
            self._news.notify()

    def _run(self) -> None:
        try:
            self._system = self._make(self._root, self._event)
            self._enter(EVERYTHING)
            self._note(EVERYTHING)
        except Exception as error:  # Whatever a system's library has to say: clients must hear that nobody watches.
            self._give_up(error)
        while (paths := self._next()) is not None:
            self._changed(paths)
        if self._system is not None:
            self._system.stop()
        if self._problem:
            self._failed(self._problem)

    def _next(self) -> list[str] | None:
        """The next burst; None when watching is over."""
        with self._news:
            while not self._stopped:
                wait = self._burst.wait()
                if wait == 0:
                    return self._burst.take()
                self._news.wait(wait)
        return None

    def _event(self, path: str, is_folder: bool, is_there: bool) -> None:
        """Something has happened to a path; from any thread. Everything may have happened to the root."""
        if path == EVERYTHING:
            self._note(EVERYTHING)
            return
        folder, _, name = path.rpartition("/")
        with self._news:
            if folder not in self._folders or self._stopped:
                return
            try:
                if is_folder:
                    known = path in self._folders
                    self._leave(path)
                    if not ((is_there and self._enter(path)) or known):
                        return
                elif _is_ignore_file(name):
                    self._leave(folder)
                    self._enter(folder)
                elif language_of_path(name) is None and "." in name:
                    return
                self._note(path)
            except OSError as error:
                self._give_up(error)

    def _enter(self, folder: str) -> bool:
        """Watch a folder and those inside it that belong to the workspace; whether there are any."""
        assert self._system is not None
        found = False
        for inside in included_folders(self._root, self._config, folder):
            found = True
            with self._news:
                if inside not in self._folders:
                    self._system.enter(inside)
                    self._folders.add(inside)
        return found

    def _leave(self, folder: str) -> None:
        assert self._system is not None
        below = folder + "/"
        for gone in [known for known in self._folders if folder in (EVERYTHING, known) or known.startswith(below)]:
            self._folders.discard(gone)
            self._system.leave(gone)

    def _note(self, path: str) -> None:
        with self._news:
            self._burst.add([path])
            self._news.notify()

    def _give_up(self, error: Exception) -> None:
        with self._news:
            self._problem = _in_words(error)
            self._stopped = True
            self._news.notify()


class _Inotify:
    """Linux: one watch for each folder, all of them in one instance and one thread."""

    def __init__(self, root: Path, on_event: OnEvent) -> None:
        from watchdog.observers import inotify_c  # noqa: PLC0415 - there is none elsewhere

        self._root = root
        self._on_event = on_event
        self._folders: dict[int, str] = {}
        self._watches: dict[str, int] = {}
        constants = inotify_c.InotifyConstants
        self._mask = inotify_c.Mask(
            constants.IN_CREATE
            | constants.IN_CLOSE_WRITE
            | constants.IN_MOVED_FROM
            | constants.IN_MOVED_TO
            | constants.IN_DELETE
            | constants.IN_ONLYDIR
            | constants.IN_DONT_FOLLOW
        )
        self._id = inotify_c.CallbackId(id(self))
        self._inotify = inotify_c.InotifyFD()
        self._inotify.start()

    def enter(self, folder: str) -> None:
        try:
            watch = self._inotify.add_callback(os.fsencode(self._root / folder), self._mask, self, self._id)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return  # It went away before it could be watched.
            raise
        self._folders[watch] = folder
        self._watches[folder] = watch

    def leave(self, folder: str) -> None:
        watch = self._watches.pop(folder, None)
        if watch is not None and self._folders.get(watch) == folder:
            del self._folders[watch]
            self._inotify.remove_callbacks([(watch, self._id)])  # type: ignore[list-item]  # a NewType of int

    def stop(self) -> None:
        self._inotify.stop()

    def on_event(self, event: InotifyEvent) -> None:
        """For watchdog: something has happened in a folder."""
        folder = self._folders.get(event.wd)
        if folder is not None and event.name:
            path = f"{folder}/{os.fsdecode(event.name)}".lstrip("/")
            self._on_event(path, event.is_directory, not (event.is_delete or event.is_moved_from))

    def on_watch_deleted(self, wd: int) -> None:
        """For watchdog: a folder is gone."""
        folder = self._folders.pop(wd, None)
        if folder is not None and self._watches.get(folder) == wd:
            del self._watches[folder]

    def on_queue_overflow(self) -> None:
        """For watchdog: events were lost."""
        self._on_event(EVERYTHING, True, True)


class _Observer:
    """macOS, Windows and others: watchdog's own choice, for the whole tree."""

    def __init__(self, root: Path, on_event: OnEvent) -> None:
        from watchdog.events import FileSystemEvent, FileSystemEventHandler  # noqa: PLC0415 - loads system libraries
        from watchdog.observers import Observer  # noqa: PLC0415

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.event_type in ("opened", "closed_no_write"):
                    return
                for name in filter(None, (event.src_path, event.dest_path)):
                    full = Path(os.fsdecode(name))  # type: ignore[arg-type]  # bytes or str
                    if full.is_relative_to(root) and full != root:
                        on_event(full.relative_to(root).as_posix(), event.is_directory, os.path.lexists(full))

        self._observer = Observer()
        self._observer.schedule(Handler(), str(root), recursive=True)
        self._observer.start()

    def enter(self, folder: str) -> None: ...

    def leave(self, folder: str) -> None: ...

    def stop(self) -> None:
        self._observer.stop()


if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent


def _system_watch() -> Callable[[Path, OnEvent], SystemWatch]:
    return _Inotify if sys.platform == "linux" else _Observer


def _is_ignore_file(name: str) -> bool:
    return name.startswith(".") and name.endswith("ignore")


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EMFILE):
        return (
            "the system's limit of watched folders is reached (inotify); files changed outside the editor are looked "
            "for when somebody searches. Raising fs.inotify.max_user_watches lets them be watched again"
        )
    return f"files cannot be watched ({error}); those changed outside the editor are looked for when somebody searches"
