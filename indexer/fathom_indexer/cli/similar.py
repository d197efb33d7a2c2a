"""`fathom similar`: functions that resemble a piece of code."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from fathom_indexer.cli.filters import Unmatched, filters_from
from fathom_indexer.cli.options import add_index_options, add_results, check_path
from fathom_indexer.cli.output import (
    complain,
    follow,
    results_json,
    show_hits,
    told_in_json,
    valid_text,
    write_json,
)
from fathom_indexer.cli.workspace import Workspace, open_workspace
from fathom_indexer.errors import QueryError
from fathom_indexer.languages import to_utf8
from fathom_indexer.types import Filters, Hit, Place
from fathom_indexer.wire.messages import place_to_json


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "similar",
        help="find functions that resemble one",
        description="Find functions that resemble the one at a line of a file, or a snippet.",
    )
    parser.add_argument("place", nargs="?", metavar="FILE:LINE", help="a line inside the function")
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="folder of code (default: .)")
    parser.add_argument(
        "--snippet", metavar="FILE", help="a file that holds the code to compare with, - for standard input"
    )
    add_results(parser)
    add_index_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Refresh the index, then compare."""
    if options.snippet is not None:
        if options.path is not None:
            raise QueryError("give either FILE:LINE or --snippet")
        options.path = Path(options.place or ".")
        options.place = None
    elif options.place is None:
        raise QueryError("compare with what? fathom similar FILE:LINE [PATH], or --snippet FILE")
    options.path = options.path or Path()
    check_path(options)
    snippet = _read_snippet(options.snippet) if options.snippet is not None else None
    place = _place(options.place) if options.place is not None else None
    with told_in_json(options, {"results": []}):
        filters = filters_from(options)
    unmatched = Unmatched(options, filters)
    with open_workspace(options) as workspace:
        if not options.no_refresh:
            follow(workspace.index_steps())
        compared, hits = _similar(workspace, snippet, place, options.limit, filters)
        message = unmatched.message(workspace, hits)
    complain(message)
    if options.json:
        asked = {} if compared is None else {"compared": place_to_json(compared)}
        write_json(results_json(asked, hits, options.explain, message))
    else:
        show_hits(hits, options.explain)
    return 0


def _similar(
    workspace: Workspace, snippet: str | None, place: tuple[str, int] | None, limit: int, filters: Filters
) -> tuple[Place | None, list[Hit]]:
    if place is None:
        return None, workspace.similar_to(snippet or "", limit, filters)
    path, line = place
    # As people type it: relative to where they are if that is a file, else relative to the folder that is searched.
    file = Path(path).absolute() if Path(path).is_file() else workspace.root / path
    return workspace.similar_at(str(file), line, limit, filters)


def _place(text: str) -> tuple[str, int]:
    path, separator, line = text.rpartition(":")
    if not separator or not path or not line.isdigit() or int(line) < 1:
        raise QueryError(f"{text!r} is not FILE:LINE with a line number from 1")
    return path, int(line)


def _read_snippet(name: str) -> str:
    try:
        text = sys.stdin.read() if name == "-" else to_utf8(Path(name).read_bytes()).decode("utf-8", "replace")
    except OSError as error:
        raise QueryError(f"the snippet {name} cannot be read: {error.strerror}") from error
    return valid_text(text)
