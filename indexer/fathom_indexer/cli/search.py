"""`fathom search`: functions that answer a question in words."""

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
from fathom_indexer.types import Filters
from fathom_indexer.wire.messages import SearchRequest, WordsQuery


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "search",
        help="find functions by what they do",
        description="Find functions by what they do. The index of the folder is made or brought up to date first.",
    )
    parser.add_argument("query", nargs="?", metavar="QUERY", help="what to look for, in quotes")
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="folder of code (default: .)")
    parser.add_argument(
        "--batch",
        action="store_true",
        help="read one query a line from standard input and write one JSON line a query (then only PATH is given)",
    )
    add_results(parser)
    add_index_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Refresh the index, then answer one query or a stream of them."""
    if options.batch:
        if options.path is not None:
            raise QueryError("with --batch, queries come from standard input: give only the folder")
        options.path = Path(options.query or ".")
    elif options.query is None or not options.query.strip():
        raise QueryError('nothing to look for: fathom search "what it does" [PATH]')
    else:
        options.path = options.path or Path()
    check_path(options)
    # The argument may be a name in another encoding, or bytes that a script took for text.
    query = valid_text(options.query or "")
    with told_in_json(options, {"query": query, "results": []}):
        filters = filters_from(options)
    unmatched = Unmatched(options, filters)
    with open_workspace(options) as workspace:
        if not options.no_refresh:
            follow(workspace.index_steps())
        if options.batch:
            _answer_lines(workspace, options, filters, unmatched)
            return 0
        hits = workspace.answer(_request(query, options, filters)).hits
        message = unmatched.message(workspace, hits)
    complain(message)
    if options.json:
        write_json(results_json({"query": query}, hits, options.explain, message))
    else:
        show_hits(hits, options.explain)
    return 0


def _request(query: str, options: argparse.Namespace, filters: Filters) -> SearchRequest:
    return SearchRequest(WordsQuery(query), options.limit, filters, options.explain)


def _answer_lines(workspace: Workspace, options: argparse.Namespace, filters: Filters, unmatched: Unmatched) -> None:
    said: set[str | None] = set()
    for line in sys.stdin:
        query = valid_text(line.strip())
        hits = workspace.answer(_request(query, options, filters)).hits
        message = unmatched.message(workspace, hits) if query else None
        if message not in said:
            complain(message)
            said.add(message)
        write_json(results_json({"query": query}, hits, options.explain, message), indent=None)
        sys.stdout.flush()
