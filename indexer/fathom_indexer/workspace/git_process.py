"""Git as a process that reads the history of a workspace's repository and does nothing else.

Everything that can be configured to run a program or to reach a network is switched off, whatever the configuration
of the user or the repository says. Git's own rule that a repository of another user is not read (`safe.directory`)
stays in force: the repository is found by git, never named to it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from pathlib import Path

_CHUNK_BYTES = 65_536
_CHUNKS_AHEAD = 16
"""What git may write before it has to wait for the reader: one megabyte."""

_WAIT_SECONDS = 0.01
"""How long one step waits for output."""

_SILENT_SECONDS = 30.0
"""How long a process may write nothing before it is given up."""

_FILE_BYTES = 1_000_000
"""Git compares no larger files: it says of them that they differ."""

_KEPT_VARIABLES = frozenset(
    {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES"}
)
"""The only variables of git's that are passed on. They say where the user's configuration is, which has
`safe.directory`, and where to stop looking for a repository."""

_VARIABLES = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    # Tracing can be configured to write to files and sockets. The environment goes before the configuration.
    "GIT_TRACE2": "0",
    "GIT_TRACE2_EVENT": "0",
    "GIT_TRACE2_PERF": "0",
    "LC_ALL": "C",
}

_NO_WINDOW = 0x08000000 if sys.platform == "win32" else 0
"""`CREATE_NO_WINDOW`: git opens no console of its own."""

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    f"core.attributesFile={os.devnull}",
    f"core.bigFileThreshold={_FILE_BYTES}",
    "protocol.allow=never",
    "safe.bareRepository=explicit",
    "log.showSignature=false",
)


class GitError(Exception):
    """Git gave no usable answer, and why."""


class GitFailedError(GitError):
    """Git ended with an error: it may do what it is asked for in part."""


def find_git(root: Path) -> str | None:
    """The git executable; None if there is none outside of the workspace `root`, from which nothing is run."""
    found = shutil.which("git")
    if found is None or not Path(found).is_absolute():
        return None
    try:
        return None if Path(found).resolve().is_relative_to(root.resolve()) else found
    except (OSError, RuntimeError):
        return None


class GitProcess:
    """One run of git in a workspace. Threads feed and read its pipes, so that no step of the caller waits for long."""

    def __init__(self, git: str, root: Path, arguments: Sequence[str], given: bytes | None = b"") -> None:
        """Start it. `given` is all of its input; with None, `ask` writes to it.

        Raises `GitError` if it cannot be started.
        """
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith("GIT_") or name.upper() in _KEPT_VARIABLES
        }
        try:
            self._process = subprocess.Popen(
                [git, "--no-pager", *settings, "-C", str(root), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**kept, **_VARIABLES},
                creationflags=_NO_WINDOW,
            )
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be started: {error}") from error
        self._chunks: queue.Queue[bytes] = queue.Queue(_CHUNKS_AHEAD)
        self._closed = False
        self._ended = False
        threading.Thread(target=self._read, name="git-reader", daemon=True).start()
        if given is not None:
            threading.Thread(target=self._feed, args=(given,), name="git-feeder", daemon=True).start()

    def ask(self, data: bytes) -> None:
        """Write to its input. Raises `GitError` if it has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise GitError("git has ended") from error

    def output(self) -> Generator[None, None, bytes]:
        """Wait for some output in short steps; empty at its end.

        Raises `GitError` if it is silent for too long, or if it has ended with an error.
        """
        waited = 0.0
        while not self._ended:
            try:
                chunk = self._chunks.get(timeout=_WAIT_SECONDS)
            except queue.Empty:
                # The time between two steps is not counted: the caller may have been busy with other things.
                waited += _WAIT_SECONDS
                if waited >= _SILENT_SECONDS:
                    self.close()
                    raise GitError("git writes nothing") from None
                yield
                continue
            if chunk:
                return chunk
            self._ended = True
        if code := self._process.wait():
            raise GitFailedError(f"git ended with status {code}")
        return b""

    def all_output(self, limit: int) -> Generator[None, None, bytes]:
        """Wait for all output in short steps. After `limit` bytes the process is ended and the rest is left out."""
        parts: list[bytes] = []
        size = 0
        while chunk := (yield from self.output()):
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                self.close()
                break
        return b"".join(parts)

    def close(self) -> None:
        """End it, if it has not ended."""
        self._closed = True
        self._process.kill()
        # Closing the pipe that the feeder writes to is its own business; `ask` is called by this thread.
        with contextlib.suppress(OSError, ValueError):
            self._process.wait(timeout=5)
        with contextlib.suppress(queue.Empty):
            # Lets a reader go on that waits for room.
            while True:
                self._chunks.get_nowait()

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with stdout:
            while not self._closed:
                chunk = os.read(stdout.fileno(), _CHUNK_BYTES)
                while not self._closed:
                    try:
                        self._chunks.put(chunk, timeout=1)
                        break
                    except queue.Full:
                        continue
                if not chunk:
                    return

    def _feed(self, given: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        # It may end before it has read all.
        with contextlib.suppress(OSError, ValueError):
            stdin.write(given)
        with contextlib.suppress(OSError, ValueError):
            stdin.close()
