"""Downloading packages through the registries' own clients, and reading their files out of the archives."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from fathom_indexer.errors import FathomError
from fathom_research.training.data.manifest import Package

_ARCHIVES = (".whl", ".tgz", ".deb", ".tar.gz", ".tar.bz2", ".tar.xz")
_DOWNLOAD_SECONDS = 1800
_DEBIAN_SIGNATURE = ".asc"


class FetchError(FathomError):
    """A package cannot be downloaded, or its archive cannot be read."""


@dataclass(frozen=True, slots=True)
class Download:
    """The archives of one package at one version, with their SHA-256."""

    version: str
    archives: tuple[Path, ...]
    hashes: dict[str, str]


def download(package: Package, folder: Path) -> Download:
    """Fetch a package into `folder`, or take what an earlier run has left there. Raises `FetchError`.

    The registry's client writes to a folder beside it, renamed when complete, so that a kill leaves nothing half done.
    """
    if not folder.is_dir() or (package.version and _version(package, folder) != package.version):
        shutil.rmtree(folder, ignore_errors=True)
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            _run_client(package, partial)
        except FetchError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        partial.rename(folder)
    archives = tuple(file for file in sorted(folder.iterdir()) if file.name.endswith(_ARCHIVES))
    if not archives:
        raise FetchError(f"{package.name}: the download holds no archive")
    hashes = {file.name: _sha256(file) for file in archives}
    return Download(_version(package, folder), archives, hashes)


def read_archive(archive: Path, largest: int) -> Iterator[tuple[str, bytes]]:
    """Path and content of every regular file of at most `largest` bytes, in the archive's order. Raises `FetchError`.

    A Debian or source archive's first folder is left out of the paths where it only names the version.
    """
    try:
        if archive.suffix == ".whl":
            yield from _read_zip(archive, largest)
        elif archive.suffix == ".deb":
            yield from _read_deb(archive, largest)
        else:
            with tarfile.open(archive) as tar:
                yield from _read_tar(tar, largest)
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile, subprocess.SubprocessError) as error:
        raise FetchError(f"{archive.name}: {error}") from error


def _command(package: Package) -> Sequence[str]:
    if package.registry == "pypi":
        wanted = f"{package.name}=={package.version}" if package.version else package.name
        platform = ("--platform", package.platform) if package.platform else ()
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", ".")
        return (*pip, *platform, wanted)
    if package.registry == "npm":
        wanted = f"{package.name}@{package.version}" if package.version else package.name
        return ("npm", "pack", "--silent", "--ignore-scripts", wanted)
    wanted = f"{package.name}={package.version}" if package.version else package.name
    if package.registry == "debian":
        return ("apt-get", "download", "-q", wanted)
    return ("apt-get", "source", "-q", "--download-only", wanted)


def _run_client(package: Package, folder: Path) -> None:
    command = _command(package)
    try:
        _run(command, folder)
    except FetchError:
        if package.registry != "debian-source":
            raise
        # A mirror may have dropped Debian's own part of a superseded version; the upstream source is all that is mined.
        _run((*command, "--tar-only"), folder)


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise FetchError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise FetchError(f"{' '.join(command)}: {last[0]}")


def _version(package: Package, folder: Path) -> str:
    """What was really downloaded, read from the names of the files."""
    names = sorted(file.name for file in folder.iterdir() if not file.name.endswith(_DEBIAN_SIGNATURE))
    for name in names:
        if package.registry == "debian-source" and name.endswith(".dsc"):
            return name.removesuffix(".dsc").partition("_")[2]
        if package.registry == "debian" and name.endswith(".deb"):
            return name.split("_")[1].replace("%3a", ":")
        if package.registry == "pypi" and name.endswith(".whl"):
            return name.split("-")[1]
        if package.registry == "npm" and (match := re.search(r"-(\d+\.\d+\.\d+.*)\.tgz$", name)):
            return match[1]
    return package.version


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _read_zip(archive: Path, largest: int) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as content:
        for member in content.infolist():
            if not member.is_dir() and member.file_size <= largest:
                yield member.filename, content.read(member)


def _read_deb(archive: Path, largest: int) -> Iterator[tuple[str, bytes]]:
    command = ("dpkg-deb", "--fsys-tarfile", os.fspath(archive))
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=cast("IO[bytes]", process.stdout), mode="r|") as tar,
    ):
        yield from _read_tar(tar, largest)
    if process.returncode != 0:
        raise FetchError(f"{archive.name}: dpkg-deb exits with {process.returncode}")


def _read_tar(tar: tarfile.TarFile, largest: int) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        if member.isreg() and member.size <= largest and (stream := tar.extractfile(member)) is not None:
            yield member.name.removeprefix("./"), stream.read()
