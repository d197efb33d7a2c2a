"""`fathom`: reads the arguments, runs one command, turns errors into messages and exit codes.

Exit codes: 0 done, 1 it could not be done (the message says why), 2 the arguments make no sense, 3 there are duplicates
that `--fail-on` forbids, 130 interrupted.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from fathom_indexer import __version__
from fathom_indexer.cli import duplicates, evaluate, index, languages, search, similar, status
from fathom_indexer.errors import FathomError, IndexDamagedError, QueryError

_DESCRIPTION = "Ask your own code. Finds functions by what they do, in any folder, with no network."
_EXAMPLES = """examples:
  fathom search "where are failed uploads retried"
  fathom search "parse a date" ~/project --language python --json
  fathom similar src/client.py:120
  fathom duplicates --fail-on exact
  fathom status
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line. Each command's module adds its own part and sets `run`."""
    parser = argparse.ArgumentParser(
        prog="fathom",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fathom {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (search, similar, duplicates, index, status, languages, evaluate):
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that cannot show a character of the code must not end the command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    options = build_parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if getattr(options, "verbose", False) else logging.WARNING,
        format="fathom: %(message)s",
        stream=sys.stderr,
    )
    try:
        try:
            code: int = options.run(options)
        except IndexDamagedError as error:
            # The index was removed, and nothing was printed yet: this time the command builds a new one.
            sys.stderr.write(f"fathom: {error}\n")
            code = options.run(options)
        sys.stdout.flush()
        return code
    except QueryError as error:
        sys.stderr.write(f"fathom: {error}\n")
        return 2
    except FathomError as error:
        sys.stderr.write(f"fathom: {error}\n")
        return 1
    except BrokenPipeError:
        # The reader of the output has closed it. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("\nfathom: interrupted; what was indexed so far is kept\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
