"""Runs semble's own ranking without its dense model, for comparison: BM25 alone, and BM25 with its ranking rules.

    echo '{"folder": "…", "queries": ["…"], "depth": 10}' | python benchmarks/semble_lexical.py

Needs `semble` (PyPI, MIT) and nothing of Fathom, so that it can run in an environment of its own. The dense model would
be downloaded; a stand-in takes its place, and semble's weight of the dense leg is set to 0. Writes one JSON object with
semble's version and, for both rankings, `[path, first line, last line]` of every result of every query.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np


class NoModel:
    """Gives every text the same vector."""

    dim = 1

    def encode(self, texts: Sequence[str], **_options: object) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Ones `[len(texts), 1]`."""
        return np.ones((len(texts), self.dim), dtype=np.float32)


def main() -> None:
    """Read the request from standard input, write the answer to standard output."""
    from semble.index.create import create_index_from_path  # noqa: PLC0415 - in the other environment only
    from semble.search import search  # noqa: PLC0415

    request = json.load(sys.stdin)
    model: Any = NoModel()
    folder = Path(request["folder"]).resolve()
    words, vectors, chunks, _ = create_index_from_path(folder, model, display_root=folder)
    rankings = {
        name: [
            [
                [result.chunk.file_path, result.chunk.start_line, result.chunk.end_line]
                for result in search(query, model, vectors, words, chunks, request["depth"], alpha=0.0, rerank=rules)
            ]
            for query in request["queries"]
        ]
        for name, rules in (("bm25", False), ("rules", True))
    }
    json.dump({"version": version("semble"), **rankings}, sys.stdout)


if __name__ == "__main__":
    main()
