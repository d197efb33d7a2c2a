"""Brings an index up to date: files -> functions -> vectors, in steps short enough to be interrupted by a search."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from fathom_indexer.config import Config
from fathom_indexer.encoder import Encoder, TextKind, code_text, text_key
from fathom_indexer.errors import QueryError
from fathom_indexer.languages import extract, language_named
from fathom_indexer.resident import ResidentVectors, VectorTarget
from fathom_indexer.storage import FileState, Store
from fathom_indexer.types import FileRecord, Progress, SkippedFile, Stage
from fathom_indexer.workspace import UNREADABLE, VANISHED, SourceFile, read_source, scan

log = logging.getLogger(__name__)

_SCAN_STEP = 500
"""Files looked at between two steps of the scan."""

_EMBED_WINDOW = 2048
"""Texts that are sorted by length together: enough that a batch holds texts of one length."""


UNPARSABLE = "cannot be parsed"


class IndexPipeline:
    """Updates one store from one workspace. `encoder` is called when there is something to embed."""

    def __init__(
        self,
        root: Path,
        config: Config,
        store: Store,
        target: VectorTarget,
        encoder: Callable[[], Encoder],
        resident: ResidentVectors,
    ) -> None:
        self._root = root
        self._config = config
        self._store = store
        self._target = target
        self._encoder = encoder
        self._resident = resident

    def steps(self, paths: Sequence[str] | None) -> Iterator[Progress]:
        """Bring the store up to date with the files and embed what is new, step by step.

        `paths`, relative to the root, restricts the look at the files; None looks at the whole workspace. After the
        `PARSE` stage everything can be found by words. Stopping between two steps loses nothing.
        """
        yield from self._read_files(paths)
        yield from self._embed()
        yield Progress(Stage.READY, 1, 1)

    def _read_files(self, paths: Sequence[str] | None) -> Iterator[Progress]:
        known = self._store.file_states()
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
        unreadable = tuple(item.path for item in skipped if item.path.endswith("/") and item.reason == UNREADABLE)
        self._forget(known, {file.path for file in found} | {item.path for item in skipped}, paths, unreadable)
        # The scan's own verdicts carry no time: they are reached anew with every scan.
        self._skip([(item, FileState(0, 0, "")) for item in skipped])
        # A named path was written just now, perhaps within the clock's tick of the last look: its content decides.
        changed = [file for file in found if paths is not None or _differs(file, known.get(file.path))]
        for done, file in enumerate(changed, start=1):
            self._read_file(file, known.get(file.path))
            yield Progress(Stage.PARSE, done, len(changed))

    def _scan(self, paths: Sequence[str] | None) -> Iterator[SourceFile | SkippedFile]:
        if paths is None:
            yield from scan(self._root, self._config)
            return
        for path in dict.fromkeys(paths):
            yield from scan(self._root, self._config, under=path)

    def _forget(
        self, known: dict[str, FileState], seen: set[str], paths: Sequence[str] | None, unreadable: tuple[str, ...]
    ) -> None:
        # A folder that cannot be read just now (a share that is away, rights that change) has not lost its files.
        gone = [
            path for path in known if path not in seen and _is_under(path, paths) and not path.startswith(unreadable)
        ]
        if gone:
            self._resident.functions_gone(self._store.remove_files(gone))

    def _skip(self, skipped: Sequence[tuple[SkippedFile, FileState]]) -> None:
        self._resident.functions_gone(self._store.put_skipped(skipped))

    def _read_file(self, file: SourceFile, known: FileState | None) -> None:
        source = read_source(self._root, file.path, self._config)
        if isinstance(source, SkippedFile):
            if source.reason == VANISHED:
                self._resident.functions_gone(self._store.remove_files([file.path]))
            else:
                self._skip([(source, FileState(file.size, file.mtime_ns, ""))])
            return
        content_hash = hashlib.sha256(source).hexdigest()
        if known is not None and known.content_hash == content_hash:
            self._store.touch_file(file.path, file.size, file.mtime_ns)
            return
        try:
            functions = extract(source, language_named(file.language))
        except (QueryError, ValueError, RuntimeError, RecursionError, MemoryError) as error:
            # One file that a grammar chokes on must not stop the rest.
            log.warning("%s cannot be parsed: %s", file.path, error)
            self._skip([(SkippedFile(file.path, UNPARSABLE), FileState(file.size, file.mtime_ns, ""))])
            return
        record = FileRecord(file.path, file.language, file.size, file.mtime_ns, content_hash)
        keyed = [(function, text_key(code_text(function, file.path))) for function in functions]
        gone, new = self._store.put_file(record, keyed)
        self._resident.functions_gone(gone)
        # Functions that only moved, or came back, have their vectors already.
        known_vectors = self._store.vectors_of(self._target.model, self._target.exit, new)
        if known_vectors:
            self._resident.functions_embedded(list(known_vectors), np.stack(list(known_vectors.values())))

    def _embed(self) -> Iterator[Progress]:
        model, layer = self._target.model, self._target.exit
        keys = self._store.texts_without_vector(model, layer)
        done = 0
        for start in range(0, len(keys), _EMBED_WINDOW):
            window = self._store.functions_with_text(keys[start : start + _EMBED_WINDOW])
            window_keys = list(window)
            texts = [code_text(window[key][0].function, window[key][0].path) for key in window_keys]
            for positions, vectors in self._encoder().encode_batches(texts, TextKind.CODE, (layer,)):
                batch_keys = [window_keys[position] for position in positions]
                self._store.put_vectors(model, layer, batch_keys, vectors[layer])
                # Copies of one text share its vector.
                rows = [row for row, key in enumerate(batch_keys) for _ in window[key]]
                ids = [stored.id for key in batch_keys for stored in window[key]]
                self._resident.functions_embedded(ids, vectors[layer][rows])
                done += len(positions)
                yield Progress(Stage.EMBED, done, len(keys))


def _differs(file: SourceFile, known: FileState | None) -> bool:
    return known is None or (known.size, known.mtime_ns) != (file.size, file.mtime_ns)


def _is_under(path: str, paths: Sequence[str] | None) -> bool:
    """Whether a look at `paths` should have found `path`."""
    return paths is None or any(path == named or path.startswith(named.rstrip("/") + "/") for named in paths)
