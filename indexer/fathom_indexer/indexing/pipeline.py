"""Brings an index up to date: files -> functions -> vectors, in steps short enough to be interrupted by a search."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fathom_indexer.config import Config
from fathom_indexer.encoder import Encoder, TextKind, code_text, text_key
from fathom_indexer.errors import QueryError, WorkspaceError
from fathom_indexer.indexing.backlog import EmbeddingBacklog
from fathom_indexer.indexing.history import HistoryReader
from fathom_indexer.indexing.priority import FilePriority
from fathom_indexer.languages import extract, language_named, to_utf8
from fathom_indexer.storage import FileState, Store, StoredFunction
from fathom_indexer.types import FileRecord, Progress, SkippedFile, Stage
from fathom_indexer.vectors.cache import VectorCache
from fathom_indexer.workspace import (
    UNREADABLE,
    VANISHED,
    SourceFile,
    forget_apart,
    index_path,
    other_worktrees,
    printable,
    read_source,
    root_trouble,
    scan,
)

log = logging.getLogger(__name__)

_SCAN_STEP = 200
"""Files looked at between two steps of the scan."""

_WINDOW = 64
"""Texts that are read and sorted by length together. With more of them batches hold less padding, but that shows only
from some hundreds on; and searches wait until they are read."""

_BORROWED_AT_ONCE = 2000
"""Texts that another index is asked for in one step."""

_FEW_NEW = 16
"""Up to so many new texts are embedded at the rerank exit too, in the same pass: somebody is writing them just now."""

_SECONDS_A_DAY = 86_400
_KEPT_DAYS = 14
"""How long vectors are kept of texts that no file has any more: branches are switched back to."""

_KEPT_TEXTS = 2
"""How many such texts are kept at most, in multiples of the functions there are."""

_FEW = 10_000
"""Functions from which on that limit counts."""


_TICK_NS = 2_000_000_000
"""The coarsest clock of the file systems in use."""

UNPARSABLE = "cannot be parsed"


@dataclass(frozen=True, slots=True)
class Exits:
    """The exits that vectors are made of."""

    model: str
    index: int
    rerank: int


@dataclass(slots=True)
class _Run:
    """One look at the files."""

    unread: int
    """Files that are known to differ from the index and were not read yet; at least one while that is not known."""


class IndexPipeline:
    """Updates one store from one workspace. `encoder` is called when there is something to embed."""

    def __init__(
        self,
        root: Path,
        config: Config,
        store: Store,
        exits: Exits,
        encoder: Callable[[], Encoder],
        resident: VectorCache,
        interest: FilePriority,
    ) -> None:
        """`resident` are the vectors of the index exit in memory; files of `interest` are embedded first."""
        self._root = root
        self._config = config
        self._store = store
        self._exits = exits
        self._encoder = encoder
        self._resident = resident
        self._interest = interest
        self._lacking = EmbeddingBacklog(store, exits.model)
        self._history = HistoryReader(root, config, store)
        self._runs: dict[bool, _Run] = {}
        """The last look at the whole workspace, by True, and the last one at some files."""

    def close(self) -> None:
        """End the processes that it has started."""
        self._history.close()

    @property
    def unread(self) -> int:
        """Files that are known to differ from the index, or may, and were not read yet."""
        return sum(run.unread for run in self._runs.values())

    def steps(self, paths: Sequence[str] | None) -> Iterator[Progress]:
        """Bring the store up to date with the files and embed what is new, step by step.

        `paths`, relative to the root, restricts the look at the files; None looks at the whole workspace. After the
        `PARSE` stage everything can be found by words. Stopping between two steps loses nothing. Raises
        `WorkspaceError` when the root is away, and forgets none of its files then.
        """
        if paths is not None:
            self._interest.note(paths)
            run = _Run(len(paths))
        else:
            # It reads whatever was named before, too.
            self._runs.clear()
            # Where everything had its vector, all files were read: whether others came since is found out first.
            run = _Run(0 if self._store.is_complete(self._exits.model, self._exits.index) else 1)
        self._runs[paths is None] = run
        return self._steps(paths, run)

    def _steps(self, paths: Sequence[str] | None, run: _Run) -> Iterator[Progress]:
        try:
            yield from self._read_files(paths, run)
            run.unread = 0
            yield from self._embed_all()
            yield Progress(Stage.READY, 1, 1)
        except GeneratorExit:
            # What was left is somebody else's to do. After an error it stays to be done.
            run.unread = 0
            raise

    def idle_steps(self) -> Iterator[Progress]:
        """What can wait: vectors of the rerank exit for everything, what commits say, forgetting vectors long unused.

        Step by step; stopping between two loses nothing.
        """
        exits = self._exits
        if exits.rerank != exits.index:
            todo = yield from self._todo(Stage.DEEPEN, exits.rerank)
            yield from self._embed(Stage.DEEPEN, todo, (exits.rerank,))
            self._lacking.all_made(exits.rerank)
        yield from self._history.steps()
        self._prune()

    def _prune(self) -> None:
        today = int(time.time() // _SECONDS_A_DAY)
        in_use = (self._exits.index, self._exits.rerank)
        if self._store.last_pruned(self._exits.model, in_use) == today:
            return
        if self._store.path is not None:
            # Says that it is in use, for as long as a process may run.
            with contextlib.suppress(OSError):
                os.utime(self._store.path.parent)
        forget_apart(self._config, (today - _KEPT_DAYS) * _SECONDS_A_DAY)
        most = _KEPT_TEXTS * max(self._store.counts()[1], _FEW)
        if pruned := self._store.prune(self._exits.model, in_use, today, _KEPT_DAYS, most):
            log.info("forgot %d vectors that nothing has used for long", pruned)

    def _read_files(self, paths: Sequence[str] | None, run: _Run) -> Iterator[Progress]:
        self._check_root()
        # A name that is no text stands in the index as it is shown.
        known = self._store.file_states(None if paths is None else [printable(path) for path in paths])
        found: list[SourceFile] = []
        skipped: list[SkippedFile] = []
        seen = 0
        for item in self._scan(paths):
            if isinstance(item, SourceFile):
                found.append(item)
            else:
                skipped.append(item)
            seen += 1
            if seen % _SCAN_STEP == 0:
                yield Progress(Stage.SCAN, seen, seen)
        yield Progress(Stage.SCAN, seen, seen)
        # What was not seen because the root went away meanwhile is not gone.
        self._check_root()
        unreadable = tuple(item.path for item in skipped if item.path.endswith("/") and item.reason == UNREADABLE)
        self._forget(known, {file.path for file in found} | {item.path for item in skipped}, unreadable)
        # The scan's own verdicts carry no time: they are reached anew with every scan.
        self._skip([(item, FileState(0, 0, "")) for item in skipped])
        # A named path was written just now, perhaps within the clock's tick of the last look: its content decides.
        changed = [file for file in found if paths is not None or _differs(file, known.get(file.path))]
        run.unread = len(changed)
        for done, file in enumerate(changed, start=1):
            for _ in self._read_file(file, known.get(file.path)):
                yield Progress(Stage.PARSE, done - 1, len(changed))
            run.unread = len(changed) - done
            yield Progress(Stage.PARSE, done, len(changed))

    def _check_root(self) -> None:
        if trouble := root_trouble(self._root):
            raise WorkspaceError(trouble)

    def _scan(self, paths: Sequence[str] | None) -> Iterator[SourceFile | SkippedFile]:
        if paths is None:
            yield from scan(self._root, self._config)
            return
        for path in dict.fromkeys(paths):
            yield from scan(self._root, self._config, under=path)

    def _forget(self, known: Mapping[str, FileState], seen: set[str], unreadable: tuple[str, ...]) -> None:
        # A folder that cannot be read just now (a share that is away, rights that change) has not lost its files.
        gone = [path for path in known if path not in seen and not path.startswith(unreadable)]
        if gone:
            self._gone(self._store.remove_files(gone))

    def _skip(self, skipped: Sequence[tuple[SkippedFile, FileState]]) -> None:
        self._gone(self._store.put_skipped(skipped))

    def _gone(self, ids: Sequence[int]) -> None:
        self._resident.functions_gone(ids)

    def _read_file(self, file: SourceFile, known: FileState | None) -> Iterator[None]:
        """Bring the store up to date with one file: parse it, which may take a moment, then store what it has."""
        changed_ns = _trusted(file.changed_ns)
        source = read_source(self._root, file.path, self._config)
        if isinstance(source, SkippedFile):
            # The file may be as it was, and the root be away.
            self._check_root()
            if source.reason == VANISHED:
                self._gone(self._store.remove_files([file.path]))
            else:
                # Whether a file can be read now shows in none of its times.
                known_time = 0 if source.reason == UNREADABLE else changed_ns
                self._skip([(source, FileState(file.size, known_time, ""))])
            return
        # What an editor has of the file, which knows its encoding, is the same.
        source = to_utf8(source)
        content_hash = hashlib.sha256(source).hexdigest()
        if known is not None and known.content_hash == content_hash:
            self._store.touch_file(file.path, file.size, changed_ns)
            return
        try:
            functions = extract(source, language_named(file.language))
        except (QueryError, ValueError, RuntimeError, RecursionError, MemoryError) as error:
            # One file that a grammar chokes on must not stop the rest.
            log.warning("%s cannot be parsed", file.path, exc_info=error)
            # What there was no memory for may be read the next time.
            known_time = 0 if isinstance(error, MemoryError) else changed_ns
            self._skip([(SkippedFile(file.path, UNPARSABLE), FileState(file.size, known_time, ""))])
            return
        record = FileRecord(file.path, file.language, file.size, changed_ns, content_hash)
        yield
        keyed = [(function, text_key(code_text(function, file.path))) for function in functions]
        replaced = self._store.put_file(record, keyed)
        self._lacking.file_read(file.path)
        self._gone(replaced.gone)
        # Functions that came from elsewhere, or came back, have their vectors already.
        known_vectors = self._store.vectors_of(self._exits.model, self._exits.index, replaced.new)
        if known_vectors:
            self._resident.functions_embedded(list(known_vectors), np.stack(list(known_vectors.values())))

    def _embed_all(self) -> Iterator[Progress]:
        """Embed what lacks a vector at the index exit."""
        exits = self._exits
        todo = yield from self._todo(Stage.EMBED, exits.index)
        layers = {exits.index, exits.rerank} if len(_distinct(todo)) <= _FEW_NEW else {exits.index}
        yield from self._embed(Stage.EMBED, todo, sorted(layers, key=lambda layer: layer != exits.index))
        self._lacking.all_made(exits.index)
        self._resident.repair()

    def _todo(self, stage: Stage, layer: int) -> Generator[Progress, None, dict[str, list[str]]]:
        """Keys of the texts to embed, by path. If they are many, indexes of the repository's other worktrees help out
        first."""
        model = self._exits.model
        todo = self._lacking.texts(layer)
        keys = _distinct(todo)
        if len(keys) <= _FEW_NEW:
            return todo
        for other in other_worktrees(self._root):
            index = index_path(other, self._config)
            if index == self._store.path or not index.exists():
                continue
            for start in range(0, len(keys), _BORROWED_AT_ONCE):
                self._store.borrow_vectors(index, model, layer, keys[start : start + _BORROWED_AT_ONCE])
                yield Progress(stage, start, len(keys))
            todo = self._lacking.texts(layer)
            keys = _distinct(todo)
            self._resident.forget()
        return todo

    def _embed(self, stage: Stage, todo: dict[str, list[str]], layers: Sequence[int]) -> Iterator[Progress]:
        """Embed the texts of files."""
        model = self._exits.model
        total = len(_distinct(todo))
        done = 0
        for chosen in self._windows(todo):
            # Some may have been embedded meanwhile, by a search or another process, and some may be gone.
            found = self._store.functions_with_text(self._store.lacking(model, layers[0], chosen))
            done += len(chosen) - len(found)
            # To find out what is to be done is a step of its own.
            yield Progress(stage, done, total)
            for count in self._embed_texts(found, layers):
                done += count
                yield Progress(stage, done, total)

    def _windows(self, todo: dict[str, list[str]]) -> Iterator[list[str]]:
        """The texts, each once, in windows: files of interest first. Which these are is asked anew for every file."""
        left = dict(todo)
        taken: set[str] = set()
        window: list[str] = []
        for path in todo:
            while path in left:
                soonest = next((soon for soon in self._interest.paths() if soon in left), path)
                new = [key for key in dict.fromkeys(left.pop(soonest)) if key not in taken]
                taken.update(new)
                window += new
                while len(window) >= _WINDOW:
                    yield window[:_WINDOW]
                    del window[:_WINDOW]
        if window:
            yield window

    def _embed_texts(self, found: Mapping[str, Sequence[StoredFunction]], layers: Sequence[int]) -> Iterator[int]:
        """Embed texts and keep the vectors; yields how many with each step."""
        keys = list(found)
        texts = [code_text(found[key][0].function, found[key][0].path) for key in keys]
        for positions, vectors in self._encoder().encode_batches(texts, TextKind.CODE, layers):
            batch_keys = [keys[position] for position in positions]
            # Copies of one text share its vector.
            rows = [row for row, key in enumerate(batch_keys) for _ in found[key]]
            ids = [stored.id for key in batch_keys for stored in found[key]]
            for layer in layers:
                self._store.put_vectors(self._exits.model, layer, batch_keys, vectors[layer])
            if self._exits.index in layers:
                self._resident.functions_embedded(ids, vectors[self._exits.index][rows])
            yield len(positions)


def _differs(file: SourceFile, known: FileState | None) -> bool:
    return known is None or (known.size, known.changed_ns) != (file.size, file.changed_ns)


def _trusted(changed_ns: int) -> int:
    """The time to remember of a file that has just been read.

    One that was changed a moment ago may be changed again within the tick of the file system's clock, to the same size
    and time: it gets a time that it does not have, so that the next look reads it again.
    """
    return changed_ns - 1 if abs(time.time_ns() - changed_ns) < _TICK_NS else changed_ns


def _distinct(todo: Mapping[str, Sequence[str]]) -> list[str]:
    """All keys, each once."""
    return list(dict.fromkeys(key for keys in todo.values() for key in keys))
