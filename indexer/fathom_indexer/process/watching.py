"""Watches the files of a workspace for clients that cannot, and reports changes after a debounce.

Only changes in folders that belong to the workspace are reported. On Linux, where every watch counts against a limit of
the system, only those folders are watched.
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fathom_indexer.languages import language_of_path
from fathom_indexer.process.debounce import Debounce
from fathom_indexer.process.system_watch import EVERYTHING, OnEvent, SystemWatch, system_watch
from fathom_indexer.workspace import included_folders, root_trouble

if TYPE_CHECKING:
    from fathom_indexer.config import Config

logger = logging.getLogger(__name__)

ROOT_CHECK_INTERVAL = 1.0
"""Seconds between two checks whether the root is still the folder that is watched. No system reports all that may
happen to it: folders above it are renamed, rights change, another file system is mounted over it."""

RootIdentity = tuple[int, int]
"""Device and inode, which distinguish a folder from one that has its name later."""


class Watcher:
    """Watches one workspace from `start` to `stop`.

    When the root is deleted, renamed, replaced or not readable any more, this waits until it is back, and watches it
    again.
    """

    def __init__(
        self,
        root: Path,
        config: Config,
        changed: Callable[[Sequence[str]], None],
        failed: Callable[[str], None],
        system: Callable[[Path, OnEvent], SystemWatch] | None = None,
    ) -> None:
        """`changed` is called with changed files and folders, relative to the root, `failed` with the reason why
        nothing is watched any more.

        Both are called on this object's thread. `EVERYTHING` is reported when events were lost, and when the root is
        gone or back.
        """
        self._root = root
        self._config = config
        self._changed = changed
        self._failed = failed
        self._make = system or system_watch()
        self._system: SystemWatch | None = None
        self._folders: set[str] = set()
        self._debounce = Debounce()
        self._stopped = False
        self._lost = False
        """Whether the watched folder may not be the workspace any more."""
        self._problem = ""
        self._condition = threading.Condition(threading.RLock())

    def start(self) -> None:
        """Begin to watch, and report `EVERYTHING` for the changes before that."""
        threading.Thread(target=self._run, name="watching", daemon=True).start()

    def stop(self) -> None:
        """Stop to watch."""
        with self._condition:
            self._stopped = True
            self._condition.notify()

    def _run(self) -> None:
        try:
            while (root := self._await_root()) is not None:
                self._begin(root)
                while self._is_watched(root):
                    if paths := self._next():
                        self._changed(paths)
                self._end()
        except Exception as error:  # Clients must know that the files are not watched, for any reason.
            self._give_up(error)
        self._end()
        if self._problem:
            self._failed(self._problem)

    def _await_root(self) -> RootIdentity | None:
        """The root's identity, once it exists; None when watching has been stopped."""
        reported = False
        while not self._stopped:
            if (root := _identity(self._root)) is not None:
                return root
            if not reported:
                logger.info("%s is missing; it is watched again when it is back", self._root)
                self._changed([EVERYTHING])
                reported = True
            with self._condition:
                if not self._stopped:
                    self._condition.wait(ROOT_CHECK_INTERVAL)
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
            self._lost = True  # It was deleted before it could be watched.
        self._note(EVERYTHING)

    def _end(self) -> None:
        with self._condition:
            system, self._system = self._system, None
            self._folders.clear()
        if system is not None:
            system.stop()

    def _is_watched(self, root: RootIdentity) -> bool:
        """Whether watching goes on, and the root's path still leads to the watched folder."""
        if self._stopped:
            return False
        if not self._lost and _identity(self._root) == root:
            return True
        logger.info("%s is another folder than the one that was watched", self._root)
        return False

    def _next(self) -> list[str]:
        """The next changes; empty when there are none for a while, when watching was stopped or the root is lost."""
        with self._condition:
            wait = self._debounce.wait()
            while wait != 0:
                if (
                    self._stopped
                    or self._lost
                    or not self._condition.wait(ROOT_CHECK_INTERVAL if wait is None else wait)
                ):
                    break
                wait = self._debounce.wait()
            return self._debounce.take() if self._debounce.wait() == 0 and not self._stopped else []

    def _event(self, path: str, is_folder: bool, is_there: bool) -> None:
        """Take note of a change; called from any thread.

        For the root: it is gone, or events were lost, after which the watched folders are not known any more either.
        """
        if path == EVERYTHING:
            with self._condition:
                self._lost = True
                self._condition.notify()
            return
        folder, _, name = path.rpartition("/")
        with self._condition:
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
            except Exception as error:  # The thread belongs to the system library, which would end without a message.
                self._give_up(error)

    def _enter(self, folder: str) -> bool:
        """Watch a folder and those inside it that belong to the workspace; whether there are any such folders."""
        system = self._system
        assert system is not None
        found = False
        for inside in included_folders(self._root, self._config, folder):
            found = True
            with self._condition:
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
        with self._condition:
            self._debounce.add([path])
            self._condition.notify()

    def _give_up(self, error: Exception) -> None:
        if not isinstance(error, OSError):
            logger.error("watching failed", exc_info=error)
        with self._condition:
            self._problem = _failure(error)
            self._stopped = True
            self._condition.notify()


def _identity(root: Path) -> RootIdentity | None:
    """The root's identity; None while it cannot be read."""
    if root_trouble(root):
        return None
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_ignore_file(name: str) -> bool:
    return name.startswith(".") and name.endswith("ignore")


def _failure(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EMFILE):
        return (
            "the system's limit of watched folders is reached (inotify); files changed outside the editor are looked "
            "for with every search. Raise fs.inotify.max_user_watches to have them watched again"
        )
    return f"files cannot be watched ({error}); those changed outside the editor are looked for with every search"
