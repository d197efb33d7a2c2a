"""A source file that solves a task, to the code that solves it: no imports, tests, main program or helper types."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fathom_indexer.languages import Language, extract
from fathom_indexer.types import FUNCTION_KINDS, Function, Kind
from fathom_research.training.data.documentation import describe
from fathom_research.training.data.mine import MAX_CHARACTERS, MAX_LINES, MIN_TOKENS, ways_to_write
from fathom_research.training.data.queries import is_telling
from fathom_research.training.data.sources import Source
from fathom_research.training.data.task_sources import task_key
from fathom_research.training.data.tokens import FileTokens, Token, TokenKind

WHOLE_LINES = 40
"""Solutions of up to so many lines are taken whole; of longer ones, the main function alone."""

SHORT_ENTRY = 6
"""Lines. In a solution too long to be taken whole, a shorter entry point says little: the largest function is taken."""

_SCRIPTS = frozenset("bash julia lua ocaml php powershell python ruby".split())
"""Languages in which a program of a few lines often has no function."""

_TEST_NAME = re.compile(r"tests?\Z|tests?_|\w+_tests?\Z|Test|[a-z]\w*Tests?\Z|Benchmark|Example[A-Z_]")
_MAIN_NAME = re.compile(r"_?main\Z", re.IGNORECASE)
_HELPER_TYPE = re.compile(r"(?:List|Tree|Random|Linked)?_?(?:List)?Node\Z", re.IGNORECASE)
_ONE_OF_SEVERAL = re.compile(r"Solution_?\d*\Z")
_IMPORT = re.compile(
    r"\s*(?:import|from|using|open|use|require\w*|include|package|namespace|source|set -|#!|<\?php|\?>|declare\()"
)
_DROPPED = "\0"
_CODE_LESS = frozenset({TokenKind.COMMENT, TokenKind.DOCSTRING})
_MIN_SHARED = 4

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Solution:
    """Code that solves a task.

    `variant` is the code without comments and with names that tell the task replaced: the main function is `f`.
    `description` is the main function's own documentation, where it says something. `texts` are the ways in which an
    evaluation set may list any function of it, and `functions` these functions as they stand in the file.
    """

    name: str
    code: str
    variant: str
    description: str
    texts: tuple[str, ...]
    functions: tuple[str, ...]
    tokens: tuple[str, ...]


def solutions(source: Source, task: str, comments: bool = True) -> Iterator[Solution]:
    """The solutions of a task in one file: mostly one, several where classes `Solution`, `Solution2`, ... are.

    A file that a grammar chokes on has none. `comments` says whether the code keeps its comments.
    """
    try:
        units = extract(source.content, source.language)
        tokens = FileTokens(source.content, source.language)
    except (ValueError, RuntimeError, RecursionError, MemoryError):
        return
    file = _File(source.content, source.language, tokens, units)
    for group in file.groups():
        found = file.solution(group, task_key(task), comments)
        if found is not None:
            yield found


class _File:
    """A parsed file, with what of it may be part of a solution."""

    def __init__(self, content: bytes, language: Language, tokens: FileTokens, units: Sequence[Function]) -> None:
        self._content = content
        self._language = language
        self._tokens = tokens
        tests = [_span(unit) for unit in units if _is_test(unit)]
        units = [unit for unit in units if not _is_inside(unit, tests)]
        functions = [unit for unit in units if unit.kind in FUNCTION_KINDS]
        mains = [_span(unit) for unit in functions if _MAIN_NAME.match(unit.name)]
        if len(mains) == len(functions):
            mains = []
        self._cut = tests + mains
        self._units = [unit for unit in units if not _is_inside(unit, mains)]

    def groups(self) -> list[list[Function]]:
        """The outermost units of each solution; namespaces are looked into."""
        outer: list[Function] = []
        end = 0
        for unit in self._units:
            if unit.kind in {Kind.MODULE, Kind.NAMESPACE} or unit.start_byte < end:
                continue
            end = unit.end_byte
            outer.append(unit)
        several = [unit for unit in outer if unit.kind is Kind.CLASS and _ONE_OF_SEVERAL.match(unit.name)]
        if several:
            return [[unit] for unit in several]
        group = [unit for unit in outer if unit.kind in FUNCTION_KINDS or not _HELPER_TYPE.match(unit.name)]
        return [group]

    def solution(self, group: Sequence[Function], key: str, comments: bool) -> Solution | None:
        """The solution that a group of outermost units is; None where it is too short, too long or no code."""
        functions = self._functions_of(group)
        if not functions:
            return self._script(comments) if self._language.name in _SCRIPTS else None
        height = sum(unit.end_line - unit.start_line + 1 for unit in group)
        whole = len(functions) > 1 and height <= WHOLE_LINES
        main = _main(functions, group, key)
        spans = [_span(unit) for unit in group] if whole else [_span(main)]
        spans = [rest for span in spans for rest in _without(span, self._cut)]
        names = _neutral_names(main, [*functions, *group], key) if whole else {main.name: "f"}
        return self._made(main, spans, names, functions if whole else [main], comments)

    def _functions_of(self, group: Sequence[Function]) -> list[Function]:
        """The functions in a group, but for those within functions."""
        found: list[Function] = []
        end = 0
        spans = [_span(unit) for unit in group]
        for unit in self._units:
            if unit.kind in FUNCTION_KINDS and unit.start_byte >= end and _is_inside(unit, spans):
                end = unit.end_byte
                found.append(unit)
        return found

    def _script(self, comments: bool) -> Solution | None:
        lines = self._content.decode("utf-8", "replace").splitlines()
        if len(lines) > 2 * WHOLE_LINES:
            return None
        spans: list[Span] = []
        start = 0
        for line in self._content.splitlines(keepends=True):
            if not _IMPORT.match(line.decode("utf-8", "replace")):
                spans.append((start, start + len(line)))
            start += len(line)
        return self._made(None, _joined(spans), {}, [], comments)

    def _made(
        self,
        main: Function | None,
        spans: Sequence[Span],
        names: Mapping[str, str],
        functions: Sequence[Function],
        comments: bool,
    ) -> Solution | None:
        dropped = frozenset({TokenKind.DOCSTRING}) if comments else _CODE_LESS
        code = "\n\n".join(filter(None, (self._text(span, dropped, {}) for span in spans)))
        variant = "\n".join(filter(None, (self._text(span, _CODE_LESS, names) for span in spans)))
        tokens = [token.text for span in spans for token in self._inside(span) if token.kind not in _CODE_LESS]
        if len(tokens) < MIN_TOKENS or len(code) > MAX_CHARACTERS or code.count("\n") >= MAX_LINES:
            return None
        texts = [code, variant]
        for unit in functions:
            inside = self._inside(_span(unit))
            texts += ways_to_write(self._content, unit, inside, self._text(_span(unit), dropped, {}))
        return Solution(
            name=main.name if main else "",
            code=code,
            variant=variant,
            description=_description(main) if comments else "",
            texts=tuple(texts),
            functions=tuple(unit.text for unit in functions),
            tokens=tuple(tokens),
        )

    def _inside(self, span: Span) -> list[Token]:
        return self._tokens.inside(*span)

    def _text(self, span: Span, dropped: frozenset[TokenKind], names: Mapping[str, str]) -> str:
        """A span without tokens of some kinds, nor the lines that only they stood on, and with names replaced."""
        start, end = span
        line_start = self._content.rfind(b"\n", 0, start) + 1
        indentation = self._content[line_start:start]
        pieces = ["" if indentation.strip() else indentation.decode("utf-8", "replace")]
        for token in self._inside(span):
            pieces.append(self._content[start : token.start].decode("utf-8", "replace"))
            if token.kind in dropped:
                pieces.append(_DROPPED)
            else:
                pieces.append(token.text if token.kind is TokenKind.STRING else names.get(token.text, token.text))
            start = token.end
        pieces.append(self._content[start:end].decode("utf-8", "replace"))
        lines = [
            line.replace(_DROPPED, "").rstrip()
            for line in "".join(pieces).splitlines()
            if _DROPPED not in line or line.replace(_DROPPED, "").strip()
        ]
        return textwrap.dedent("\n".join(lines)).strip("\n")


def _is_test(unit: Function) -> bool:
    """Whether a unit is a test or stands in what holds tests, such as Rust's `mod tests`."""
    return unit.kind is not Kind.MODULE and any(_TEST_NAME.match(part) for part in unit.qualified_name.split("."))


def _main(functions: Sequence[Function], group: Sequence[Function], key: str) -> Function:
    """The function named after the task; else the largest of those that no other mentions, or of all if it is short.

    Constructors come last: they bear the task's name where a class solves it, and solve nothing.
    """
    types = {unit.name for unit in group if unit.kind not in FUNCTION_KINDS}
    doing = [unit for unit in functions if unit.kind is not Kind.CONSTRUCTOR and unit.name not in types]
    functions = doing or functions
    named = [unit for unit in functions if task_key(unit.name) == key]
    words = [frozenset(re.findall(r"\w+", unit.text)) for unit in functions]
    entries = [
        unit
        for unit in functions
        if not any(unit.name in words[place] for place, other in enumerate(functions) if other.name != unit.name)
    ]
    entry = max(named or entries or functions, key=_size)
    return entry if named or entry.text.count("\n") >= SHORT_ENTRY else max(functions, key=_size)


def _size(unit: Function) -> tuple[int, int]:
    return unit.end_byte - unit.start_byte, -unit.start_byte


def _neutral_names(main: Function, units: Sequence[Function], key: str) -> dict[str, str]:
    """What names that tell the task are called instead, the main function's always."""
    names = {main.name: "f"}
    for unit in units:
        name = task_key(unit.name)
        if unit.name in names or len(name) < _MIN_SHARED or not (name in key or key in name):
            continue
        letter = "f" if unit.kind in FUNCTION_KINDS else "C"
        names[unit.name] = f"{letter}{len(names) + 1}"
    return names


def _description(main: Function | None) -> str:
    description = describe(main.documentation) if main and main.documentation else None
    return description if description and is_telling(description) else ""


def _span(unit: Function) -> Span:
    return unit.start_byte, unit.end_byte


def _is_inside(unit: Function, spans: Sequence[Span]) -> bool:
    return any(start <= unit.start_byte and unit.end_byte <= end for start, end in spans)


def _without(span: Span, cut: Sequence[Span]) -> list[Span]:
    """What is left of a span when others are cut out of it."""
    rest: list[Span] = []
    start, end = span
    for cut_start, cut_end in sorted(cut):
        if start <= cut_start and cut_end <= end:
            rest.append((start, cut_start))
            start = cut_end
    rest.append((start, end))
    return [(one, other) for one, other in rest if one < other]


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Spans that touch made one."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
