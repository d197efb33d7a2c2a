"""A function as tokens, without comments and layout: the form in which functions are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fathom_indexer.languages.parsing import parse

if TYPE_CHECKING:
    from tree_sitter import Node

    from fathom_indexer.languages import Language

IDENTIFIER, STRING, NUMBER, OTHER = "isn."
"""The classes of tokens; `OTHER` are keywords, operators and brackets."""

# A function's text is parsed on its own. Where that fails, it may be one that can only stand in a class.
_IN_BRACES = (("", ""), ("class A {\n", "\n}"))
# Of a component, only what its scripts say is code.
_IN_SCRIPT = (("<script>\n", "\n</script>"), ("<script>\nclass A {\n", "\n}\n</script>"))
_SURROUNDINGS: dict[str, tuple[tuple[str, str], ...]] = {
    "astro": _IN_SCRIPT,
    "csharp": _IN_BRACES,
    "cpp": _IN_BRACES,
    "cuda": _IN_BRACES,
    "dart": _IN_BRACES,
    "java": _IN_BRACES,
    "javascript": _IN_BRACES,
    "kotlin": _IN_BRACES,
    "objective-c": (("", ""), ("@implementation A\n", "\n@end")),
    "ocaml": (("", ""), ("class a = object\n", "\nend")),
    "php": (("<?php ", ""), ("<?php class A {\n", "\n}")),
    "powershell": _IN_BRACES,
    "scala": _IN_BRACES,
    "solidity": (("", ""), ("contract A {\n", "\n}")),
    "svelte": _IN_SCRIPT,
    "swift": _IN_BRACES,
    "tsx": _IN_BRACES,
    "typescript": _IN_BRACES,
    "vue": _IN_SCRIPT,
}

_WORD = re.compile(r"[^\W\d]|[$@#'%]\w")
_STRING_TYPES = re.compile(r"string|str_text|heredoc|quoted|char|content|fragment|escape|regex|jsx_text")
_FIXED_TYPES = re.compile(
    r"(?:primitive|predefined|boolean|void|integral|floating_point|builtin|unit)_type$"
    r"|_specifier$|_keyword$|modifier$|_operator$|^nil_"
    r"|^(?:auto|else|false|nil|none|null|self|super|this|throws|true|undefined)$"
)
_QUOTES = re.compile(r"\w{0,2}[\"'`]+")
_DROPPED = frozenset({";", ""})


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one function: `classes[i]` is one of `IDENTIFIER`, `STRING`, `NUMBER`, `OTHER`, and `texts[i]` how
    it is written. A string literal is one token, as far as nothing is interpolated."""

    classes: str
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)


def tokens_of(text: str, language: Language) -> Tokens:
    """The tokens of a function's text, which need not be correct; none where parsing takes too long.

    Comments, docstrings, layout and semicolons are left out.
    """
    code = text.encode("utf-8", "replace")
    found = Tokens("", ())
    for before, after in _SURROUNDINGS.get(language.name, (("", ""),)):
        prefix = before.encode()
        whole = prefix + code + after.encode()
        root = parse(whole, language)
        if root is None:
            continue
        if not len(found) or not root.has_error:
            found = _tokens(root, whole, len(prefix), len(prefix) + len(code))
        if not root.has_error:
            break
    return found


def _tokens(root: Node, code: bytes, start: int, end: int) -> Tokens:
    classes: list[str] = []
    texts: list[str] = []
    cursor = root.walk()
    last_string_end = -1
    while True:
        node = cursor.node
        assert node is not None
        if not _is_remark(node):
            if cursor.goto_first_child():
                continue
            if node.start_byte >= start and node.end_byte <= end:
                text = code[node.start_byte : node.end_byte].decode("utf-8", "replace").strip()
                if text not in _DROPPED:
                    token_class = _class(node.type, node.is_named, text)
                    if token_class == STRING and last_string_end == len(texts):
                        texts[-1] += text
                    else:
                        classes.append(token_class)
                        texts.append(text)
                    if token_class == STRING:
                        last_string_end = len(texts)
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return Tokens("".join(classes), tuple(texts))


def _is_remark(node: Node) -> bool:
    """Whether a node says something to people only: a comment, or a statement that is nothing but a string."""
    kind = node.type
    if kind == "expression_statement":
        return node.child_count == 1 and (child := node.child(0)) is not None and child.type == "string"
    return "comment" in kind or kind == "haddock"


def _class(kind: str, named: bool, text: str) -> str:
    if not named:
        return STRING if _QUOTES.fullmatch(text) else OTHER
    found = _class_of_named(kind)
    if found == IDENTIFIER:
        return NUMBER if text[0].isdigit() else IDENTIFIER if _WORD.match(text) else OTHER
    return found


@lru_cache(maxsize=4096)
def _class_of_named(kind: str) -> str:
    """The class of a leaf by its type, as far as that says it: what is no string or keyword may be a name or number."""
    if "identifier" not in kind and _STRING_TYPES.search(kind):
        return STRING
    return OTHER if _FIXED_TYPES.search(kind) else IDENTIFIER
