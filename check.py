#!/usr/bin/env python3
"""Installs what the tests need and runs every check: formatting, lint, types, import directions, tests.

    python3 check.py              everything
    python3 check.py --fast       without the tests that are slow, trace, run an editor or a whole server, or download
    python3 check.py -k search    the same, the arguments passed on to pytest
    python3 check.py -n 0         the tests one after the other, not in two processes

Uses the virtual environment of `fathom.py`. Tests of what is not installed are skipped with a reason. To have more
of it, set `FATHOM_CHECK_EXTRAS` to extras of the project (such as `train,hnsw,editors-test`) and
`FATHOM_CHECK_TORCH` to the PyTorch that they shall use (such as `torch==2.13.0`).
"""

import os
import subprocess
import sys

from fathom import PYTHON, ROOT, ensure_environment, require_python

CHECKS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports",),
)

WORKERS = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Arguments of pytest-xdist: two processes share the tests, a file at a time, in the order of `tests/conftest.py`.

Files stay whole, since the tests of a file share fixtures that are slow to make. `-n 0` after them undoes it.
"""

FAST = "not slow and not e2e and not editors and not network and not privacy"
"""The markers (`pyproject.toml`) of the tests that `--fast` runs."""


def main() -> int:
    """Run all checks even when one fails; returns 1 if any did."""
    install()
    checks = [*CHECKS, ("pytest", *WORKERS, *pytest_arguments(sys.argv[1:]))]
    codes = [(check[0], _run(*check)) for check in checks]
    failed = [f"{tool} (exit code {code})" for tool, code in codes if code]
    if failed:
        sys.stderr.write(f"check: failed: {', '.join(failed)}\n")
    return 1 if failed else 0


def install() -> None:
    """Install what the checks need."""
    require_python()
    extras = ",".join(filter(None, ("dev", os.environ.get("FATHOM_CHECK_EXTRAS"))))
    # PyTorch first and by itself: a package that pulls it in would take the build with CUDA, several gigabytes.
    ensure_environment(extras, tuple(filter(None, (os.environ.get("FATHOM_CHECK_TORCH"),))))


def pytest_arguments(arguments: list[str]) -> list[str]:
    """What pytest is given for arguments of this command."""
    rest = [argument for argument in arguments if argument != "--fast"]
    return ["-m", FAST, *rest] if "--fast" in arguments else rest


def _run(tool: str, *arguments: str) -> int:
    sys.stderr.write(f"check: {tool} {' '.join(arguments)}\n")
    return subprocess.call([str(PYTHON.with_name(tool)), *arguments], cwd=ROOT)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
