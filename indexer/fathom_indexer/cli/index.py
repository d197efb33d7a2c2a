"""`fathom index`: bring the index of a folder up to date."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from fathom_indexer.cli.options import add_json, add_workspace, check_path, open_engine
from fathom_indexer.cli.output import follow, write_json
from fathom_indexer.protocol import status_to_json


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser("index", help="bring the index of a folder up to date")
    add_workspace(parser)
    parser.add_argument("--rebuild", action="store_true", help="read every file anew")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Index, then say what there is."""
    check_path(options)
    start = time.monotonic()
    with open_engine(options) as engine:
        if options.rebuild:
            engine.clear()
        follow(engine.index_steps())
        status = engine.status()
    seconds = time.monotonic() - start
    if options.json:
        write_json(status_to_json(status) | {"seconds": round(seconds, 3)})
    else:
        sys.stdout.write(f"{status.functions} functions in {status.files} files are searchable ({seconds:.1f} s)\n")
    return 0
