"""Prepared pairs as a few small files, for a machine that is reached through a narrow door.

    python -m fathom_research.training.compact pack DATA/prepared/KEY OUT
    python -m fathom_research.training.compact unpack OUT FOLDER

Token ids are two bytes each, offsets become lengths, and every array is compressed by itself. Nothing of the pairs is
lost: `unpack` gives the arrays that `pack` read. Files are cut into parts of at most 24 MiB.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fathom_indexer.errors import FathomError, ModelError
from fathom_research.training.corpus import LOCK_NAME, PARTS

PART_BYTES = 24 << 20
INDEX_NAME = "index.json"

_CHUNK = 8_000_000
"""Values that are compressed at once: several threads share a long array."""
# Values are two bytes wide where there are most: literals and matches are then aligned to two.
_FILTERS = ({"id": lzma.FILTER_LZMA2, "preset": 7, "lc": 3, "lp": 1, "pb": 1},)

Array = NDArray[np.generic]


def pack(folder: Path, out: Path) -> None:
    """Write the prepared corpus in `folder` as parts in `out`. Raises `ModelError` when there is none."""
    try:
        arrays = {name: np.load(folder / f"{name}.npy") for name in PARTS}
        lock = (folder / LOCK_NAME).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no prepared pairs: {error}") from error
    arrays["offsets"] = np.diff(arrays["offsets"]).astype(np.uint16)
    arrays["groups"] = np.diff(arrays["groups"], prepend=0).astype(np.int32)
    for split in ("train", "validation"):
        arrays[split] = np.ascontiguousarray(np.diff(arrays[split], axis=0, prepend=0).astype(np.int32).T)
    index = [
        {"name": name, "type": array.dtype.str, "shape": list(array.shape), "chunks": -(-array.size // _CHUNK)}
        for name, array in arrays.items()
    ]
    blocks = list(_compressed(list(arrays.values())))
    content = b"".join(blocks)
    out.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(content), PART_BYTES)):
        (out / f"pairs.{number:03d}").write_bytes(content[start : start + PART_BYTES])
    (out / INDEX_NAME).write_text(
        json.dumps({"arrays": index, "blocks": [len(block) for block in blocks], "lock": lock}) + "\n"
    )


def unpack(packed: Path, folder: Path) -> None:
    """Write what `pack` made as a prepared corpus. Raises `ModelError` when a part is missing or damaged."""
    try:
        index = json.loads((packed / INDEX_NAME).read_text(encoding="utf-8"))
        content = b"".join(part.read_bytes() for part in sorted(packed.glob("pairs.*")))
        bounds = np.cumsum([0, *index["blocks"]])
        if bounds[-1] != len(content):
            raise ModelError(f"{packed}: {len(content)} bytes of {bounds[-1]}; a part is missing")
        with ThreadPoolExecutor() as pool:
            pieces = [content[start:end] for start, end in pairwise(bounds)]
            blocks = iter(list(pool.map(lzma.decompress, pieces)))
    except (OSError, ValueError, KeyError, lzma.LZMAError) as error:
        raise ModelError(f"{packed} cannot be unpacked: {error}") from error
    arrays: dict[str, Array] = {}
    for entry in index["arrays"]:
        values = np.frombuffer(b"".join(next(blocks) for _ in range(entry["chunks"])), np.dtype(entry["type"]))
        arrays[entry["name"]] = values.reshape(entry["shape"])
    arrays["offsets"] = np.concatenate([[0], np.cumsum(arrays["offsets"], dtype=np.int64)])
    arrays["groups"] = np.cumsum(arrays["groups"], dtype=np.int32)
    for split in ("train", "validation"):
        arrays[split] = np.cumsum(arrays[split].T, axis=0, dtype=np.int32)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / LOCK_NAME).write_text(index["lock"], encoding="utf-8", newline="")


def _compressed(arrays: Sequence[Array]) -> Iterator[bytes]:
    """The arrays' bytes, chunk by chunk."""
    chunks = [
        np.ascontiguousarray(array).reshape(-1)[start : start + _CHUNK]
        for array in arrays
        for start in range(0, array.size, _CHUNK)
    ]
    with ThreadPoolExecutor() as pool:
        yield from pool.map(lambda chunk: lzma.compress(chunk.tobytes(), lzma.FORMAT_XZ, filters=_FILTERS), chunks)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.compact", description=__doc__)
    parser.add_argument("action", choices=["pack", "unpack"])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    try:
        (pack if options.action == "pack" else unpack)(options.source, options.out)
    except (FathomError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
