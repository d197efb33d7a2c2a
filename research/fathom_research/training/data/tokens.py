"""A function as the leaves of its syntax tree, the form in which functions are compared and rewritten."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tree_sitter import Node, Parser, Tree

from fathom_indexer.languages import Language

_STRING_PARTS = frozenset({"string", "template_string", "heredoc_body", "string_literal", "raw_string_literal"})
_PLAIN_IDENTIFIERS = frozenset(
    {"identifier", "simple_identifier", "variable_name", "shorthand_property_identifier_pattern"}
)
_INTERPOLATIONS = frozenset(
    {"interpolation", "template_substitution", "embedded_expression", "interpolated_expression"}
)
_KEYWORD_ARGUMENTS = frozenset({"keyword_argument", "named_argument"})


class TokenKind(Enum):
    """The kind of a token, as far as rewriting needs it."""

    IDENTIFIER = "identifier"
    """A name that may be a variable's: not of a type, field or property."""
    COMMENT = "comment"
    DOCSTRING = "docstring"
    STRING = "string"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """A leaf of the tree: bytes `start` to `end` of the file."""

    start: int
    end: int
    kind: TokenKind
    text: str


class FileTokens:
    """The tokens of one source file, in order."""

    def __init__(self, source: bytes, language: Language) -> None:
        self._source = source
        self._tree: Tree = Parser(language.tree_sitter_grammar).parse(source)

    def inside(self, start: int, end: int) -> list[Token]:
        """The tokens of bytes `start` to `end`."""
        node = self._tree.root_node.descendant_for_byte_range(start, end)
        tokens: list[Token] = []
        pending = [node] if node is not None else []
        while pending:
            node = pending.pop()
            if node.end_byte <= start or node.start_byte >= end:
                continue
            kind = _kind(node)
            if kind is not None and node.start_byte >= start and node.end_byte <= end:
                if node.end_byte > node.start_byte:
                    text = self._source[node.start_byte : node.end_byte].decode("utf-8", "replace")
                    tokens.append(Token(node.start_byte, node.end_byte, kind, text))
            else:
                pending.extend(reversed(node.children))
        return tokens


def without(tokens: list[Token], kinds: frozenset[TokenKind]) -> list[Token]:
    """The tokens that are of none of the kinds."""
    return [token for token in tokens if token.kind not in kinds]


def _kind(node: Node) -> TokenKind | None:
    """The kind of a node that is taken as one token; None for nodes to look into."""
    name = node.type
    if "comment" in name:
        return TokenKind.COMMENT
    if name in _STRING_PARTS and not any(child.type in _INTERPOLATIONS for child in node.children):
        return TokenKind.DOCSTRING if _is_docstring(node) else TokenKind.STRING
    if name in _PLAIN_IDENTIFIERS:
        return TokenKind.OTHER if _names_something_elsewhere(node) else TokenKind.IDENTIFIER
    return TokenKind.OTHER if node.child_count == 0 else None


def _names_something_elsewhere(node: Node) -> bool:
    """Whether an identifier is an imported module or the name of another function's parameter."""
    parent = node.parent
    if parent is None:
        return False
    return parent.type == "dotted_name" or (
        parent.type in _KEYWORD_ARGUMENTS and parent.start_byte == node.start_byte and parent.child_count > 1
    )


def _is_docstring(node: Node) -> bool:
    """Whether a string is the first statement of a block in Python, comments aside."""
    statement = node.parent
    if statement is None or statement.type != "expression_statement" or statement.child_count != 1:
        return False
    block = statement.parent
    if block is None or block.type != "block" or block.parent is None:
        return False
    if block.parent.type not in {"function_definition", "class_definition"}:
        return False
    before = [child for child in block.named_children if child.end_byte <= statement.start_byte]
    return all("comment" in child.type for child in before)
