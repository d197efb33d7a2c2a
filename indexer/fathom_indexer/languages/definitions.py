"""The definitions that a language's query finds in a source, and how they nest.

Captures understood in `queries/*.scm` (`@definition.KIND`, KIND being a value of `Kind`):

    @definition.KIND    the whole definition; several nodes are one with all that is between them
    @name               its name; several nodes are one with all that is between them (C# `operator` `+`)
    @body               where its body starts; the signature ends there. A function's field `body` needs no capture
    @arguments          those of a macro call in place of a name: the name is made of them (`TEST_F(Queue, Pops)`)
    @declarator         instead of `@name`, a declarator of C, in which the name may be nested deeply
    @doc                documentation inside the definition, such as a docstring
    @receiver           the type a method is declared for, outside its text (Go receivers, `Foo.prototype.bar`)
    @scope.type         qualifies what is inside and makes its functions methods, but is no unit (Rust `impl`)
    @scope.namespace    qualifies what is inside, but is no unit (C++ `namespace`)

and on their own, without a name:

    @wrapper            belongs to the one definition it holds: decorators, `export`, template headers
    @attribute          belongs to the definition that it precedes or begins (Rust `#[...]`, Java `@Override`)
    @documentation      documents the definition below it, as a comment does (Elixir `@doc`)
    @items              contains code that the grammar does not parse, such as a macro's arguments
    @comment            a comment; nodes that the grammar calls so need no capture
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fathom_indexer.languages.comments import Lead, Leads, clean_comments
from fathom_indexer.languages.names import dotted_path, last_name, name_of_arguments, split_owner
from fathom_indexer.languages.parsing import Captures
from fathom_indexer.languages.recovery import read
from fathom_indexer.languages.text import Span, decode, one_line, without_conditions
from fathom_indexer.types import FUNCTION_KINDS, Kind

if TYPE_CHECKING:
    from tree_sitter import Node

    from fathom_indexer.languages.registry import Language

MAX_NESTING = 32
"""Definitions nested deeper are no units of their own: their text would grow with the square of the file."""

_MAX_NAME_BYTES = 500

# When several patterns of a query match one definition, the most specific kind wins.
_SPECIFICITY = {Kind.CONSTRUCTOR: 3, Kind.METHOD: 2, Kind.MACRO: 2, Kind.CLOSURE: 0}

_TYPE_KINDS = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TRAIT, Kind.OBJECT})


@dataclass(slots=True)
class Definition:
    """A definition or scope that the query found. `methods_inside`: functions directly in it are methods of it."""

    kind: Kind | None
    """None for scopes."""
    methods_inside: bool
    name: str
    owner: str
    name_span: Span
    """The span of the name itself."""
    body: Span | None
    span: Span
    signature: str
    docstring: str
    lead: Lead
    guessed: bool = False
    """Whether its end was derived from layout."""
    parent: Definition | None = None
    children: list[Definition] = field(default_factory=list)
    """Units directly inside; scopes in between do not count."""

    @property
    def is_function(self) -> bool:
        """Whether its text is kept whole."""
        return self.kind in FUNCTION_KINDS

    @property
    def holds_aliases(self) -> bool:
        """Whether a type alias inside is a part of it and no unit."""
        return self.methods_inside or self.is_function

    @property
    def enclosing_unit(self) -> Definition | None:
        """The innermost definition around it; scopes do not count."""
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
        """The documentation inside it, then that above it."""
        return "\n\n".join(text for text in (self.docstring, self.lead.documentation) if text)

    @property
    def order(self) -> tuple[int, int, int]:
        """Sorts outer before inner."""
        return self.span[0], -self.span[1], _rank(self.kind)


def definitions(code: bytes, language: Language) -> list[Definition]:
    """Definitions and scopes in order, outer before inner, each linked with what is around and inside it."""
    reading = read(code, language)
    matches = reading.matches
    leads = Leads(matches, code, reading.attributes)
    found = sorted(_found(matches, code, language.name, leads), key=lambda definition: definition.order)
    for definition in found:
        definition.guessed = definition.name_span[0] in reading.guessed
    return _nest(_merge_clauses(found, leads) if language.clauses else found, leads)


def _found(matches: list[Captures], code: bytes, language: str, leads: Leads) -> list[Definition]:
    """What the query finds; of matches that share a name node, the most specific, the widest, the most detailed."""
    # From the inside out: asking a node for its parent takes time in proportion to its depth.
    wrapped = {
        inner.id: wrapper
        for captures in matches
        for wrapper in captures.get("wrapper", ())
        for inner in wrapper.named_children
    }
    # A signature that belongs to the implementation below it is no definition of its own.
    parts = {(node.start_byte, node.end_byte) for captures in matches for node in captures.get("attribute", ())}
    found: dict[int | Span, tuple[tuple[int, int, int], Definition]] = {}
    for captures in matches:
        definition = _definition(captures, code, language, leads, wrapped)
        if definition is None or definition.span in parts:
            continue
        # A scope has one name, whichever pattern finds it.
        key = captures["name"][0].start_byte if definition.kind else definition.span
        preference = _rank(definition.kind), definition.span[1] - definition.span[0], len(captures)
        if key not in found or preference > found[key][0]:
            found[key] = preference, definition
    taken: set[Span] = set()
    bodies: set[Span] = set()
    definitions: list[Definition] = []
    for definition in sorted((one for _, one in found.values()), key=lambda one: (one.name_span, one.order)):
        # If one piece of code has several names, as with a typedef, the first counts.
        if definition.kind and (definition.span in taken or definition.body in bodies):
            continue
        definitions.append(definition)
        if definition.kind:
            taken.add(definition.span)
        if definition.is_function and definition.body:
            bodies.add(definition.body)
    return definitions


def _rank(kind: Kind | None) -> int:
    return _SPECIFICITY.get(kind, 1) if kind else -1


def _definition(
    captures: Captures, code: bytes, language: str, leads: Leads, wrapped: dict[int, Node]
) -> Definition | None:
    label, nodes = next(((key, nodes) for key, nodes in captures.items() if "." in key), ("", []))
    names = captures.get("name")
    if not nodes or not names:
        return None
    node = nodes[0]
    full_name = _between(names, code)
    if arguments := captures.get("arguments"):
        # The innermost ones come first: `BENCHMARK_F(Fixture, Run)(State& state)`.
        first = min(arguments, key=lambda one: one.start_byte)
        full_name = name_of_arguments(_between([first], code)) or full_name
        names = [*names, first]
    elif names[0].has_error:
        # Where the parser skipped something, such as an unknown macro, the last word is the name.
        full_name = last_name(full_name)
    owner, name = ("", full_name) if arguments else split_owner(full_name, language)
    if not name:
        return None
    if receivers := captures.get("receiver"):
        owner = dotted_path(_between(receivers, code))
    role, _, detail = label.partition(".")
    outer = node
    while wrapper := wrapped.get(outer.id):
        outer = wrapper
    kind = Kind(detail) if role == "definition" else None
    if kind is Kind.METHOD and names[0].type == "field_identifier" and not receivers:
        # After an error, the parser takes C++ behind a class for a part of it: only nesting decides what is a method.
        kind = Kind.FUNCTION
    body = captures["body"][0] if "body" in captures else None
    if body is None and kind in FUNCTION_KINDS:
        body = node.child_by_field_name("body")
    if wrapper := wrapped.get(nodes[-1].id):
        nodes = [*nodes[:-1], wrapper]
    end = max(outer.end_byte, nodes[-1].end_byte)
    signature_end = body.start_byte if body else node.end_byte
    return Definition(
        kind=kind,
        methods_inside=kind in _TYPE_KINDS if kind else detail == "type",
        name=name,
        owner=owner,
        name_span=_name_span(name, names, code),
        body=(body.start_byte, body.end_byte) if body else None,
        span=(outer.start_byte, leads.end_of_definition(outer.start_byte, end)),
        signature=one_line(without_conditions(decode(leads.declaration(outer.start_byte, signature_end))))
        if kind
        else "",
        docstring=clean_comments(decode(code[doc.start_byte : doc.end_byte]) for doc in captures.get("doc", ())),
        lead=Lead(outer.start_byte, outer.start_byte, ""),
    )


def _name_span(name: str, nodes: list[Node], code: bytes) -> Span:
    """The span of `name` within the nodes captured for it, without quotes and owners."""
    start, end = nodes[0].start_byte, nodes[-1].end_byte
    text = code[start:end]
    for words in ([name], name.split(".")):
        at = [text.rfind(word.encode("utf-8")) for word in words]
        if min(at) >= 0 and at == sorted(at):
            return start + at[0], start + at[-1] + len(words[-1].encode("utf-8"))
    return start, nodes[0].end_byte


def _between(nodes: list[Node], code: bytes) -> str:
    """The text from the first node to the last; empty when it is too long for a name."""
    start, end = nodes[0].start_byte, nodes[-1].end_byte
    return decode(code[start:end]) if end - start <= _MAX_NAME_BYTES else ""


def _merge_clauses(definitions: list[Definition], leads: Leads) -> list[Definition]:
    """Merge consecutive functions of one name into one, with the name and documentation of the first."""
    merged: list[Definition] = []
    latest: dict[tuple[str, str], Definition] = {}
    for definition in definitions:
        key = definition.owner, definition.name
        start, end = definition.span
        previous = latest.get(key)
        if (
            definition.is_function
            and previous is not None
            and previous.kind is definition.kind
            # A name that is computed, such as `unquote(name)`, may be another one each time.
            and not definition.name.endswith(")")
            and previous.span[1] <= start
            and leads.only_comments(previous.span[1], start)
        ):
            previous.span = previous.span[0], end
        else:
            latest[key] = definition
            merged.append(definition)
    return merged


def _nest(definitions: list[Definition], leads: Leads) -> list[Definition]:
    """Link every definition with the innermost enclosing one, and find the comments and attributes above it."""
    nested: list[Definition] = []
    around: list[Definition] = []
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
