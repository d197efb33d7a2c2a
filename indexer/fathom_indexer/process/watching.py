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
from fathom_indexer.process.debounce import Debounce
from fathom_indexer.workspace import included_folders, root_trouble

if TYPE_CHECKING:
    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

EVERYTHING = ""
"""The path that stands for the whole workspace."""

LOOK_INTERVAL = 1.0
"""Seconds between two looks whether the root is still the folder that is watched. No system tells of all that may
become of it: of folders above it that are renamed, of rights, of what is mounted over it."""

OnEvent = Callable[[str, bool, bool], None]
"""What a system's watch tells: a path relative to the root, whether it is a folder, and whether it is there now.

`EVERYTHING` stands for the root: it has gone, or was replaced, or events were lost.
"""

RootIdentity = tuple[int, int]
"""What tells a folder from others that have its name later."""


class SystemWatch(Protocol):
    """What the operating system offers for one tree."""

    def enter(self, folder: str) -> None:
        """Watch what happens directly in a folder, by its path relative to the root. Raises `OSError`."""

    def leave(self, folder: str) -> None:
        """A folder is gone, with all below it."""

    def stop(self) -> None: ...


class Watcher:
    """Watches one workspace from `start` to `stop`.

    A root that is deleted, renamed, replaced or closed to us is waited for, and watched anew when it is back.
    """

    def __init__(
        self,
        root: Path,
        config: Config,
        changed: Callable[[Sequence[str]], None],
        failed: Callable[[str], None],
        system: Callable[[Path, OnEvent], SystemWatch] | None = None,
    ) -> None:
        """`changed` is told of files and folders, relative to the root, and `failed` why nothing is watched any more.

        Both are called on a thread of this object's. `EVERYTHING` may have changed when changes were lost, and when the
        root went away or came back.
        """
        self._root = root
        self._config = config
        self._changed = changed
        self._failed = failed
        self._make = system or _system_watch()
        self._system: SystemWatch | None = None
        self._folders: set[str] = set()
        self._burst = Debounce()
        self._stopped = False
        self._lost = False
        """Whether what is watched may not be the workspace any more."""
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
            while (root := self._await_root()) is not None:
                self._begin(root)
                while self._is_watched(root):
                    if paths := self._next():
                        self._changed(paths)
                self._end()
        except Exception as error:  # Whatever a system's library has to say: clients must hear that nobody watches.
            self._give_up(error)
        self._end()
        if self._problem:
            self._failed(self._problem)

    def _await_root(self) -> RootIdentity | None:
        """What tells the root from others, once it is there; None when watching is over."""
        told = False
        while not self._stopped:
            if (root := _identity(self._root)) is not None:
                return root
            if not told:
                logger.info("%s is away; it is watched again when it is back", self._root)
                self._changed([EVERYTHING])
                told = True
            with self._news:
                if not self._stopped:
                    self._news.wait(LOOK_INTERVAL)
        return None

    def _begin(self, root: RootIdentity) -> None:
        self._lost = False
        try:
            self._system = self._make(self._root, self._event)
            if not self._enter(EVERYTHING):
                self._lost = True
        except OSError:
            if _identity(self._root) == root:
                raise
            self._lost = True  # It went away before it could be watched.
        self._note(EVERYTHING)

    def _end(self) -> None:
        with self._news:
            system, self._system = self._system, None
            self._folders.clear()
        if system is not None:
            system.stop()

    def _is_watched(self, root: RootIdentity) -> bool:
        """Whether watching goes on, and the folder at the root's place is the one that is watched."""
        if self._stopped:
            return False
        if not self._lost and _identity(self._root) == root:
            return True
        logger.info("%s is not the folder any more that was watched", self._root)
        return False

    def _next(self) -> list[str]:
        """The next burst; empty when there is none for a while, and when watching is over or the root was lost."""
        with self._news:
            wait = self._burst.wait()
            while wait != 0:
                if self._stopped or self._lost or not self._news.wait(LOOK_INTERVAL if wait is None else wait):
                    break
                wait = self._burst.wait()
            return self._burst.take() if self._burst.wait() == 0 and not self._stopped else []

    def _event(self, path: str, is_folder: bool, is_there: bool) -> None:
        """Something has happened to a path; from any thread.

        Of the root: it has gone, or events were lost, after which the folders are not known any more either.
        """
        if path == EVERYTHING:
            with self._news:
                self._lost = True
                self._news.notify()
            return
        folder, _, name = path.rpartition("/")
        with self._news:
            if folder not in self._folders or self._stopped or self._system is None:
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
            except Exception as error:  # On a thread of the system's library, which would end with it unheard.
                self._give_up(error)

    def _enter(self, folder: str) -> bool:
        """Watch a folder and those inside it that belong to the workspace; whether there are any."""
        system = self._system
        assert system is not None
        found = False
        for inside in included_folders(self._root, self._config, folder):
            found = True
            with self._news:
                if inside not in self._folders:
                    system.enter(inside)
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
        if not isinstance(error, OSError):
            logger.error("watching failed", exc_info=error)
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
        # When the root itself is renamed, there is no other event; when it is deleted, its watch is.
        self._root_mask = inotify_c.Mask(self._mask | constants.IN_MOVE_SELF)
        self._stopped = False
        self._id = inotify_c.CallbackId(id(self))
        self._inotify = inotify_c.InotifyFD()
        self._inotify.start()

    def enter(self, folder: str) -> None:
        try:
            mask = self._mask if folder else self._root_mask
            watch = self._inotify.add_callback(os.fsencode(self._root / folder), mask, self, self._id)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return  # It went away before it could be watched.
            raise
        if watch < 0:
            return  # It may not be looked into.
        self._folders[watch] = folder
        self._watches[folder] = watch

    def leave(self, folder: str) -> None:
        watch = self._watches.pop(folder, None)
        if watch is not None and self._folders.get(watch) == folder:
            del self._folders[watch]
            self._inotify.remove_callbacks([(watch, self._id)])  # type: ignore[list-item]  # a NewType of int

    def stop(self) -> None:
        self._stopped = True
        self._inotify.stop()

    def on_event(self, event: InotifyEvent) -> None:
        """For watchdog: something has happened in a folder."""
        folder = self._folders.get(event.wd)
        if folder == EVERYTHING and event.is_move_self:
            self._root_gone()
        elif folder is not None and event.name:
            path = f"{folder}/{os.fsdecode(event.name)}".lstrip("/")
            self._on_event(path, event.is_directory, not (event.is_delete or event.is_moved_from))

    def on_watch_deleted(self, wd: int) -> None:
        """For watchdog: a folder is gone."""
        folder = self._folders.pop(wd, None)
        if folder is not None and self._watches.get(folder) == wd:
            del self._watches[folder]
            if folder == EVERYTHING:
                self._root_gone()

    def _root_gone(self) -> None:
        if not self._stopped:
            self._on_event(EVERYTHING, True, False)

    def on_queue_overflow(self) -> None:
        """For watchdog: events were lost."""
        if not self._stopped:
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
                    if full == root and event.event_type in ("deleted", "moved"):
                        on_event(EVERYTHING, True, False)
                    elif full.is_relative_to(root) and full != root:
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


def _identity(root: Path) -> RootIdentity | None:
    """What tells the root from others at its place; None while it cannot be looked into."""
    if root_trouble(root):
        return None
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_ignore_file(name: str) -> bool:
    return name.startswith(".") and name.endswith("ignore")


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EMFILE):
        return (
            "the system's limit of watched folders is reached (inotify); files changed outside the editor are looked "
            "for when somebody searches. Raising fs.inotify.max_user_watches lets them be watched again"
        )
    return f"files cannot be watched ({error}); those changed outside the editor are looked for when somebody searches"
