#!/usr/bin/env python3
"""Runs `fathom` from this checkout: makes a virtual environment of its own the first time, then passes everything on.

    python3 fathom.py search "where are zip files extracted" ~/project

Needs Python 3.10 or later and pip, nothing else. Works the same on Linux, macOS and Windows.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
_BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PYTHON = _BIN / ("python.exe" if os.name == "nt" else "python")

_NEWER_PIP = ENVIRONMENT / "newer-pip"
_QUIET = ("--quiet", "--disable-pip-version-check", "--no-warn-script-location")


def ensure_environment(extras: str = "", first: tuple[str, ...] = ()) -> None:
    """Make `.venv` with this project installed, unless that was done for these very requirements already.

    `extras` are extras of the project, comma-separated; `first` are requirements to install before it.
    """
    wanted = hashlib.sha256(repr((extras, first)).encode() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()[:16]
    done = ENVIRONMENT / f".installed-{wanted}"
    if done.exists() and PYTHON.exists():
        return
    sys.stderr.write("fathom: setting up a virtual environment (once, about a minute) ...\n")
    if not PYTHON.exists():
        # Without pip inside: distributions often split `ensurepip` off, and the pip at hand can install from outside.
        venv.create(ENVIRONMENT, with_pip=False, symlinks=os.name != "nt")
    if first:
        _pip_install(*first)
    _pip_install("--editable", f"{ROOT}[{extras}]" if extras else str(ROOT))
    done.touch()


def _pip_install(*requirements: str) -> None:
    if _pip("--python", str(PYTHON), "--version", silent=True).returncode:
        # Before version 22.3 pip cannot install from outside: it fetches one that can, which is then used instead.
        _must_end_well(_pip("install", *_QUIET, "--upgrade", "--target", str(_NEWER_PIP), "pip>=22.3"))
    _must_end_well(_pip("--python", str(PYTHON), "install", *_QUIET, *requirements))


def _pip(*arguments: str, silent: bool = False) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(_NEWER_PIP)} if _NEWER_PIP.exists() else None
    output = subprocess.DEVNULL if silent else None
    command = [sys.executable, "-m", "pip", *arguments]
    return subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)


def _must_end_well(pip: "subprocess.CompletedProcess[bytes]") -> None:
    if pip.returncode:
        sys.exit("fathom: the installation failed; pip's own message is above")


def require_python() -> None:
    """End with a message where this Python is too old."""
    if sys.version_info < (3, 10):  # noqa: UP036 - the interpreter is the user's, not the project's
        sys.exit("fathom: needs Python 3.10 or later, this is " + sys.version.split()[0])


def main() -> int:
    """Set up if needed, then run `fathom` with the arguments given."""
    require_python()
    ensure_environment()
    # The installed command: `python -m` would look for modules in the working directory, which may hold code of others.
    return subprocess.call([str(PYTHON.with_name("fathom.exe" if os.name == "nt" else "fathom")), *sys.argv[1:]])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
