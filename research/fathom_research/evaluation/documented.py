"""Questions about single functions, made of a code base's own documentation.

The first sentence of a function's documentation becomes a question, and the function is its only answer. The
documentation is replaced by blank lines in the source, so that no other line moves. These sentences were not written as
queries, and many repeat the function's name; but a code base has thousands of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fathom_indexer.languages.extract import extract
from fathom_indexer.languages.registry import dialect, language_of_path
from fathom_indexer.types import FUNCTION_KINDS, Function

_FEWEST_WORDS, _MOST_WORDS = 4, 25
_MARKUP = re.compile(r"\{@\w+ ([^}]*)\}|[`*]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
_NO_SENTENCE = re.compile(r"<|https?:|TODO|@|\\|=|\{|[Dd]eprecated|Copyright")
_ONLY_MARKS = re.compile(r"^[\s/*#\"'\-{|}!;]*$")
_FARTHEST_ABOVE = 80
"""Lines above a function that its documentation is looked for in."""


@dataclass(frozen=True, slots=True)
class DocumentedFunction:
    """A function without its documentation, and the question that was its first sentence."""

    question: str
    path: str
    function: Function


def ask_documentation(
    files: Mapping[str, bytes], most: int, seed: int = 0
) -> tuple[list[DocumentedFunction], dict[str, bytes]]:
    """At most `most` questions about functions of these files, drawn at random, and the files that changed for them.

    A sentence that documents several functions is not used.
    """
    found = [(path, function) for path, source in sorted(files.items()) for function in _documented(path, source)]
    times: dict[str, int] = {}
    for _, function in found:
        sentence = first_sentence(function.documentation)
        times[sentence] = times.get(sentence, 0) + 1
    random.Random(seed).shuffle(found)
    asked: list[tuple[str, str, Function]] = []
    changed: dict[str, bytes] = {}
    for path, function in found:
        sentence = first_sentence(function.documentation)
        if len(asked) == most:
            break
        if not sentence or times[sentence] > 1:
            continue
        without = blank_documentation(changed.get(path, files[path]), function)
        units = _functions(path, without)
        bare = _again(function, units)
        # A comment above one function may also be attributed to the next one.
        before = [other for _, place, other in asked if place == path]
        if bare is not None and not bare.documentation and all(_again(other, units) for other in before):
            changed[path] = without
            asked.append((sentence, path, function))
    # Blanking the documentation of one function moves the byte offsets of the others.
    last = {path: _functions(path, source) for path, source in changed.items()}
    there = [(sentence, path, _again(function, last[path])) for sentence, path, function in asked]
    return [DocumentedFunction(sentence, path, bare) for sentence, path, bare in there if bare is not None], changed


def first_sentence(documentation: str) -> str:
    """The first sentence without markup; empty if it does not work as a question (too short, too long, a directive)."""
    paragraph = documentation.strip().split("\n\n")[0]
    if paragraph.startswith((":", "@", "\\")):
        return ""
    words = " ".join(_MARKUP.sub(r"\1", paragraph).split())
    sentence = _SENTENCE_END.split(words)[0].rstrip(".").strip()
    fits = _FEWEST_WORDS <= len(sentence.split()) <= _MOST_WORDS and sentence[:1].isalpha()
    return "" if not fits or _NO_SENTENCE.search(sentence) else sentence


def blank_documentation(source: bytes, function: Function) -> bytes:
    """The source with the lines of a function's documentation made empty, and those of its comment marks."""
    lines = source.splitlines(keepends=True)
    wanted = {line.strip() for line in function.documentation.splitlines() if line.strip()}
    around = range(max(0, function.start_line - 1 - _FARTHEST_ABOVE), min(function.end_line, len(lines)))
    holding = [number for number in around if any(part in _text(lines[number]) for part in wanted)]
    if not holding:
        return source
    # Lines of the documentation may be repeated elsewhere: only the block nearest to the function is blanked.
    first = last = min(holding, key=lambda number: abs(number - (function.start_line - 1)))
    inside = set(holding)
    while first - 1 in around and (first - 1 in inside or _ONLY_MARKS.match(_text(lines[first - 1]))):
        first -= 1
    while last + 1 in around and (last + 1 in inside or _ONLY_MARKS.match(_text(lines[last + 1]))):
        last += 1
    for number in range(first, last + 1):
        lines[number] = b"\n"
    return b"".join(lines)


def _documented(path: str, source: bytes) -> Iterator[Function]:
    return (function for function in _functions(path, source) if function.documentation)


def _functions(path: str, source: bytes) -> list[Function]:
    language = language_of_path(path)
    if language is None:
        return []
    return [function for function in extract(source, dialect(language, source)) if function.kind in FUNCTION_KINDS]


def _again(function: Function, units: Iterable[Function]) -> Function | None:
    """The function in another version of its file in which no line has moved."""
    place = (function.qualified_name, function.end_line)
    return next((unit for unit in units if (unit.qualified_name, unit.end_line) == place), None)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
