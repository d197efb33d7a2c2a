"""Source files to documented functions: what is worth learning from, in one record each."""

from __future__ import annotations

import hashlib
import random
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fathom_indexer.duplicates.minhash import Signatures
from fathom_indexer.languages import extract
from fathom_indexer.types import FUNCTION_KINDS, Function
from fathom_research.training.data.dedup import signature
from fathom_research.training.data.documentation import describe
from fathom_research.training.data.holdout import is_held_out
from fathom_research.training.data.manifest import Package
from fathom_research.training.data.queries import is_telling
from fathom_research.training.data.sources import Source
from fathom_research.training.data.tokens import FileTokens, Token, TokenKind
from fathom_research.training.data.variants import rewritten

MIN_LINES = 3
MAX_LINES = 300
MIN_TOKENS = 20
MAX_CHARACTERS = 12_000
FILE_LIMIT = 60
"""Functions taken from one file."""

VARIANT_SHARE = 0.3
"""Of the functions, how many are also written differently."""

_SEED = "fathom"
_NAME_STARTS = 16
_ACCESSOR = re.compile(r"(?:get|set|is|has)(?:[A-Z_]|$)")
_ACCESSOR_LINES = 4
_TEST_NAME = re.compile(r"(?:test|Test|Benchmark|Fuzz)(?:_|[A-Z]|$)")
_NOT_IMPLEMENTED = re.compile(
    r"NotImplemented|not implemented|abstract method|todo!\(\)|unimplemented!\(", re.IGNORECASE
)
_NO_CODE = frozenset({TokenKind.COMMENT, TokenKind.DOCSTRING})


@dataclass(frozen=True, slots=True)
class Mined:
    """A documented function. `code` is without its documentation; `variant` the same written differently, or empty."""

    id: str
    language: str
    file: str
    name: str
    qualified_name: str
    description: str
    code: str
    variant: str


@dataclass(slots=True)
class Tally:
    """How many functions of a package went where."""

    files: int = 0
    functions: int = 0
    documented: int = 0
    held_out: int = 0
    taken: int = 0


def mine(
    package: Package, sources: Iterable[Source], held: frozenset[str], tally: Tally
) -> Iterator[tuple[Mined, Signatures]]:
    """The documented functions of a package with their MinHash, at most `package.limit` a language.

    Files are visited in an order that depends only on their paths and says nothing, so that a limit cuts evenly.
    A file that a grammar chokes on is left out.
    """
    taken = dict.fromkeys(package.languages, 0)
    for source in sorted(sources, key=lambda source: hashlib.sha1(source.path.encode()).digest()):
        language = record_language(source.language.name)
        if taken.get(language, 0) >= package.limit:
            continue
        tally.files += 1
        for found in _mine_file(package, source, language, held, tally):
            if taken.get(language, 0) >= package.limit:
                break
            taken[language] = taken.get(language, 0) + 1
            tally.taken += 1
            yield found


def record_language(language: str) -> str:
    """The language a record is filed under: TSX is TypeScript."""
    return "typescript" if language == "tsx" else language


def _mine_file(
    package: Package, source: Source, language: str, held: frozenset[str], tally: Tally
) -> list[tuple[Mined, Signatures]]:
    try:
        units = extract(source.content, source.language)
        tokens_of_file = FileTokens(source.content, source.language)
    except (ValueError, RuntimeError, RecursionError, MemoryError):
        return []
    found: list[tuple[Mined, Signatures]] = []
    for unit in units:
        if unit.kind not in FUNCTION_KINDS:
            continue
        tally.functions += 1
        if not unit.documentation or _TEST_NAME.match(unit.name):
            continue
        description = describe(unit.documentation)
        if description is None or not is_telling(description):
            continue
        if not unit.text.count("\n") + 1 >= MIN_LINES or len(unit.text) > MAX_CHARACTERS:
            continue
        tokens = tokens_of_file.inside(unit.start_byte, unit.end_byte)
        code = _code(source.content, unit, tokens)
        if _is_trivial(unit, code, tokens):
            continue
        tally.documented += 1
        if is_held_out(ways_to_write(source.content, unit, tokens, code), held):
            tally.held_out += 1
            continue
        identity = f"{package.key}/{source.path}/{unit.qualified_name}/{unit.start_byte}"
        key = hashlib.sha1(identity.encode("utf-8", "replace")).hexdigest()[:16]
        mined = Mined(
            id=key,
            language=language,
            file=source.path,
            name=unit.name,
            qualified_name=unit.qualified_name,
            description=description,
            code=code,
            variant=_variant(source.content, tokens, unit.name, key),
        )
        found.append((mined, signature([token.text for token in tokens if token.kind not in _NO_CODE])))
        if len(found) >= FILE_LIMIT:
            break
    return found


def _variant(content: bytes, tokens: Sequence[Token], name: str, key: str) -> str:
    rng = random.Random(f"{_SEED}/variant/{key}")
    return (rewritten(content, tokens, name, rng) or "") if tokens and rng.random() < VARIANT_SHARE else ""


def _code(content: bytes, unit: Function, tokens: Sequence[Token]) -> str:
    """The function without docstrings, and without the indentation of where it stood."""
    line_start = content.rfind(b"\n", 0, unit.start_byte) + 1
    indentation = content[line_start : unit.start_byte]
    lead = indentation.decode("utf-8", "replace") if not indentation.strip() else ""
    text = _cut(
        content, unit.start_byte, unit.end_byte, [token for token in tokens if token.kind is TokenKind.DOCSTRING]
    )
    return textwrap.dedent(lead + text.replace("\r\n", "\n")).strip()


def _cut(content: bytes, start: int, end: int, cut: Sequence[Token]) -> str:
    """Bytes `start` to `end` as text without some tokens, nor the lines that only they stood on."""
    pieces: list[str] = []
    for token in cut:
        pieces.append(content[start : token.start].decode("utf-8", "replace"))
        start = token.end
        if not pieces[-1].rpartition("\n")[2].strip():
            newline = content.find(b"\n", start, end)
            if newline >= 0 and not content[start:newline].strip():
                pieces[-1] = pieces[-1].rstrip(" \t")
                start = newline + 1
    return "".join([*pieces, content[start:end].decode("utf-8", "replace")])


def _is_trivial(unit: Function, code: str, tokens: Sequence[Token]) -> bool:
    lines = [line for line in code.splitlines() if line.strip()]
    return (
        not MIN_LINES <= len(lines) <= MAX_LINES
        or sum(token.kind not in _NO_CODE for token in tokens) < MIN_TOKENS
        or (len(lines) <= _ACCESSOR_LINES and _ACCESSOR.match(unit.name) is not None)
        or (len(lines) <= _ACCESSOR_LINES + 2 and _NOT_IMPLEMENTED.search(code) is not None)
    )


def ways_to_write(content: bytes, unit: Function, tokens: Sequence[Token], code: str) -> Iterator[str]:
    """The texts under which an evaluation set may list the function.

    As mined, without docstrings, without comments; and each from any of its first tokens on, since other extractors
    leave out decorators, modifiers, or the name that a function is assigned to.
    """
    yield unit.text
    yield code
    for dropped in (frozenset({TokenKind.DOCSTRING}), _NO_CODE):
        texts = [token.text for token in tokens if token.kind not in dropped]
        for start in range(min(_NAME_STARTS, len(texts))):
            yield "".join(texts[start:]).rstrip(";")
    for token in tokens[1:_NAME_STARTS]:
        yield content[token.start : unit.end_byte].decode("utf-8", "replace").rstrip().rstrip(";")
