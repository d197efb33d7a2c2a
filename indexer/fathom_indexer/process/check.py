"""`python -m fathom_indexer.process.check`: checks all that the indexer needs, for bug reports.

A process of its own, so that a library that crashes the interpreter is found too.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from fathom_indexer import __version__
from fathom_indexer.config import Config
from fathom_indexer.process.network_watch import NetworkWatch

Check = Callable[[Path, Config], str]
"""Checks one thing and describes it. Any exception means that it is broken."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the report to standard output; 1 if something is broken."""
    parser = argparse.ArgumentParser(prog="fathom-lsp --check", description=__doc__)
    parser.add_argument("root", type=Path, nargs="?", default=Path.cwd(), help="the workspace whose index is checked")
    options = parser.parse_args(arguments)
    broken = False
    for name, works, text in report(options.root, Config()):
        broken = broken or not works
        sys.stdout.write(f"{'ok    ' if works else 'BROKEN'} {name}: {text}\n")
        sys.stdout.flush()  # The next check may crash.
    return 1 if broken else 0


def report(root: Path, config: Config) -> Iterator[tuple[str, bool, str]]:
    """The name of each check, whether it succeeded, and its description."""
    with NetworkWatch() as watch:
        for name, check in _checks(watch).items():
            try:
                yield name, True, check(root, config)
            except Exception as error:
                yield name, False, f"{type(error).__name__}: {error}"


def _versions(root: Path, config: Config) -> str:
    libraries = ("pygls", "lsprotocol", "onnxruntime", "tokenizers", "tree-sitter", "numpy")
    listed = ", ".join(f"{library} {version(library)}" for library in libraries)
    return f"fathom {__version__}, Python {platform.python_version()} on {platform.platform()}, {listed}"


def _sqlite(root: Path, config: Config) -> str:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        database.execute("INSERT INTO words VALUES ('late fee')")
        if database.execute("SELECT count(*) FROM words WHERE words MATCH 'fee'").fetchone() != (1,):
            raise LookupError("FTS5 does not find what it was given")
    return f"{sqlite3.sqlite_version} with FTS5"


def _grammars(root: Path, config: Config) -> str:
    from fathom_indexer.languages import LANGUAGES, extract  # noqa: PLC0415

    failed = []
    for language in LANGUAGES:
        try:
            extract(b"x\n", language)
        except Exception as error:
            failed.append(f"{language.name} ({error})")
    if failed:
        raise LookupError("cannot be parsed: " + ", ".join(failed))
    return f"all {len(LANGUAGES)} languages can be parsed"


def _model(root: Path, config: Config) -> str:
    from fathom_indexer.encoder import TextKind, load_encoder  # noqa: PLC0415

    encoder = load_encoder(Path(config.model) if config.model else None, config.runtime, threads=1)
    encoder.encode(["late fee"], TextKind.QUERY, encoder.config.index_exit)
    return f"{encoder.config.model_id}, its files are what was built, and it runs"


def _cache(root: Path, config: Config) -> str:
    folder = Path(config.cache_directory())
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"\0" * 4096)
    return f"{folder} can be written"


def _index(root: Path, config: Config) -> str:
    from fathom_indexer.workspace import cache_path, resolve_root  # noqa: PLC0415

    path = cache_path(resolve_root(root), config)
    if not path.exists():
        return f"{root} is not indexed yet"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        [(verdict,)] = database.execute("PRAGMA quick_check(1)").fetchall()
    if verdict != "ok":
        raise LookupError(f"{path} is damaged ({verdict}); it is made anew when it is next opened")
    return f"{path} is sound, {path.stat().st_size:,} bytes"


def _checks(watch: NetworkWatch) -> dict[str, Check]:
    return {
        "versions": _versions,
        "SQLite": _sqlite,
        "grammars": _grammars,
        "model": _model,
        # All libraries are loaded now.
        "silence": lambda root, config: watch.verdict(),
        "cache": _cache,
        "index": _index,
    }


if __name__ == "__main__":
    sys.exit(main())
