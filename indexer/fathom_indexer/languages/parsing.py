"""From source bytes to the captures of the language's query, with bounds on time for any input."""

from __future__ import annotations

import ctypes
import re
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

from tree_sitter import Node, Parser, QueryCursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tree_sitter import Range

    from fathom_indexer.languages.registry import Language
    from fathom_indexer.languages.text import Span

MAX_DEPTH = 512
"""Nodes deeper in the syntax tree start no match: matching takes time in proportion to the matches under way."""

MAX_ERROR_NODES = 20_000
"""A file with more nodes in one syntax error is not searched for matches, which takes time quadratic in their
number."""

PARSE_SECONDS = 5.0
"""Processor time that parsing a file may take, for each megabyte that has begun. A megabyte of code takes less than
one, but some grammars need time in proportion to the square of a line's length."""

# Bytes of a file that are passed at once: to the parser, but also each time a predicate reads a name.
_CHUNK_BYTES = 1024

# What a declarator may contain besides another one, and what the parser takes for a name after an error.
_NO_DECLARATORS = frozenset({"type_qualifier", "attribute_specifier", "ms_call_modifier", "comment"})
_MEMBERS = frozenset({"field_identifier", "qualified_identifier", "destructor_name"})
_STATEMENTS = frozenset({b"if", b"for", b"while", b"switch", b"catch", b"return"})

# What an invalid UTF-8 byte is decoded to, and what replaces it in the parser's text.
_NO_TEXT = re.compile("[\udc80-\udcff]")
_SUBSTITUTE = "\x1a"

_NO_LINE_BREAK = re.compile(rb"[^\r\n]")

_KEEPS_WHAT_IT_READ = version("tree-sitter") == "0.26.1"

Captures = dict[str, list[Node]]
"""What one match captures, by label."""


def captures_of(root: Node | None, language: Language) -> list[Captures]:
    """What each match of the language's query captures; nothing if parsing was given up."""
    if root is None or any(node.is_error and node.child_count > MAX_ERROR_NODES for node in (root, *root.children)):
        return []
    cursor = QueryCursor(language.tree_sitter_query)
    cursor.set_max_start_depth(MAX_DEPTH)
    return [found for _, found in cursor.matches(root) if "declarator" not in found or _name_declared(found)]


def _name_declared(captures: Captures) -> bool:
    """Whether the captured declarator of C holds a name, however deep; it is captured then."""
    node: Node | None = captures.pop("declarator")[0]
    while node is not None and node.type.endswith("_declarator"):
        inner = node.child_by_field_name("declarator")
        node = inner or next((child for child in node.named_children if child.type not in _NO_DECLARATORS), None)
    if node is None or node.text in _STATEMENTS:
        return False
    captures["name"] = [node]
    if node.type in _MEMBERS and "definition.function" in captures:
        captures["definition.method"] = captures.pop("definition.function")
    return True


def parse(code: bytes, language: Language) -> Node | None:
    """The root of the syntax tree, offsets those of `code`; None where parsing takes too long."""
    return parse_readable(readable_code(code, language), language)


def parse_readable(code: bytes, language: Language, ranges: Sequence[Range] | None = None) -> Node | None:
    """The root of the syntax tree of readable code, or of parts of it; None where parsing takes too long."""
    parser = Parser(language.tree_sitter_grammar)
    if ranges is not None:
        parser.included_ranges = list(ranges)
    return _parse(code, parser)


def readable_code(code: bytes, language: Language) -> bytes:
    """The code as the grammar can read it: macros that it cannot know are blanked, offsets stay.

    Invalid UTF-8 becomes substitute characters: py-tree-sitter decodes the names that a query's predicates read, and
    raises, or crashes later, if it cannot.
    """
    try:
        code.decode("utf-8")
    except UnicodeDecodeError:
        code = _NO_TEXT.sub(_SUBSTITUTE, code.decode("utf-8", "surrogateescape")).encode("utf-8")
    return language.macros.sub(_blank, code) if language.macros else code


def blanked(code: bytes, spans: Iterable[Span]) -> bytes:
    """The code with blanks instead of some spans; line breaks stay."""
    changed = bytearray(code)
    for start, end in spans:
        changed[start:end] = _NO_LINE_BREAK.sub(b" ", code[start:end])
    return bytes(changed)


def is_broken(code: bytes, language: Language) -> bool:
    """Whether the source has syntax errors, or is too much for the parser."""
    root = parse(code, language)
    return root is None or root.has_error


def _blank(match: re.Match[bytes]) -> bytes:
    start, end = match.span("blank" if "blank" in match.re.groupindex else 0)
    whole = match[0]
    return whole[: start - match.start()] + b" " * (end - start) + whole[end - match.start() :]


def _parse(code: bytes, parser: Parser) -> Node | None:
    end = time.thread_time() + PARSE_SECONDS * (1 + len(code) // 1_000_000)
    given: list[bytes] = []

    def read(offset: int, _: object) -> bytes:
        # Always a new object, to which nothing else has a reference (see `_take_back`).
        chunk = bytes(memoryview(code)[offset : offset + _CHUNK_BYTES])
        given.append(chunk)
        return chunk

    def is_late(*_: object) -> bool:
        return time.thread_time() > end

    try:
        return parser.parse(read, progress_callback=is_late).root_node
    except ValueError:
        # The parser was stopped by `is_late`.
        return None
    except SystemError as error:
        # An interrupt in one callback surfaces in the other.
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise
    finally:
        _take_back(given)


def _take_back(given: list[bytes]) -> None:
    """Release what the parser read.

    py-tree-sitter 0.26.1 leaks a reference to every chunk, so that all code that was ever parsed would stay in memory.
    A chunk with more references than ours is a leaked one: after parsing, nothing else can refer to it. Only this
    version is known to leak, so other versions are left alone; so is a thread with a debugger or profiler, which may
    refer to local variables.
    """
    while given and _KEEPS_WHAT_IT_READ and sys.gettrace() is None:
        chunk = given.pop()
        # Ours and that of the call. Python shares all bytes objects of length 0 and 1.
        if len(chunk) > 1 and sys.getrefcount(chunk) > 2:
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(chunk))
