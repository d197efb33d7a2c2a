"""`fathom duplicates`: functions that are copies of each other."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from fathom_indexer.cli.filters import Unmatched, filters_from
from fathom_indexer.cli.options import (
    add_filters,
    add_workspace,
    check_path,
    limit,
    natural,
)
from fathom_indexer.cli.output import complain, follow, follow_counts, printable, told_in_json, write_json
from fathom_indexer.cli.sarif import sarif_log
from fathom_indexer.cli.workspace import open_workspace
from fathom_indexer.duplicates.clones import MIN_TOKENS, NEAR
from fathom_indexer.types import CloneGroup, CloneKind, Progress, Stage
from fathom_indexer.wire.conversion import clone_group_to_json
from fathom_indexer.wire.messages import DuplicatesRequest
from fathom_indexer.wire.validation import check_threshold

EXIT_FORBIDDEN = 3

_SHOWN = 20
"""The number of groups that are shown as text without `--limit`."""

_KINDS = [kind.value for kind in CloneKind]
_COLOURS = {CloneKind.EXACT: "red", CloneKind.RENAMED: "yellow", CloneKind.NEAR: "blue"}


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser(
        "duplicates",
        help="find functions that are copies of each other",
        description="Find functions that are copies of each other: exact ones, the same but for layout and comments; "
        "renamed ones, the same but for names and literals; near ones, edited since. The groups with the most repeated "
        "code come first.",
    )
    add_workspace(parser)
    parser.add_argument(
        "--loosest", choices=_KINDS, default=CloneKind.NEAR.value, help="the loosest kind of copy (default: near)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=NEAR,
        metavar="X",
        help=f"how similar near copies are at least, up to 1 (default: {NEAR})",
    )
    parser.add_argument(
        "--min-tokens",
        type=natural,
        default=MIN_TOKENS,
        metavar="N",
        help=f"leave out functions with fewer names, signs and literals (default: {MIN_TOKENS})",
    )
    parser.add_argument(
        "--fail-on", choices=_KINDS, help=f"exit with {EXIT_FORBIDDEN} if there are such copies, or surer ones"
    )
    parser.add_argument(
        "-n", "--limit", type=limit, metavar="N", help=f"groups at most (default: {_SHOWN} as text, all as JSON)"
    )
    add_filters(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--sarif", action="store_true", help="print SARIF 2.1.0, as code scanning services read it")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Refresh the index, then compare the functions."""
    check_path(options)
    check_threshold(options.threshold)
    with told_in_json(options, {"groups": []}):
        filters = filters_from(options)
    unmatched = Unmatched(options, filters)
    with open_workspace(options) as workspace:
        if not options.no_refresh:
            follow(_before_embedding(workspace.index_steps()))
        follow_counts("comparing functions", workspace.duplicates_steps())
        groups = workspace.duplicate_groups(
            DuplicatesRequest(None, filters, CloneKind(options.loosest), options.threshold, options.min_tokens)
        )
        paths = [clone.path for group in groups for clone in group.clones]
        message = unmatched.message_of_paths(workspace, paths)
    complain(message)
    shown = groups[: options.limit]
    if options.json:
        answer = {"groups": [clone_group_to_json(group) for group in shown]}
        write_json({**answer, "message": message} if message else answer)
    elif options.sarif:
        write_json(sarif_log(shown))
    else:
        _show(groups, options.limit or _SHOWN)
    return EXIT_FORBIDDEN if options.fail_on and _has(groups, CloneKind(options.fail_on)) else 0


def _before_embedding(steps: Iterable[Progress]) -> Iterator[Progress]:
    """Reading files is enough: copies are found without vectors."""
    for step in steps:
        if step.stage is Stage.EMBED:
            return
        yield step


def _has(groups: Sequence[CloneGroup], loosest: CloneKind) -> bool:
    """Whether there are copies of this kind or a surer one."""
    order = list(CloneKind)
    return any(order.index(clone.kind) <= order.index(loosest) for group in groups for clone in group.clones)


def _show(groups: Sequence[CloneGroup], count: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not groups:
        console.print("no duplicates found")
        return
    for group in groups[:count]:
        console.print(
            Text.assemble(
                (f"{len(group.clones)} functions", "bold"),
                f" of about {group.tokens} tokens  ",
                (group.kind.value, _COLOURS[group.kind]),
                f"  {group.similarity:.0%}",
            )
        )
        for number, clone in enumerate(group.clones):
            relation = "" if number == 0 else f"  {clone.kind.value} {clone.similarity:.0%}"
            console.print(
                Text.assemble(
                    "    ",
                    (f"{printable(clone.path)}:{clone.function.start_line}", "cyan"),
                    "  ",
                    (printable(clone.function.qualified_name), "bold"),
                    (relation, _COLOURS[clone.kind]),
                )
            )
        console.print()
    if len(groups) > count:
        console.print(f"… and {len(groups) - count} more groups (-n {len(groups)} shows all)")
