"""Pinned packages of code that others wrote, from the registries by their own clients; each is downloaded once."""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import platformdirs
from commands import run

if TYPE_CHECKING:
    from collections.abc import Callable

SYSTEM_PYTHON = Path(sys.base_prefix) / "bin" / "python3"
"""The Python outside the virtual environment of the tests, which has no pip."""


def cache_folder() -> Path:
    """Where downloads are kept from one run to the next: FATHOM_TESTS_CACHE, else the user's cache."""
    given = os.environ.get("FATHOM_TESTS_CACHE")
    return Path(given) if given else platformdirs.user_cache_path("fathom-tests")


def pip(*arguments: str | Path) -> None:
    """Run pip. Raises `CommandFailedError`."""
    run(SYSTEM_PYTHON, "-m", "pip", "--quiet", *arguments)


def from_pypi(name: str, version: str, folder: Path) -> None:
    """Unpack the wheel of a package. Raises `CommandFailedError`."""

    def fetch(made: Path) -> None:
        pip("download", "--no-deps", "--only-binary=:all:", "--dest", made, f"{name}=={version}")

    with ZipFile(_kept(f"{name}-{version}.whl", fetch)) as archive:
        archive.extractall(folder)


def from_npm(name: str, version: str, folder: Path) -> None:
    """Unpack a package. Raises `CommandFailedError`."""

    def fetch(made: Path) -> None:
        run("npm", "pack", "--silent", "--ignore-scripts", f"{name}@{version}", cwd=made)

    with tarfile.open(_kept(f"{name.replace('/', '-')}-{version}.tgz", fetch)) as archive:
        archive.extractall(folder, filter="data")


def _kept(name: str, fetch: Callable[[Path], None]) -> Path:
    """An archive in the cache, which `fetch` puts into an empty folder if it is not there."""
    archive = cache_folder() / name
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=archive.parent) as made:
            fetch(Path(made))
            [fetched] = Path(made).iterdir()
            # Renamed when complete, so that a run that was interrupted leaves nothing that looks whole.
            fetched.rename(archive)
    return archive
