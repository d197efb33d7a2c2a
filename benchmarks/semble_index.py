"""Times semble's indexing of a folder, for comparison: `python benchmarks/semble_index.py FOLDER`.

Needs `semble` (PyPI, MIT) and nothing of Fathom, so that it can run in an environment of its own. Its model would be
downloaded; a table of random vectors of the same shape takes its place, which is looked up in the same way: weights do
not change how long that takes. Writes one JSON object of figures.
"""

from __future__ import annotations

import json
import re
import sys
import time
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROWS, DIM = 62_500, 256
"""About the 16 million numbers of its default model."""

_TOKEN = re.compile(r"\w+|[^\w\s]")


class StandIn:
    """Averages a table's vectors of a text's tokens, as a static model does."""

    dim = DIM

    def __init__(self) -> None:
        self._table = np.random.default_rng(0).standard_normal((ROWS, DIM)).astype(np.float32)

    def encode(self, texts: Sequence[str], **_options: object) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Vectors `[len(texts), 256]`."""
        rows = [
            self._table[[zlib.crc32(token.encode()) % ROWS for token in _TOKEN.findall(text)] or [0]] for text in texts
        ]
        return np.stack([row.mean(axis=0) for row in rows])


def main() -> None:
    """Command line."""
    from semble.index.create import create_index_from_path  # noqa: PLC0415 - in the other environment only

    folder = Path(sys.argv[1]).resolve()
    model: Any = StandIn()
    start = time.perf_counter()
    _, _, chunks, _ = create_index_from_path(folder, model, display_root=folder)
    seconds = time.perf_counter() - start
    name = f"semble {version('semble')}"
    json.dump({f"{name}, full index, s": seconds, f"{name}, chunks": len(chunks)}, sys.stdout)


if __name__ == "__main__":
    main()
