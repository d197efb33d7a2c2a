"""Source bytes to searchable units, the same way for every language.

A language's query says what is a definition; everything else follows from nesting:

- a definition's qualified name is the names of what encloses it;
- functions keep their text whole; a class keeps what its own functions leave over, its type aliases included;
- what no definition covers becomes `module` units, so nothing in a file is invisible.

Captures understood in `queries/*.scm` (`@definition.KIND`, KIND being a value of `Kind`):

    @definition.KIND    the whole definition
    @name               its name; several nodes are one with all that is between them (C# `operator` `+`)
    @body               where its body starts; the signature ends there. A function's field `body` needs no capture
    @doc                documentation inside the definition, such as a docstring
    @receiver           the type a method is declared for, outside its text (Go receivers, `Foo.prototype.bar`)
    @scope.type         qualifies what is inside and makes its functions methods, but is no unit (Rust `impl`)
    @scope.namespace    qualifies what is inside, but is no unit (C++ `namespace`)

and on their own, without a name:

    @wrapper            belongs to the one definition it holds: decorators, `export`, template headers
    @attribute          belongs to the definition that it precedes or begins (Rust `#[...]`, Java `@Override`)
    @documentation      documents the definition below it, as a comment does (Elixir `@doc`)
    @comment            a comment; nodes that the grammar calls so need no capture
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tree_sitter import Node, Parser, QueryCursor

from fathom_indexer.languages.comments import Lead, Leads, clean_comments
from fathom_indexer.languages.registry import dialect
from fathom_indexer.types import FUNCTION_KINDS, Function, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fathom_indexer.languages.registry import Language

MODULE_UNIT_LINES = 40
"""Code outside definitions is cut into units of about this many lines."""

MODULE_UNIT_REACH = 120
"""No such unit spans more lines than this, definitions between its pieces included: its place should say something."""

MAX_NESTING = 32
"""Definitions nested deeper are no units of their own: their text would grow with the square of the file."""

MAX_DEPTH = 512
"""Nodes deeper in the syntax tree start no match: matching takes time in proportion to the matches under way."""

MAX_ERROR_NODES = 20_000
"""More nodes in one syntax error are no code: matching takes time in proportion to the square of their number."""

PARSE_SECONDS = 5.0
"""Processor time that parsing a file may take. A megabyte of code takes less than one, but some grammars need time
in proportion to the square of a line's length."""

# Of a file's bytes, what is handed over at once: to the parser, but also each time a predicate looks at a name.
_CHUNK_BYTES = 1024
_SIGNATURE_CHARACTERS = 300
_BOM = b"\xef\xbb\xbf"

# When several patterns of a query match one definition, the most specific kind wins.
_SPECIFICITY = {Kind.CONSTRUCTOR: 3, Kind.METHOD: 2, Kind.MACRO: 2, Kind.CLOSURE: 0}

_TYPE_KINDS = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TRAIT, Kind.OBJECT})

# `Outer::Inner::method`, `module.function`, `Table:method`, `Name\Space`; odd names are left alone.
_DOTTED = re.compile(r"(?P<owner>[\w$]+(?:(?:::|[.:\\])[\w$]+)*)(?:::|[.:\\])(?P<name>~?[\w$?!]+)")
_SEPARATOR = re.compile(r"::|[.:\\]")
_AROUND_COLONS = re.compile(r" ?:: ?")

# The arguments in `Matrix<float>::row`.
_TYPE_ARGUMENTS = re.compile(r"(?<=[\w$]) ?<[^<>]*>")

# `Type::operator==`
_OPERATOR = re.compile(r"(?:(?P<owner>.+?)::)?(?P<name>operator\b.*)")

# `"in quotes"`, Kotlin's backticks, Zig's `@"name"`, Ruby's `:symbol`, Haskell's `(+)`.
_QUOTED = re.compile(r"""(?:@?(["'`])|:(?!:)|(\())(?P<name>.+)(?(1)\1|)(?(2)\)|)""")

_SEPARATORS = b" \t,;"
_NOTHING_BUT_PUNCTUATION = re.compile(r"[\x00-\x20{}()\[\];,]*\Z")

# What leads to a body, or ends a declaration without one.
_BEFORE_BODY = re.compile(r"(?: ?[{,;\\]| =)+$")
# Where a signature was broken into lines.
_AFTER_OPENING = re.compile(r"([(\[]) ")
_BEFORE_CLOSING = re.compile(r",? ([)\]])")

Span = tuple[int, int]
Captures = dict[str, list[Node]]


@dataclass(slots=True)
class _Definition:
    """A definition or scope found by the query, before nesting is known."""

    kind: Kind | None
    """None for scopes."""
    methods_inside: bool
    name: str
    owner: str
    span: Span
    signature: str
    docstring: str
    lead: Lead
    parent: _Definition | None = None
    children: list[_Definition] = field(default_factory=list)
    """Units directly inside; scopes in between do not count."""

    @property
    def is_function(self) -> bool:
        return self.kind in FUNCTION_KINDS

    @property
    def holds_aliases(self) -> bool:
        """Whether a type alias inside is a mere part of it."""
        return self.methods_inside or self.is_function

    @property
    def enclosing_unit(self) -> _Definition | None:
        parent = self.parent
        while parent is not None and parent.kind is None:
            parent = parent.parent
        return parent

    @property
    def claimed(self) -> Span:
        """The span with the comment that documents it."""
        return self.lead.start_byte, self.span[1]

    @property
    def documentation(self) -> str:
        return "\n\n".join(text for text in (self.docstring, self.lead.documentation) if text)

    @property
    def order(self) -> tuple[int, int, int]:
        """Sorts outer before inner."""
        return self.span[0], -self.span[1], _rank(self.kind)


def extract(source: bytes, language: Language) -> list[Function]:
    """All units of a source file, ordered by where they start.

    `source` is the file as it is, in UTF-8 or a superset of ASCII; bytes that are no UTF-8 become U+FFFD in texts
    and keep their offsets. Never raises on broken source: tree-sitter recovers, and what it cannot place stays
    searchable as `module` units. So does all of a file that is too much for it (`PARSE_SECONDS`, `MAX_ERROR_NODES`).
    """
    language = dialect(language, source)
    # A byte order mark is no token in most grammars; blanks keep every offset as it is on disk.
    code = b"   " + source[3:] if source.startswith(_BOM) else source
    matches = _matches(code, language)
    leads = Leads(matches, code)
    found = sorted(_definitions(matches, code, leads), key=lambda definition: definition.order)
    definitions = _nest(_merge_clauses(found, leads) if language.clauses else found, leads)
    lines = _Lines(code)
    units = [_unit(definition, code, lines, language.name) for definition in definitions if definition.kind]
    outermost = [definition.claimed for definition in definitions if definition.kind and not definition.enclosing_unit]
    units += _module_units(_uncovered((0, len(code)), outermost), code, lines, language.name)
    return sorted(units, key=lambda unit: (unit.start_byte, -unit.end_byte))


def _matches(code: bytes, language: Language) -> list[Captures]:
    """What each match of the language's query captures; nothing where parsing is given up."""
    readable = language.macros.sub(_blank, code) if language.macros else code
    root = _parse(readable, Parser(language.tree_sitter_grammar))
    if root is None or any(node.is_error and node.child_count > MAX_ERROR_NODES for node in (root, *root.children)):
        return []
    cursor = QueryCursor(language.tree_sitter_query)
    cursor.set_max_start_depth(MAX_DEPTH)
    return [captures for _, captures in cursor.matches(root)]


def _blank(match: re.Match[bytes]) -> bytes:
    return b" " * (match.end() - match.start())


def _parse(code: bytes, parser: Parser) -> Node | None:
    end = time.thread_time() + PARSE_SECONDS

    def read(offset: int, _: object) -> bytes:
        return code[offset : offset + _CHUNK_BYTES]

    def is_late(*_: object) -> bool:
        return time.thread_time() > end

    try:
        return parser.parse(read, progress_callback=is_late).root_node
    except ValueError:
        # How the parser says that it was stopped.
        return None


def _definitions(matches: list[Captures], code: bytes, leads: Leads) -> list[_Definition]:
    """What the query finds; of matches that share a name node, the most specific, the widest, the most detailed."""
    # From the inside out: asking a node for its parent takes time in proportion to its depth.
    wrapped = {
        inner.id: wrapper
        for captures in matches
        for wrapper in captures.get("wrapper", ())
        for inner in wrapper.named_children
    }
    found: dict[int, tuple[tuple[int, int, int], _Definition]] = {}
    for captures in matches:
        definition = _definition(captures, code, leads, wrapped)
        if definition is None:
            continue
        key = captures["name"][0].start_byte
        preference = _rank(definition.kind), definition.span[1] - definition.span[0], len(captures)
        if key not in found or preference > found[key][0]:
            found[key] = preference, definition
    taken: set[Span] = set()
    definitions: list[_Definition] = []
    for _, (_, definition) in sorted(found.items(), key=lambda item: item[0]):
        # Of several names for one piece of code, as a typedef may have, the first counts.
        if definition.kind is None or definition.span not in taken:
            definitions.append(definition)
        if definition.kind:
            taken.add(definition.span)
    return definitions


def _rank(kind: Kind | None) -> int:
    return _SPECIFICITY.get(kind, 1) if kind else -1


def _definition(captures: Captures, code: bytes, leads: Leads, wrapped: dict[int, Node]) -> _Definition | None:
    label, node = next(((key, nodes[0]) for key, nodes in captures.items() if "." in key), ("", None))
    names = captures.get("name")
    if node is None or not names:
        return None
    full_name = _decode(code[names[0].start_byte : names[-1].end_byte])
    if names[0].has_error:
        # Where the parser left something out, as it does with macros it cannot know, the name is what stands last.
        full_name = " ".join(_without_type_arguments(full_name).split()[-1:])
    owner, name = _split_owner(full_name)
    if not name:
        return None
    if receivers := captures.get("receiver"):
        owner = _dotted(_decode(code[receivers[0].start_byte : receivers[-1].end_byte]))
    role, _, detail = label.partition(".")
    outer = node
    while wrapper := wrapped.get(outer.id):
        outer = wrapper
    kind = Kind(detail) if role == "definition" else None
    body = captures["body"][0] if "body" in captures else None
    if body is None and kind in FUNCTION_KINDS:
        body = node.child_by_field_name("body")
    signature_end = body.start_byte if body else node.end_byte
    return _Definition(
        kind=kind,
        methods_inside=kind in _TYPE_KINDS if kind else detail == "type",
        name=name,
        owner=owner,
        span=(outer.start_byte, leads.end_of_definition(outer.start_byte, outer.end_byte)),
        signature=_one_line(leads.declaration(outer.start_byte, signature_end)),
        docstring=clean_comments(_text(doc, code) for doc in captures.get("doc", [])),
        lead=Lead(outer.start_byte, outer.start_byte, ""),
    )


def _split_owner(name: str) -> tuple[str, str]:
    name = _AROUND_COLONS.sub("::", " ".join(name.split()))
    if quoted := _QUOTED.fullmatch(name):
        return "", quoted["name"].strip()
    if operator := _OPERATOR.fullmatch(name):
        return _dotted(operator["owner"] or ""), operator["name"]
    plain = _without_type_arguments(name).removeprefix("::")
    dotted = _DOTTED.fullmatch(plain)
    return (_dotted(dotted["owner"]), dotted["name"]) if dotted else ("", plain)


def _dotted(owner: str) -> str:
    return _SEPARATOR.sub(".", _without_type_arguments(_AROUND_COLONS.sub("::", " ".join(owner.split())))).strip(".")


def _without_type_arguments(name: str) -> str:
    while (shorter := _TYPE_ARGUMENTS.sub("", name)) != name:
        name = shorter
    return name


def _merge_clauses(definitions: list[_Definition], leads: Leads) -> list[_Definition]:
    """Functions of one name that follow each other as one, with what the first says of itself."""
    merged: list[_Definition] = []
    latest: dict[tuple[str, str], _Definition] = {}
    for definition in definitions:
        key = definition.owner, definition.name
        start, end = definition.span
        previous = latest.get(key)
        if (
            definition.is_function
            and previous is not None
            and previous.kind is definition.kind
            and previous.span[1] <= start
            and leads.only_comments(previous.span[1], start)
        ):
            previous.span = previous.span[0], end
        else:
            latest[key] = definition
            merged.append(definition)
    return merged


def _nest(definitions: list[_Definition], leads: Leads) -> list[_Definition]:
    """Link every definition with the innermost one around it, and find what stands above it."""
    nested: list[_Definition] = []
    around: list[_Definition] = []
    for definition in definitions:
        start, end = definition.span
        floor = 0
        while around and around[-1].span[1] < end:
            floor = around.pop().span[1]
        if len(around) >= MAX_NESTING or (definition.kind is Kind.TYPE and around and around[-1].holds_aliases):
            continue
        if around:
            definition.parent = around[-1]
            floor = max(floor, around[-1].span[0])
        definition.lead = leads.above(start, floor)
        definition.span = definition.lead.attributes_start, end
        if definition.kind and definition.enclosing_unit:
            definition.enclosing_unit.children.append(definition)
        around.append(definition)
        nested.append(definition)
    return nested


def _unit(definition: _Definition, code: bytes, lines: _Lines, language: str) -> Function:
    kind = definition.kind
    assert kind is not None
    if kind is Kind.FUNCTION and definition.parent is not None and definition.parent.methods_inside:
        kind = Kind.METHOD
    start, end = definition.span
    if definition.is_function:
        text = _decode(code[start:end])
    else:
        text = _join(code, _uncovered(definition.span, [child.claimed for child in definition.children]))
    return Function(
        name=definition.name,
        qualified_name=_qualified_name(definition),
        kind=kind,
        language=language,
        signature=definition.signature,
        documentation=definition.documentation,
        text=text,
        start_byte=start,
        end_byte=end,
        start_line=lines.number(start),
        end_line=lines.number(end - 1),
    )


def _qualified_name(definition: _Definition) -> str:
    parts = [definition.name]
    current: _Definition | None = definition
    while current is not None:
        if current.owner:
            parts.append(current.owner)
        current = current.parent
        if current is not None:
            parts.append(current.name)
    return ".".join(reversed(parts))


def _uncovered(span: Span, covered: Sequence[Span]) -> list[Span]:
    """What of `span` no other span covers, in order."""
    rest: list[Span] = []
    start, end = span
    for inner_start, inner_end in sorted(covered):
        if inner_start > start:
            rest.append((start, min(inner_start, end)))
        start = max(start, inner_end)
    if start < end:
        rest.append((start, end))
    return rest


def _module_units(rest: list[Span], code: bytes, lines: _Lines, language: str) -> list[Function]:
    """Units of what no definition covers: neighbouring pieces together, up to `MODULE_UNIT_LINES` lines."""
    pieces = [piece for span in rest for piece in lines.pieces(span, MODULE_UNIT_LINES)]
    pieces = [piece for piece in (_trim(code, piece) for piece in pieces) if piece is not None]
    units: list[Function] = []
    group: list[Span] = []
    height = first_line = 0
    for piece in pieces:
        start_line, end_line = lines.number(piece[0]), lines.number(piece[1] - 1)
        height += end_line - start_line + 1
        if group and (height > MODULE_UNIT_LINES or end_line - first_line >= MODULE_UNIT_REACH):
            units.append(_module_unit(group, code, lines, language))
            group, height = [], end_line - start_line + 1
        if not group:
            first_line = start_line
        group.append(piece)
    if group:
        units.append(_module_unit(group, code, lines, language))
    return units


def _module_unit(spans: list[Span], code: bytes, lines: _Lines, language: str) -> Function:
    start, end = spans[0][0], spans[-1][1]
    text = _join(code, spans)
    return Function(
        name="",
        qualified_name="",
        kind=Kind.MODULE,
        language=language,
        signature=_one_line(text.strip().split("\n", 1)[0].encode("utf-8")),
        documentation="",
        text=text,
        start_byte=start,
        end_byte=end,
        start_line=lines.number(start),
        end_line=lines.number(end - 1),
    )


def _trim(code: bytes, span: Span) -> Span | None:
    """The span without blanks at its ends; None when nothing but punctuation is left of it."""
    piece = code[span[0] : span[1]]
    if _NOTHING_BUT_PUNCTUATION.match(_decode(piece)):
        return None
    start = span[0] + len(piece) - len(piece.lstrip())
    return start, span[1] - (len(piece) - len(piece.rstrip()))


def _join(code: bytes, spans: Sequence[Span]) -> str:
    pieces = (code[start:end].strip(b"\r\n").rstrip() for start, end in spans)
    return _decode(b"\n".join(piece for piece in pieces if piece.strip(_SEPARATORS)))


def _one_line(code: bytes) -> str:
    line = _BEFORE_BODY.sub("", " ".join(_decode(code).split()))
    line = _BEFORE_CLOSING.sub(r"\1", _AFTER_OPENING.sub(r"\1", line))
    return line if len(line) <= _SIGNATURE_CHARACTERS else line[: _SIGNATURE_CHARACTERS - 1] + "…"


def _text(node: Node, code: bytes) -> str:
    return _decode(code[node.start_byte : node.end_byte])


def _decode(code: bytes) -> str:
    return code.decode("utf-8", "replace")


class _Lines:
    """Byte offsets to 1-based line numbers."""

    def __init__(self, code: bytes) -> None:
        self._starts = [0, *(match.end() for match in re.finditer(rb"\n", code))]

    def number(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def pieces(self, span: Span, height: int) -> Iterator[Span]:
        """The span cut at line starts into pieces of at most `height` lines."""
        start, end = span
        while start < end:
            next_line = self.number(start) + height
            cut = min(end, self._starts[next_line - 1]) if next_line <= len(self._starts) else end
            yield start, cut
            start = cut
