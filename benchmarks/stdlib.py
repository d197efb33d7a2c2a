"""Indexes the standard library of the running interpreter and asks it questions (see `codebase.py`).

python benchmarks/stdlib.py
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from codebase import read_questions, run

EXCLUDE = ("site-packages/", "test/", "tests/", "idle_test/", "lib2to3/tests/", "ensurepip/_bundled/")
STANDARD_LIBRARY = Path(__file__).parent / "questions" / "python.json"
WANTED = 15


def main() -> None:
    """Exits with an error if fewer than 15 questions have a right answer among the first five."""
    questions = read_questions(STANDARD_LIBRARY)
    found = run(Path(sysconfig.get_path("stdlib")), questions, EXCLUDE, threads=0)
    if found < WANTED:
        sys.exit(f"only {found} of {len(questions)} questions have a right answer among the first five")


if __name__ == "__main__":
    main()
