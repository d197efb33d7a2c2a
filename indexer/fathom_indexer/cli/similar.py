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
from fathom_indexer.wire.conversion import function_to_json
from fathom_indexer.wire.messages import LocationQuery, Query, SearchRequest, SnippetQuery
from fathom_indexer.wire.validation import check_query


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
    typed = _location(options.place) if options.snippet is None else SnippetQuery(_read_snippet(options.snippet))
    check_query(typed)
    with told_in_json(options, {"results": []}):
        filters = filters_from(options)
    unmatched = Unmatched(options, filters)
    with open_workspace(options) as workspace:
        if not options.no_refresh:
            follow(workspace.index_steps())
        query = _in_workspace(typed, workspace)
        response = workspace.answer(SearchRequest(query, options.limit, filters, options.explain))
        message = unmatched.message(workspace, response.hits)
    complain(message)
    if options.json:
        asked = {} if response.compared is None else {"compared": function_to_json(response.compared)}
        write_json(results_json(asked, response.hits, options.explain, message))
    else:
        show_hits(response.hits, options.explain)
    return 0


def _in_workspace(typed: Query, workspace: Workspace) -> Query:
    """The query with an absolute path, which was typed relative to the working directory or else to the workspace."""
    if not isinstance(typed, LocationQuery):
        return typed
    file = Path(typed.path).absolute() if Path(typed.path).is_file() else workspace.root / typed.path
    return LocationQuery(str(file), typed.line)


def _location(text: str) -> LocationQuery:
    path, separator, line = text.rpartition(":")
    if not separator or not path or not line.isdigit() or int(line) < 1:
        raise QueryError(f"{text!r} is not FILE:LINE with a line number from 1")
    return LocationQuery(path, int(line))


def _read_snippet(name: str) -> str:
    try:
        text = sys.stdin.read() if name == "-" else to_utf8(Path(name).read_bytes()).decode("utf-8", "replace")
    except OSError as error:
        raise QueryError(f"the snippet {name} cannot be read: {error.strerror}") from error
    return valid_text(text)
