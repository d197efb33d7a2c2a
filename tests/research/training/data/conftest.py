"""Made-up packages, so that no test asks a registry."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from fathom_research.training.data.manifest import Package

PYTHON = '''
"""A module."""


def merge_intervals(intervals):
    """Joins intervals that overlap into one each.

    Args:
        intervals: pairs of numbers.
    """
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def undocumented(values):
    total = 0
    for value in values:
        total += value
    return total


class Shelf:
    def get_width(self):
        """Returns the width of the shelf."""
        return self.width

    @staticmethod
    def widest(shelves, default=None):
        """Find the shelf that takes the most room.

        >>> Shelf.widest([])
        """
        best = default
        for shelf in shelves:
            if best is None or shelf.width > best.width:
                best = shelf
        return best
'''

GO = """package shelf

// mergeIntervals joins intervals that overlap into one each.
func mergeIntervals(intervals []Interval) []Interval {
	var merged []Interval
	for _, next := range sorted(intervals) {
		if len(merged) > 0 && next.Start <= merged[len(merged)-1].End {
			merged[len(merged)-1].End = max(merged[len(merged)-1].End, next.End)
		} else {
			merged = append(merged, next)
		}
	}
	return merged
}
"""


def _wheel(path: Path, name: str, files: Mapping[str, str], licence: str = "MIT") -> Path:
    """A wheel with some source files."""
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            archive.writestr(inside, content)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nLicense-Expression: {licence}\n\nAbout {name}.\n"
        archive.writestr(f"{name}-1.0.dist-info/METADATA", metadata)
    return path


def _tarball(path: Path, files: Mapping[str, str]) -> Path:
    """A gzipped tar archive with some files."""
    with tarfile.open(path, "w:gz") as archive:
        for inside, content in files.items():
            data = content.encode()
            member = tarfile.TarInfo(inside)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def _npm_package(path: Path, files: Mapping[str, str], licence: str = "MIT") -> Path:
    """An archive as `npm pack` makes it."""
    inside = {f"package/{name}": content for name, content in files.items()}
    return _tarball(path, {"package/package.json": json.dumps({"license": licence}), **inside})


@pytest.fixture
def wheel() -> Callable[..., Path]:
    return _wheel


@pytest.fixture
def tarball() -> Callable[..., Path]:
    return _tarball


@pytest.fixture
def npm_package() -> Callable[..., Path]:
    return _npm_package


@pytest.fixture
def python_source() -> str:
    return PYTHON


@pytest.fixture
def go_source() -> str:
    return GO


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[Path], object]]:
    """Stands in for the registries' clients: package key -> what puts its archives into a folder.

    Fetching a package that is not there fails as a registry does.
    """
    from fathom_research.training.data import fetch

    known: dict[str, Callable[[Path], object]] = {}

    def run_client(package: Package, folder: Path) -> None:
        if package.key not in known:
            raise fetch.FetchError(f"{package.name}: no such package")
        known[package.key](folder)

    monkeypatch.setattr(fetch, "_run_client", run_client)
    return known
