"""One open document as the editor has it, as searchable units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from fathom_indexer.encoder import code_text, text_key
from fathom_indexer.languages import extract, is_broken, language_named, lines_with_one_end
from fathom_indexer.storage import FunctionSummary, StoredFunction, TermCounter, code_words, content_hash
from fathom_indexer.types import FUNCTION_KINDS, Function


class Content:
    """What depends on a function's content only. Shared by the versions of a document, since most functions stay."""

    def __init__(self, function: Function, path: str, term_counter: TermCounter) -> None:
        self._function = function
        self._path = path
        self._term_counter = term_counter

    @cached_property
    def text(self) -> str:
        """What the encoder reads."""
        return code_text(self._function, self._path)

    @cached_property
    def key(self) -> str:
        """The text key, under which its vector is stored."""
        return text_key(self.text)

    @cached_property
    def terms(self) -> tuple[Counter[str], ...]:
        """The number of times each term occurs, in the columns of `storage.ColumnWeights`."""
        one = self._function
        columns = (one.name, one.qualified_name, one.signature, one.documentation, one.text, self._path)
        return tuple(self._term_counter.count([code_words(column) for column in columns]))

    @cached_property
    def length(self) -> int:
        """Terms in all columns, repetitions included."""
        return sum(sum(column.values()) for column in self.terms)


@dataclass(frozen=True, slots=True)
class Unit:
    """A function of a document. Its id is negative, which no stored function's is."""

    stored: StoredFunction
    content: Content

    @property
    def id(self) -> int:
        return self.stored.id

    @property
    def function(self) -> Function:
        return self.stored.function

    @property
    def path(self) -> str:
        return self.stored.path

    @property
    def summary(self) -> FunctionSummary:
        one = self.function
        return FunctionSummary(
            self.id,
            self.path,
            one.name,
            one.qualified_name,
            one.kind,
            one.language,
            one.signature,
            one.start_line,
            one.end_line,
        )


class Document:
    """A document at one version. `path` is as the index names files, or begins with `UNTITLED`."""

    def __init__(self, path: str, language: str, source: bytes) -> None:
        self.path = path
        self.language = language
        self.source = lines_with_one_end(source)
        self.content_hash = content_hash(source)
        self.units: tuple[Unit, ...] | None = None
        """None until `parse`."""
        self.embedded = False
        """Whether all units have a vector, as far as they can."""

    def parse(
        self, before: Sequence[Function], known: Sequence[Unit], term_counter: TermCounter, next_id: Callable[[], int]
    ) -> None:
        """Find the units. `before` are the functions of the last version, `known` its units if it was parsed."""
        functions = extract(self.source, language_named(self.language))
        functions += self._kept(before, functions)
        contents = {unit.function.without_place(): unit.content for unit in known}
        self.units = tuple(
            Unit(
                StoredFunction(next_id(), self.path, function),
                contents.get(function.without_place()) or Content(function, self.path, term_counter),
            )
            for function in functions
        )

    def _kept(self, before: Sequence[Function], found: Sequence[Function]) -> list[Function]:
        """Functions that a syntax error elsewhere hides from the parser: those whose code is still in the document."""
        there = {function.qualified_name for function in found}
        hidden = [one for one in before if one.kind in FUNCTION_KINDS and one.qualified_name not in there]
        if not hidden or not is_broken(self.source, language_named(self.language)):
            return []
        moved = (self._moved(function) for function in hidden)
        return [function for function in moved if function is not None]

    def _moved(self, function: Function) -> Function | None:
        """The function at its new place; None unless its code occurs exactly once."""
        code = function.text.encode("utf-8", "replace")
        start = self.source.find(code)
        if start < 0 or self.source.find(code, start + 1) >= 0:
            return None
        line = self.source.count(b"\n", 0, start) + 1
        return replace(
            function,
            start_byte=start,
            end_byte=start + len(code),
            start_line=line,
            end_line=line + code.count(b"\n"),
            name_line=function.name_line and function.name_line + line - function.start_line,
        )
