"""Every file that the documentation names exists."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BASES = [
    ROOT,
    *(ROOT / base for base in ("indexer", "server", "indexer/fathom_indexer", "server/fathom_server", "tests")),
]
"""Folders that documented paths may be relative to."""

EXAMPLES = re.compile(r"\bbrook\b")
"""Files of the invented language in CONTRIBUTING.md."""

FILE = re.compile(r"`((?:[\w.*-]+/)+[\w.*-]+\.\w+)(?:::\w+)?`")


def pages() -> list[Path]:
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name[0] != "." and name not in ("node_modules", "fixtures")]
        found += [Path(folder, name) for name in files if name.endswith(".md")]
    return sorted(found)


def missing_files(page: Path) -> list[str]:
    """Paths on a page that begin with a folder of the project and name no file."""
    text = page.read_text(encoding="utf-8")
    paths = {path for path in FILE.findall(text) if not EXAMPLES.search(path)}
    bases = [*BASES, page.parent]
    return sorted(
        path
        for path in paths
        if any((base / path.partition("/")[0]).is_dir() for base in bases)
        and not any(any(base.glob(path)) for base in bases)
    )


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_a_page_names_exist(page: Path) -> None:
    assert missing_files(page) == []


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`docs/protocol.md`, `encoder/text.py`, `docs/no_such_page.md`, `lending/fines.py`", encoding="utf-8"
    )
    assert missing_files(page) == ["docs/no_such_page.md"]
