"""Arguments that several commands share, and the configuration that follows from them."""

from __future__ import annotations

import argparse
from pathlib import Path

from fathom_indexer.config import Config
from fathom_indexer.errors import QueryError

MAX_LIMIT = 1000


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """`PATH` and everything that says how its index is made."""
    parser.add_argument(
        "path", nargs="?", type=Path, default=Path(), metavar="PATH", help="folder of code (default: .)"
    )
    add_index_options(parser)


def add_index_options(parser: argparse.ArgumentParser) -> None:
    """How the index is made and where it is kept."""
    group = parser.add_argument_group("index")
    group.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="leave out, besides .gitignore and .fathomignore"
    )
    group.add_argument(
        "--max-file-bytes",
        type=positive,
        default=Config().max_file_bytes,
        metavar="N",
        help=f"leave out larger files (default: {Config().max_file_bytes})",
    )
    group.add_argument("--no-history", action="store_true", help="do not read what git's commits say of the code")
    group.add_argument("--cache-dir", default="", metavar="DIR", help="where indexes are kept (or $FATHOM_CACHE_DIR)")
    add_model_options(group)


def add_model_options(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Which encoder, and what runs it."""
    parser.add_argument("--model", default="", metavar="DIR", help="folder of another encoder")
    parser.add_argument("--runtime", choices=("onnx", "torch"), default="onnx", help="what runs the encoder")
    parser.add_argument("--threads", type=natural, default=0, metavar="N", help="threads (default: all cores)")


def add_results(parser: argparse.ArgumentParser) -> None:
    """How many results, which ones, and in what form."""
    parser.add_argument(
        "-n", "--limit", type=limit, default=10, metavar="N", help="results at most, 1 to 1000 (default: 10)"
    )
    add_filters(parser)
    parser.add_argument("--explain", action="store_true", help="show what each step of the ranking adds to a score")
    add_json(parser)


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Which functions, and whether to look at files first."""
    parser.add_argument(
        "-p",
        "--path",
        dest="globs",
        action="append",
        default=[],
        metavar="GLOB",
        help="only files that match, as in .gitignore, or a file or folder; !GLOB takes out again; may be repeated",
    )
    parser.add_argument("-l", "--language", action="append", default=[], metavar="NAME", help="only this language")
    parser.add_argument("-k", "--kind", action="append", default=[], metavar="KIND", help="only this kind: method, …")
    parser.add_argument("--no-refresh", action="store_true", help="search the index as it is, without a look at files")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Machine-readable output, and more words on standard error."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on standard error")


def config_from(options: argparse.Namespace) -> Config:
    """The configuration that the options ask for."""
    return Config(
        exclude=tuple(options.exclude),
        max_file_bytes=options.max_file_bytes,
        history=not options.no_history,
        cache_dir=options.cache_dir,
        model=options.model,
        runtime=options.runtime,
        threads=options.threads,
    )


def check_path(options: argparse.Namespace) -> None:
    """Raises `QueryError` with a hint when an unquoted question was taken for a folder."""
    if not options.path.exists():
        raise QueryError(f"no such folder: {options.path} (put a question of several words in quotes)")


def limit(text: str) -> int:
    """A number of results."""
    value = natural(text)
    if not 1 <= value <= MAX_LIMIT:
        raise argparse.ArgumentTypeError(f"must be from 1 to {MAX_LIMIT}")
    return value


def positive(text: str) -> int:
    """A whole number, one or more."""
    value = natural(text)
    if not value:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def natural(text: str) -> int:
    """A whole number, zero or more."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value
