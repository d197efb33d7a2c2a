"""What git says of the history of a workspace: commits, the files that each one changed, and lines."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fathom_indexer.workspace.git_process import GitError, GitFailedError, GitProcess, find_git
from fathom_indexer.workspace.repository import Repository

_NAME_BYTES = 100_000
_MESSAGES_BYTES = 32_000_000
_FILES_BYTES = 128_000_000
_PATCH_BYTES = 64_000_000
"""What is read of git's output at most."""

_FAILURES = 10
"""Commits on which git may fail. With more, most objects are missing."""

_DIFF = (
    "diff-tree", "--stdin", "-r", "-M", "-l200", "--no-abbrev", "--full-index", "--no-color", "--no-ext-diff",
    "--no-textconv", "--ignore-submodules=all",
)  # fmt: skip
_MESSAGE = "--format=%x00%H%x00%ct%x00%an%x00%ae%x00%B"


@dataclass(frozen=True, slots=True)
class Head:
    """Where a workspace stands in its repository."""

    git_folder: Path
    prefix: bytes
    """The workspace's folder in the repository, with a slash at its end; empty for the whole working tree."""
    commit: str
    """Of `HEAD`, in hexadecimal digits."""


class GitLog:
    """Reads the history of the repository that a workspace lies in.

    Methods are generators: they wait for git in short steps and return their answer in the end. All raise `GitError`.
    """

    def __init__(self, git: str, root: Path) -> None:
        self._git = git
        self._root = root
        self._processes: list[GitProcess] = []
        self._blobs: GitProcess | None = None
        self._failures = 0

    @classmethod
    def of(cls, root: Path) -> GitLog | None:
        """The history of a workspace; None if it is in no repository, or git is not installed."""
        if not any(Repository.of(folder) for folder in (root, *root.parents)):
            return None
        git = find_git(root)
        return None if git is None else cls(git, root)

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.close()
        self._processes.clear()
        self._blobs = None

    def head(self) -> Generator[None, None, Head]:
        """Where the workspace stands now."""
        answer = yield from self._run(("rev-parse", "--show-prefix", "--absolute-git-dir", "HEAD"), b"", _NAME_BYTES)
        lines = answer.rstrip(b"\n").split(b"\n")
        if len(lines) != 3:
            raise GitError("the repository lies in a folder whose name git cannot tell")
        prefix, folder, commit = lines
        return Head(Path(folder.decode("utf-8", "surrogateescape")), prefix, commit.decode("ascii", "replace"))

    def messages(self, head: Head, most: int) -> Generator[None, None, bytes]:
        """The newest commits that are no merges: hash, time, author, address and message, a zero byte before each."""
        # `rev-list` says `commit HASH` before each, at the end of the message before.
        arguments = ("rev-list", "--no-merges", f"--max-count={most}", "--encoding=UTF-8", _MESSAGE, head.commit)
        return (yield from self._run((*arguments, *_under(head)), b"", _MESSAGES_BYTES))

    def files(self, head: Head, commits: Sequence[str]) -> Generator[None, None, bytes]:
        """The files that commits changed: the hash of each, then its entries of `--raw -z`.

        Nothing of commits without parents: the first one, and those where a shallow clone ends.
        """
        arguments = (*_DIFF, "--raw", "-z", *_under(head))
        return (yield from self._run_in_parts(arguments, commits, _FILES_BYTES))

    def patch(self, head: Head, commits: Sequence[str]) -> Generator[None, None, bytes]:
        """The changes of commits as patches without context."""
        arguments = (*_DIFF, "-p", "-U0", *_under(head))
        return (yield from self._run_in_parts(arguments, commits, _PATCH_BYTES))

    def blob(self, name: str) -> Generator[None, None, bytes | None]:
        """The content of a file by its hash; None if it is missing, as in a partial clone."""
        if self._blobs is None:
            self._blobs = self._start(("cat-file", "--batch"), None)
        self._blobs.ask(name.encode() + b"\n")
        answer = b""
        while b"\n" not in answer:
            answer += yield from self._some(self._blobs)
        line, _, content = answer.partition(b"\n")
        words = line.split(b" ")
        if len(words) != 3 or not words[2].isdigit():
            return None
        parts, left = [content], int(words[2]) + 1 - len(content)
        while left > 0:
            parts.append((yield from self._some(self._blobs)))
            left -= len(parts[-1])
        return b"".join(parts)[:-1]

    def _run_in_parts(
        self, arguments: Sequence[str], commits: Sequence[str], limit: int
    ) -> Generator[None, None, bytes]:
        """Run on commits, without those on which git fails because objects are missing."""
        try:
            return (yield from self._run(arguments, _as_lines(commits), limit))
        except GitFailedError:
            if len(commits) < 2:
                self._failures += 1
                if self._failures > _FAILURES:
                    raise
                return b""
        middle = len(commits) // 2
        first = yield from self._run_in_parts(arguments, commits[:middle], limit)
        return first + (yield from self._run_in_parts(arguments, commits[middle:], limit))

    def _run(self, arguments: Sequence[str], given: bytes, limit: int) -> Generator[None, None, bytes]:
        process = self._start(arguments, given)
        try:
            return (yield from process.all_output(limit))
        finally:
            process.close()
            if process in self._processes:
                self._processes.remove(process)

    def _start(self, arguments: Sequence[str], given: bytes | None) -> GitProcess:
        process = GitProcess(self._git, self._root, arguments, given)
        self._processes.append(process)
        return process

    def _some(self, process: GitProcess) -> Generator[None, None, bytes]:
        chunk = yield from process.output()
        if not chunk:
            raise GitError("git has ended")
        return chunk


def _as_lines(commits: Sequence[str]) -> bytes:
    return "".join(f"{commit}\n" for commit in commits).encode()


def _under(head: Head) -> tuple[str, ...]:
    # Git runs in the workspace's folder, and paths are relative to that.
    return ("--", ".") if head.prefix else ("--",)
