"""`python -m fathom_research.training.data --out DIR [--holdout FILE] [--only python,go]`: mine the training pairs."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from fathom_indexer.errors import FathomError
from fathom_research.training.data.build import LOCK_NAME, build
from fathom_research.training.data.holdout import load_holdout
from fathom_research.training.data.manifest import load_manifest, with_languages


def main(arguments: list[str] | None = None) -> int:
    """Run the command. Returns 0, or 1 when it could not run; single packages that fail are named in the lock."""
    parser = argparse.ArgumentParser(prog="python -m fathom_research.training.data", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for downloads, what is mined, and the pairs")
    parser.add_argument("--holdout", type=Path, help="hashes of functions that must not be among the pairs")
    parser.add_argument("--only", default="", help="mine only packages with these languages, separated by commas")
    parser.add_argument("--manifest", type=Path, help="another list of packages than the committed one")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        packages = load_manifest(options.manifest)
        languages = [name for name in options.only.split(",") if name]
        held = load_holdout(options.holdout) if options.holdout else frozenset()
        options.out.mkdir(parents=True, exist_ok=True)
        lock = build(packages, with_languages(packages, languages), options.out, held)
    except (FathomError, OSError) as error:
        logging.error("%s", error)
        return 1
    for language, counts in sorted(lock["totals"].items()):
        logging.info("%s: %s", language, dict(sorted(counts.items())))
    logging.info("%d packages failed; details in %s", len(lock["failed"]), options.out / LOCK_NAME)
    return 0


if __name__ == "__main__":
    sys.exit(main())
