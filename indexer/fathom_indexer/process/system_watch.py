"""The operating system's watches of a folder tree.

Linux has a watch for each folder, which counts against a limit of the system. Elsewhere there is one for the whole
tree, at no cost for each folder.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import InotifyEvent

EVERYTHING = ""
"""The path that stands for the whole workspace."""

OnEvent = Callable[[str, bool, bool], None]
"""Is called with a path relative to the root, whether it is a folder, and whether it exists now.

`EVERYTHING` stands for the root: it is gone, or was replaced, or events were lost.
"""


class SystemWatch(Protocol):
    """A watch of one tree."""

    def enter(self, folder: str) -> None:
        """Watch the direct children of a folder, given relative to the root. Raises `OSError`."""

    def leave(self, folder: str) -> None:
        """Stop to watch a folder that is gone, with all folders inside it."""

    def stop(self) -> None:
        """Stop to watch."""


class _Inotify:
    """Linux: one watch for each folder, all of them in one inotify instance and one thread."""

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
        """As `SystemWatch` has it."""
        try:
            mask = self._mask if folder else self._root_mask
            watch = self._inotify.add_callback(os.fsencode(self._root / folder), mask, self, self._id)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return  # It was deleted before it could be watched.
            raise
        if watch < 0:
            return  # Its rights forbid to read it.
        self._folders[watch] = folder
        self._watches[folder] = watch

    def leave(self, folder: str) -> None:
        """As `SystemWatch` has it."""
        watch = self._watches.pop(folder, None)
        if watch is not None and self._folders.get(watch) == folder:
            del self._folders[watch]
            self._inotify.remove_callbacks([(watch, self._id)])  # type: ignore[list-item]  # a NewType of int

    def stop(self) -> None:
        """As `SystemWatch` has it."""
        self._stopped = True
        self._inotify.stop()

    def on_event(self, event: InotifyEvent) -> None:
        """Called by watchdog for a change in a folder."""
        folder = self._folders.get(event.wd)
        if folder == EVERYTHING and event.is_move_self:
            self._root_gone()
        elif folder is not None and event.name:
            path = f"{folder}/{os.fsdecode(event.name)}".lstrip("/")
            self._on_event(path, event.is_directory, not (event.is_delete or event.is_moved_from))

    def on_watch_deleted(self, wd: int) -> None:
        """Called by watchdog when a folder is gone."""
        folder = self._folders.pop(wd, None)
        if folder is not None and self._watches.get(folder) == wd:
            del self._watches[folder]
            if folder == EVERYTHING:
                self._root_gone()

    def _root_gone(self) -> None:
        if not self._stopped:
            self._on_event(EVERYTHING, True, False)

    def on_queue_overflow(self) -> None:
        """Called by watchdog when events were lost."""
        if not self._stopped:
            self._on_event(EVERYTHING, True, True)


class _Observer:
    """macOS, Windows and others: the observer that watchdog chooses, for the whole tree."""

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

    def enter(self, folder: str) -> None:
        """Nothing: the whole tree is watched."""

    def leave(self, folder: str) -> None:
        """Nothing: the whole tree is watched."""

    def stop(self) -> None:
        """As `SystemWatch` has it."""
        self._observer.stop()


def system_watch() -> Callable[[Path, OnEvent], SystemWatch]:
    """The class of watches for this operating system."""
    return _Inotify if sys.platform == "linux" else _Observer
