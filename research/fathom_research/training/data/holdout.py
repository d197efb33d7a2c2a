"""Functions of evaluation sets, which must not be trained on, recognised by a hash of their text.

The file lists, one a line and gzipped, the first 16 hex digits of the SHA-1 of each function's text with all white
space removed, as it stands and, for Python, without its docstrings.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path

from fathom_indexer.errors import FathomError


class HoldoutError(FathomError):
    """The list of held-out functions cannot be read; mining without it could train on an evaluation set."""


def fingerprint(code: str) -> str:
    """16 hex digits that stay the same however the code is laid out."""
    return hashlib.sha1("".join(code.split()).encode("utf-8", "replace")).hexdigest()[:16]


def load_holdout(path: Path) -> frozenset[str]:
    """The fingerprints of a holdout file. Raises `HoldoutError`."""
    try:
        with gzip.open(path, "rt", encoding="ascii") as lines:
            return frozenset(line.strip() for line in lines)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise HoldoutError(f"{path}: {error}") from error


def is_held_out(texts: Iterable[str], held: frozenset[str]) -> bool:
    """Whether any of the ways to write a function is held out."""
    return any(fingerprint(text) in held for text in texts)
