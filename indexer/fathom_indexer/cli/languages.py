"""`fathom languages`: what Fathom reads."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from fathom_indexer.cli.options import add_json
from fathom_indexer.cli.output import write_json
from fathom_indexer.languages import LANGUAGES


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser("languages", help="list the languages that can be searched")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Names and file names of all languages."""
    if options.json:
        write_json(
            [
                {"name": language.name, "extensions": list(language.extensions), "filenames": list(language.filenames)}
                for language in LANGUAGES
            ]
        )
        return 0
    for language in LANGUAGES:
        sys.stdout.write(f"{language.name:<12} {' '.join([*language.extensions, *language.filenames])}\n")
    return 0
