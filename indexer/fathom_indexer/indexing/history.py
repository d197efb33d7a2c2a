"""Reads what the workspace's newest commits say of its functions, in idle time.

Lines are told by content, not by date: a version of a file is known by git's hash of it, and where functions stood in
it follows from a newer version and the hunks between the two. Only where these do not tell is the version parsed. So
it makes no difference in which order branches are walked.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fathom_indexer.config import Config
from fathom_indexer.errors import QueryError
from fathom_indexer.indexing.commit_messages import Commit, parse_commits
from fathom_indexer.indexing.line_changes import (
    CommitFiles,
    Hunk,
    Span,
    parse_files,
    parse_patch,
    spans_before,
    spans_of,
    touched,
)
from fathom_indexer.languages import dialect, extract, language_of_path, to_utf8
from fathom_indexer.storage import CommitRecord, HistoryState, Store
from fathom_indexer.types import Progress, Stage
from fathom_indexer.workspace.git_log import GitLog, Head
from fathom_indexer.workspace.git_process import GitError

logger = logging.getLogger(__name__)

COMMITS = 1000
"""How many commits are read at most, the newest ones that are no merges."""

SLICE = 200
"""Commits whose patches are asked for at once."""

MOST_FILES = 20
"""A commit that changes more source files says little of each."""

MOST_FUNCTIONS = 300
"""The same for functions."""

_STORED_AT_ONCE = 25
"""Commits that are stored in one transaction."""

_VERSIONS_KEPT = 2000
"""Versions of files of which is remembered where functions stand."""


class HistoryReader:
    """Brings the history in one store up to date with the repository of one workspace."""

    def __init__(self, root: Path, config: Config, store: Store) -> None:
        self._root = root
        self._config = config
        self._store = store
        self._git: GitLog | None = None
        self._read: tuple[object, ...] | None = None
        """What stood for the repository's state when its history was read last."""
        self._git_folder: Path | None = None

    def close(self) -> None:
        """End all processes."""
        if self._git is not None:
            self._git.close()
            self._git = None

    def steps(self) -> Iterator[Progress]:
        """Read commits that were not read yet, step by step; stopping between two loses little.

        Without a repository, without git, and where git refuses or fails, there is no history and no error.
        """
        if not self._config.history:
            if self._store.history.state() is not None:
                self._store.history.clear()
            return
        stamp = self._stamp()
        if stamp is not None and stamp == self._read:
            return
        git = self._git = GitLog.of(self._root)
        if git is None:
            return
        try:
            for progress in self._walk(git):
                yield progress or Progress(Stage.DEEPEN, 0, 0)
        except GitError as error:
            logger.info("the history of %s is not read any further: %s", self._root, error)
        finally:
            git.close()
        # What failed would fail again, until something is committed.
        self._read = self._stamp()

    def _stamp(self) -> tuple[object, ...] | None:
        """Changes whenever `HEAD` moves; None where that cannot be told without git."""
        if self._git_folder is None:
            return None
        try:
            head = (self._git_folder / "HEAD").stat()
            log_of_head = (self._git_folder / "logs" / "HEAD").stat()
        except OSError:
            return None
        return head.st_mtime_ns, log_of_head.st_mtime_ns, log_of_head.st_size

    def _walk(self, git: GitLog) -> Generator[Progress | None, None, None]:
        head = yield from git.head()
        self._git_folder = head.git_folder
        repository = f"{head.git_folder}\n{head.prefix!r}".encode("utf-8", "replace").decode()
        known = self._store.history.state()
        if known is not None and known.repository != repository:
            self._store.history.clear()
            known = None
        if known is not None and known.complete and known.head == head.commit:
            return
        commits = parse_commits((yield from git.messages(head, COMMITS)))
        seen = frozenset() if known is None else known.seen
        listed = {commit.name for commit in commits}
        if seen and seen.isdisjoint(listed):
            # Another history altogether.
            self._store.history.clear()
            seen = frozenset()
        self._forget(seen, commits)
        todo = [commit for commit in commits if commit.name not in seen]
        # Of a walk that was not finished, newer commits may have renamed what older ones changed.
        asked = commits if known is None or not known.complete else todo
        files = parse_files((yield from git.files(head, [commit.name for commit in asked])))
        state = HistoryState(repository, head.commit, seen & listed, False)
        walk = _Walk(git, head, self._store, _renames(files.values(), head.prefix))
        for start in range(0, len(todo), SLICE):
            state = yield from self._read_slice(walk, todo[start : start + SLICE], files, state, start, len(todo))
        self._store.history.add([], replace(state, complete=True))

    def _forget(self, seen: frozenset[str], commits: Sequence[Commit]) -> None:
        """Forget commits that were read once and are not of this history, or were reverted since."""
        undone = {commit.name for commit in commits if not commit.subject} & seen
        if undone:
            self._store.history.forget(undone)
        if abandoned := seen - {commit.name for commit in commits}:
            # Commits that are older than all that are listed merely have become too many.
            oldest = min(commit.time for commit in commits) if len(commits) >= COMMITS else None
            self._store.history.forget(abandoned, oldest)

    def _read_slice(
        self,
        walk: _Walk,
        commits: Sequence[Commit],
        files: Mapping[str, CommitFiles],
        state: HistoryState,
        done: int,
        total: int,
    ) -> Generator[Progress | None, None, HistoryState]:
        changes = {commit.name: walk.changes(files.get(commit.name)) for commit in commits if commit.subject}
        hunks = yield from walk.hunks([name for name, found in changes.items() if found])
        records: list[CommitRecord] = []
        names: list[str] = []
        for number, commit in enumerate(commits, start=1):
            changed = yield from walk.changed(changes.get(commit.name, []), hunks)
            if 0 < sum(map(len, changed.values())) <= MOST_FUNCTIONS:
                records.append(CommitRecord(commit.name, commit.time, commit.subject, changed))
            names.append(commit.name)
            if len(names) >= _STORED_AT_ONCE or number == len(commits):
                state = replace(state, seen=state.seen | set(names))
                self._store.history.add(records, state)
                records, names = [], []
            yield Progress(Stage.DEEPEN, done + number, total)
        return state


@dataclass(frozen=True, slots=True)
class _Change:
    """A changed file that is in the index, under the path that it has there."""

    path: str
    new: str
    old: str


class _Walk:
    """Maps changed lines to functions, newest commits first."""

    def __init__(self, git: GitLog, head: Head, store: Store, renames: Mapping[str, str]) -> None:
        """`renames` says what files became, by the paths that they had."""
        self._git = git
        self._head = head
        self._store = store
        self._renames = renames
        self._versions: dict[str, list[Span]] = {}
        """Where functions stand in versions of files, by git's hash of these."""
        self._paths: dict[str, str | None] = {}

    def changes(self, files: CommitFiles | None) -> list[_Change]:
        """The files that count of those that a commit changed; none if they are too many."""
        if files is None:
            return []
        sources = [file for file in files.files if language_of_path(_text(file.path)) is not None]
        if len(sources) > MOST_FILES:
            return []
        found = ((self._path_now(_inside(file.path, self._head.prefix)), file) for file in sources)
        return [_Change(path, file.new, file.old) for path, file in found if path is not None]

    def hunks(self, commits: Sequence[str]) -> Generator[None, None, dict[tuple[str, str], list[Hunk]]]:
        """What was changed in files by what they were and became."""
        return parse_patch((yield from self._git.patch(self._head, commits))) if commits else {}

    def changed(
        self, changes: Sequence[_Change], hunks: Mapping[tuple[str, str], Sequence[Hunk]]
    ) -> Generator[None, None, dict[str, set[str]]]:
        """The functions in which changes are, names by path."""
        found: dict[str, set[str]] = {}
        for change in changes:
            parts = hunks.get((change.old, change.new))
            if not parts:
                continue
            spans = yield from self._spans(change)
            if names := touched(spans, parts):
                found.setdefault(change.path, set()).update(names)
            if change.old not in self._versions and (before := spans_before(spans, parts)) is not None:
                self._keep(change.old, before)
            yield
        return found

    def _path_now(self, path: str) -> str | None:
        """The path in the index of a file that had this one, if it is there."""
        if path not in self._paths:
            now: str | None = path
            tried: set[str] = set()
            while now is not None and now not in tried and not self._store.has_file(now):
                tried.add(now)
                now = self._renames.get(now)
            self._paths[path] = None if now in tried else now
        return self._paths[path]

    def _spans(self, change: _Change) -> Generator[None, None, list[Span]]:
        if change.new not in self._versions:
            content = yield from self._git.blob(change.new)
            self._keep(change.new, [] if content is None else self._parsed(change.path, to_utf8(content)))
        return self._versions[change.new]

    def _parsed(self, path: str, source: bytes) -> list[Span]:
        if self._store.content_hash(path) == hashlib.sha256(source).hexdigest():
            return spans_of(stored.function for stored in self._store.functions_of(path))
        language = language_of_path(path)
        if language is None:
            return []
        try:
            return spans_of(extract(source, dialect(language, source)))
        except (QueryError, ValueError, RuntimeError, RecursionError, MemoryError):
            return []

    def _keep(self, version: str, spans: list[Span]) -> None:
        self._versions[version] = spans
        if len(self._versions) > _VERSIONS_KEPT:
            del self._versions[next(iter(self._versions))]


def _renames(commits: Iterable[CommitFiles], prefix: bytes) -> dict[str, str]:
    """What files became, by the paths that they had; the newest of several renames counts."""
    found: dict[str, str] = {}
    for commit in commits:
        for file in commit.files:
            if file.old_path != file.path:
                found.setdefault(_inside(file.old_path, prefix), _inside(file.path, prefix))
    return found


def _inside(path: bytes, prefix: bytes) -> str:
    """A path relative to the workspace, of one that is relative to the repository."""
    return _text(path.removeprefix(prefix))


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
