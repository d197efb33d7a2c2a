"""`fathom index`: bring the index of a folder up to date."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from fathom_indexer.cli.options import add_json, add_workspace, check_path
from fathom_indexer.cli.output import follow, write_json
from fathom_indexer.cli.workspace import open_workspace
from fathom_indexer.wire.conversion import status_to_json


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser("index", help="bring the index of a folder up to date")
    add_workspace(parser)
    parser.add_argument("--rebuild", action="store_true", help="read every file anew")
    parser.add_argument(
        "--no-deep", action="store_true", help="stop when everything is searchable; searches do the rest as they go"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Index, then say what there is."""
    check_path(options)
    start = time.monotonic()
    with open_workspace(options) as workspace:
        if options.rebuild:
            workspace.clear()
        follow(workspace.index_steps())
        if not options.no_deep:
            follow(workspace.idle_steps())
        status = workspace.status()
    seconds = time.monotonic() - start
    if options.json:
        write_json(status_to_json(status) | {"seconds": round(seconds, 3)})
    else:
        sys.stdout.write(f"{status.functions} functions in {status.files} files are searchable ({seconds:.1f} s)\n")
    return 0
