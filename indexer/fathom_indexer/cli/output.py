"""The output of commands: result lists, progress bars, JSON. Colours and bars are for terminals only."""

from __future__ import annotations

import argparse
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.syntax import Syntax
from rich.text import Text

from fathom_indexer.errors import QueryError
from fathom_indexer.types import Hit, Stage
from fathom_indexer.types import Progress as IndexProgress
from fathom_indexer.wire.conversion import hit_to_json, relevances
from fathom_indexer.wire.framing import Json

_STAGES = {
    Stage.SCAN: "looking at files",
    Stage.PARSE: "reading code",
    Stage.EMBED: "learning what it means",
    Stage.DEEPEN: "learning it in depth",
}
_SNIPPET_LINES = 6

# Names of highlighting lexers that differ from ours.
_LEXERS = {"ocaml-interface": "ocaml"}


# Characters that end a line for some readers, though not in JSON.
_LINE_ENDS = {end: f"\\u{end:04x}" for end in (0x85, 0x2028, 0x2029)}
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def write_json(value: Json | list[Json], indent: int | None = 2) -> None:
    """Write one JSON document to standard output, on one line for `indent` None. Invalid text becomes U+FFFD."""
    is_unicode = (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"
    text = json.dumps(_valid(value), ensure_ascii=not is_unicode, indent=indent)
    sys.stdout.write(text.translate(_LINE_ENDS) + "\n")


def valid_text(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which stand for bytes of the system that are not valid text."""
    return _SURROGATE.sub("\ufffd", text)


def printable(text: str) -> str:
    """The text with escapes for characters that move the cursor, end the line, or control the terminal."""
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else _escaped(c) for c in text)


def complain(message: str | None) -> None:
    """Write a message about an answer to standard error, if there is one."""
    if message:
        sys.stderr.write(f"fathom: {printable(message)}\n")


@contextmanager
def told_in_json(options: argparse.Namespace, answer: Json) -> Iterator[None]:
    """With `--json`, a `QueryError` is written to standard output too, as an `answer` with a message."""
    try:
        yield
    except QueryError as error:
        if options.json:
            write_json({**answer, "message": str(error)})
        raise


def _valid(value: Any) -> Any:
    if isinstance(value, str):
        return valid_text(value)
    if isinstance(value, dict):
        return {valid_text(key): _valid(item) for key, item in value.items()}
    return [_valid(item) for item in value] if isinstance(value, (list, tuple)) else value


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _printable_lines(text: str) -> list[str]:
    return [printable(line.expandtabs(4)) for line in text.splitlines()]


def results_json(asked: Json, hits: Iterable[Hit], explain: bool = False, message: str | None = None) -> Json:
    """The documented answer to a search: `query` or `compared` from `asked`, the hits, and a message if any."""
    answer: Json = {**asked, "results": [hit_to_json(hit, explain) for hit in hits]}
    return {**answer, "message": message} if message else answer


def show_hits(hits: Sequence[Hit], explain: bool = False) -> None:
    """Print hits for reading, with a few lines of code; with `explain`, also their scores and parts of them."""
    console = Console(highlight=False, soft_wrap=True)
    if not hits:
        console.print("nothing found")
        return
    for hit, percent in zip(hits, relevances([hit.score for hit in hits]), strict=True):
        function = hit.function
        head = Text.assemble(
            (f"{printable(hit.path)}:{function.start_line}", "cyan"),
            "  ",
            (printable(function.qualified_name) or "(module level)", "bold"),
            "  ",
            (function.kind.value, "dim"),
            "  ",
            (f"{percent} %", "green"),
        )
        console.print(head)
        if explain:
            parts = "  ".join(f"{part.step} {part.score:+.3f}" for part in hit.explanation)
            console.print(Text(f"    {hit.score:.3f} = {parts}", "green"))
        if hit.copies:
            console.print(Text(f"    the same code: {printable(', '.join(hit.copies))}", "dim"))
        # Where decorators come first, the snippet's first lines do not show what is declared.
        if not hit.snippet.startswith(function.signature.split("(", 1)[0]):
            console.print(Text(f"    {printable(function.signature)}", "dim italic"))
        _show_code(console, hit)
        console.print()


def _show_code(console: Console, hit: Hit) -> None:
    code = "\n".join("    " + line for line in _printable_lines(hit.snippet)[:_SNIPPET_LINES])
    if console.is_terminal:
        language = hit.function.language
        console.print(Syntax(code, _LEXERS.get(language, language), theme="ansi_dark", background_color="default"))
    else:
        console.print(Text(code))


def follow(steps: Iterable[IndexProgress]) -> None:
    """Run the steps to the end, with a progress bar if standard error is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        for _ in steps:
            pass
        return
    columns = (TextColumn("{task.description:>22}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks = {stage: bars.add_task(words, visible=False) for stage, words in _STAGES.items()}
        for step in steps:
            if step.stage in tasks:
                bars.update(tasks[step.stage], completed=step.done, total=step.total, visible=True)


def follow_counts(words: str, counts: Iterable[tuple[int, int]]) -> None:
    """As `follow`, for counts: how many of how many are done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:>22}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(words, visible=False)
        for done, total in counts:
            bars.update(task, completed=done, total=total, visible=True)
