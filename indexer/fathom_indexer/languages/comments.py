"""Comments that document what follows them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

_MARKS_AROUND = re.compile(r'^(?:/\*+!?|\{-+\s*\|?|--\[=*\[|[rRuUbBfF]*(?:"""|\'\'\')|@\w+\s+(?:~[sS])?""")|(?:\*+/|-+\}|\]=*\]|"""|\'\'\')$')
_MARK_OF_LINE = re.compile(r"^\s*(?://[/!]?|/\*+|\*(?!/)|#+!?|--+\s*\|?|;+|%+)\s?")
_QUOTED = re.compile(r"^[rRuUbBfF]*(\"|')(.*)\1$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Comment:
    """A documenting comment: its first byte and its words."""

    start_byte: int
    text: str


def preceding_comment(node: Node, code: bytes, attributes: frozenset[str]) -> Comment | None:
    """The comment that ends on the line before `node`, with the comments stacked directly on top of it.

    Nodes in `attributes` (Rust's `#[...]`) may stand in between. A comment behind code on its own line documents
    that code, not what follows.
    """
    below, collected = node, []
    current = node.prev_sibling
    while current is not None:
        is_comment = "comment" in current.type or current.type == "haddock"
        if not (is_comment or current.type in attributes) or not _adjacent(current, below, code):
            break
        if is_comment:
            if not _starts_line(current, code):
                break
            collected.append(current)
        below, current = current, current.prev_sibling
    if not collected:
        return None
    collected.reverse()
    text = "\n".join(code[comment.start_byte : comment.end_byte].decode("utf-8", "replace") for comment in collected)
    return Comment(collected[0].start_byte, clean_comment(text))


def _adjacent(upper: Node, lower: Node, code: bytes) -> bool:
    return code.count(b"\n", upper.start_byte + len(code[upper.start_byte : upper.end_byte].rstrip()), lower.start_byte) <= 1


def _starts_line(node: Node, code: bytes) -> bool:
    line_start = code.rfind(b"\n", 0, node.start_byte) + 1
    return not code[line_start : node.start_byte].strip()


def clean_comment(text: str) -> str:
    """The words of a comment or docstring, without its marks and common indentation."""
    text = text.strip()
    quoted = _QUOTED.match(text)
    if quoted and not text.lstrip("rRuUbBfF").startswith(('"""', "'''")):
        text = quoted[2]
    text = _MARKS_AROUND.sub("", text).strip()
    text = _MARKS_AROUND.sub("", text).strip()
    lines = [_MARK_OF_LINE.sub("", line).rstrip() for line in text.splitlines()]
    return "\n".join(line.strip() for line in lines).strip()
