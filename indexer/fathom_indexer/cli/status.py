"""`fathom status`: what is in the index of a folder, and what was left out."""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console
from rich.text import Text

from fathom_indexer.cli.options import add_json, add_workspace, check_path, config_from
from fathom_indexer.cli.output import printable, write_json
from fathom_indexer.cli.workspace import running_indexer
from fathom_indexer.engine import Engine
from fathom_indexer.process.handshake import Welcome
from fathom_indexer.types import Coverage, IndexStatus, Stage
from fathom_indexer.wire.conversion import status_to_json
from fathom_indexer.wire.framing import Json

_STAGES = {
    Stage.PARSE: "by words",
    Stage.EMBED: "by meaning",
    Stage.DEEPEN: "in depth",
}

_TOO_LARGE = "too large"
"""The beginning of the reason for files over the limit."""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add this command."""
    parser = commands.add_parser("status", help="show what is indexed and what was left out")
    add_workspace(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show the index as it is; no file is scanned."""
    check_path(options)
    with Engine.open(options.path, config_from(options)) as engine:
        status = engine.status()
    indexer = running_indexer(options)
    if options.json:
        write_json(status_to_json(status) | {"indexer": None if indexer is None else _indexer_json(indexer)})
    else:
        _show(status, indexer)
    return 0


def _show(status: IndexStatus, indexer: Welcome | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(printable(status.root), "bold"))
    if not status.files:
        console.print("nothing is indexed yet: run `fathom index` or a search", markup=False)
    console.print(f"  functions  {status.functions} in {status.files} files")
    if status.functions:
        for coverage in status.coverage:
            console.print(f"  {_STAGES[coverage.stage]:<10} {_share(coverage)}", markup=False)
        console.print(f"  model      {status.model}", markup=False)
    console.print(f"  index      {printable(status.index_path)} ({status.index_bytes / 1e6:.1f} MB)", markup=False)
    if indexer is not None:
        uses = f"{indexer.clients} client" + ("" if indexer.clients == 1 else "s")
        console.print(f"  indexer    runs as process {indexer.pid}, used by {uses}")
    for language, count in status.languages.items():
        console.print(f"    {language:<12} {count}")
    if status.skipped:
        console.print("  left out")
        for reason, count in status.skipped.items():
            console.print(f"    {count:>6}  {reason}")
        if any(reason.startswith(_TOO_LARGE) for reason in status.skipped):
            console.print(
                "            larger files are read with --max-file-bytes N (in editors: maxFileBytes)", markup=False
            )
        for skipped in status.skipped_files[:20]:
            console.print(f"            {printable(skipped.path)}  ({skipped.reason})", markup=False)


def _share(coverage: Coverage) -> str:
    exit_ = "" if coverage.exit is None else f", at exit {coverage.exit}"
    return f"{coverage.done} ({coverage.done / coverage.total:.0%}){exit_}"


def _indexer_json(indexer: Welcome) -> Json:
    return {"pid": indexer.pid, "version": indexer.version, "clients": indexer.clients}
