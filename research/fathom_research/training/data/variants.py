"""The same function written differently: other names, comparisons the other way round, another layout, no comments."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from fathom_indexer.identifiers import split_identifier
from fathom_research.training.data.tokens import Token, TokenKind

_LETTERS = tuple("abcdefghijklmnpqrstuvwxyz")
_PLAUSIBLE = tuple(
    """
    acc args arr base batch block buf cache cell child chunk code cond config content count cur current cursor data
    delta dest entry extra field first flag flags group head idx index info input item items key keys kind last left
    len limit line list lst map mask max_value min_value mode msg name names next_item node nodes num obj offset
    old_value opts out output owner pair params parent parts path pos position prefix prev ptr queue raw record ref
    remaining res rest result ret right root row rows scale seen seq size source spec src stack start state step
    stop sub tail target temp text tmp token total tree unit val value values vec view visited weight width word
    work
    """.split()
)
_FUNCTION_NAMES = tuple("f fn func g h solve run process handle compute do_it helper impl".split())
_SPECIAL = frozenset(
    """
    self this cls super None nil null undefined true false _ arguments raise puts print require require_relative
    include extend attr_reader attr_writer attr_accessor private protected public loop proc lambda catch throw fail
    format it printf sprintf sizeof typeof defined block_given? binding module exports
    """.split()
)
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!=", "===": "===", "!==": "!=="}
_BOUNDARIES = frozenset("( ) && || and or if elif while return { } : ; ? !".split())
_OPERAND = re.compile(r"\$?\w+(?:\.\d+)?")
_REFERENCE_MARKS = frozenset({".", "->", "::", "?.", "&."})
_DROPPED = frozenset({TokenKind.COMMENT, TokenKind.DOCSTRING})


def rewritten(source: bytes, tokens: Sequence[Token], name: str, rng: random.Random) -> str | None:
    """The function made of `tokens` written differently; None where it has no two variables to rename.

    Names are replaced consistently wherever they stand for a variable; calls of other functions, fields and types keep
    theirs, so that it remains the same function.
    """
    kept = [token for token in tokens if token.kind not in _DROPPED]
    renamed = _new_names(kept, name, rng)
    if len(renamed) < 3:
        return None
    texts = [_replaced(kept, index, renamed, name) for index in range(len(kept))]
    if rng.random() < 0.5:
        _flip_comparisons(texts)
    remaining = iter(texts)
    return _laid_out(source, tokens, ["" if token.kind in _DROPPED else next(remaining) for token in tokens], rng)


def _new_names(tokens: Sequence[Token], name: str, rng: random.Random) -> dict[str, str]:
    """The new name of each variable and of the function itself."""
    taken = {token.text.lstrip("$") for token in tokens} | {name}
    variables = _variables(tokens, name)
    style = rng.choice((_LETTERS, _PLAUSIBLE, ()))
    pool = [word for word in (style or _LETTERS + _PLAUSIBLE) if word not in taken]
    rng.shuffle(pool)
    renamed: dict[str, str] = {}
    for variable in variables:
        new = "" if style else _abbreviated(variable)
        if not new or new in taken:
            if not pool:
                break
            new = pool.pop()
        taken.add(new)
        renamed[variable] = "$" + new if variable.startswith("$") else new
    if renamed:
        function_names = [word for word in _FUNCTION_NAMES if word not in taken]
        if function_names and re.fullmatch(r"\w+", name):
            renamed[name] = rng.choice(function_names)
    return renamed


def _variables(tokens: Sequence[Token], name: str) -> list[str]:
    """Names first met where a value is bound or passed, not where something is called or taken from them."""
    verdicts: dict[str, bool] = {}
    for index, token in enumerate(tokens):
        text = token.text
        if token.kind is not TokenKind.IDENTIFIER or text in verdicts:
            continue
        if _is_member(tokens, index):
            continue
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        plain = text.lstrip("$")
        constant = plain[:1].isupper() or plain.isupper() or plain in _SPECIAL or plain.startswith("__")
        verdicts[text] = not constant and text != name and following not in _REFERENCE_MARKS and following != "("
    return [text for text, is_variable in verdicts.items() if is_variable]


def _is_member(tokens: Sequence[Token], index: int) -> bool:
    return index > 0 and tokens[index - 1].text in _REFERENCE_MARKS


def _abbreviated(variable: str) -> str:
    """`lineCount` -> `lc`, `buffer` -> `bffr`: how people shorten names."""
    parts = split_identifier(variable)
    if len(parts) > 1:
        return "".join(part[0] for part in parts).lower()
    plain = variable.strip("$_")
    return plain[:1] + re.sub(r"[aeiou_]", "", plain[1:]) if len(plain) > 3 else ""


def _replaced(tokens: Sequence[Token], index: int, renamed: dict[str, str], name: str) -> str:
    token = tokens[index]
    is_name = token.text == name and token.kind is not TokenKind.STRING
    if is_name or (token.kind is TokenKind.IDENTIFIER and not _is_member(tokens, index)):
        return renamed.get(token.text, token.text)
    return token.text


def _flip_comparisons(texts: list[str]) -> None:
    """`a < b` -> `b > a` wherever both sides are single names or numbers."""
    for middle in range(2, len(texts) - 2):
        before, left, operator, right, after = texts[middle - 2 : middle + 3]
        if operator not in _FLIPPED or before not in _BOUNDARIES or after not in _BOUNDARIES:
            continue
        if _OPERAND.fullmatch(left) and _OPERAND.fullmatch(right):
            texts[middle - 1], texts[middle], texts[middle + 1] = right, _FLIPPED[operator], left


def _laid_out(source: bytes, tokens: Sequence[Token], texts: Sequence[str], rng: random.Random) -> str:
    """The texts with the gaps of the original between them, indented by another width and without blank lines."""
    pieces: list[str] = []
    end = tokens[0].start
    for token, text in zip(tokens, texts, strict=True):
        pieces += [source[end : token.start].decode("utf-8", "replace"), text]
        end = token.end
    lines = [line.expandtabs(4).rstrip() for line in "".join(pieces).strip().splitlines()]
    first, *rest = [line for line in lines if line]
    base = _indentation_at(source, tokens[0].start)
    depths = [max(0, _indentation(line) - base) for line in rest]
    step = min((depth for depth in depths if depth), default=4)
    unit = rng.choice(("  ", "    ", "\t"))
    return "\n".join(
        [first, *(unit * (depth // step) + line.lstrip() for depth, line in zip(depths, rest, strict=True))]
    )


def _indentation_at(source: bytes, offset: int) -> int:
    """The indentation of the line that byte `offset` is in."""
    line = source[source.rfind(b"\n", 0, offset) + 1 : offset + 1]
    return _indentation(line.decode("utf-8", "replace").expandtabs(4))


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
