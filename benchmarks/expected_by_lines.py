"""The definitions of source files by patterns, for languages that ctags does not know well enough (see `recall.py`).

A pattern sees the file without comments and without what stands in its strings, and says where a definition's name
stands. It is written from how people write the language, not from its grammar, and finds what it is sure of: a method
without any modifier or type is counted only where a body follows its parameters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from expected import Expected


@dataclass(frozen=True)
class Pattern:
    """What a definition of some kind looks like. `name` is a group of it.

    With `after`, the pattern ends with an opening bracket, and what follows the closing one must look like that.
    """

    kind: str
    begins: re.Pattern[str]
    after: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Look:
    """How a language looks: its comments, its strings and its definitions."""

    patterns: tuple[Pattern, ...]
    line_comment: str = "//"
    block: tuple[str, str] = ("/*", "*/")
    nested: bool = False
    strings: str = r'"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"'
    scripts: re.Pattern[str] | None = field(default=None)
    """Of a file with several languages, what is to be looked at: a group `script`."""


def _pattern(kind: str, begins: str, after: str = "") -> Pattern:
    return Pattern(kind, re.compile(begins, re.MULTILINE), re.compile(after) if after else None)


_NO_CALL = (
    r"(?!(?:if|for|foreach|while|switch|catch|return|await|new|throw|assert|case|else|is|in|when|yield|do|using|lock"
    r"|fixed|super|this|try|not|and|or|var|assembly|unchecked|emit|revert|on)\b)"
)
_NO_NAME = r"(?!(?:async|static|operator)\b)"
_ANNOTATIONS = r"(?:@[\w.]+(?:\([^()\n]*\))?\s+)*"

_C_SHARP = Look(
    (
        _pattern(
            "type",
            r"^[ \t]*(?:\[[^\]\n]*\]\s*)*(?:(?:public|private|protected|internal|static|abstract|sealed|partial"
            r"|readonly|ref|unsafe|new|file)\s+)*"
            r"(?:class|struct|interface|enum|record(?:[ ]+(?:class|struct))?)[ ]+(?P<name>\w+)"
            r"(?=\s*[<({:;\n]|\s+where)",
        ),
        _pattern(
            "method",
            rf"^[ \t]*(?:\[[^\]\n]*\][ ]*)*{_NO_CALL}"
            rf"(?:(?!operator\b)[\w.?]+(?:<[^()=;\n]*>)?[?\[\],]*[ ]+)+{_NO_CALL}{_NO_NAME}"
            r"(?:[\w.]+\.)?(?P<name>\w+)[ ]*(?:<[\w, ]+>)?[ ]*\(",
            r"\s*(?:where[^{;=]*)?\s*(?::\s*(?:this|base)\s*\([^{;]*\))?\s*(?:\{|=>)",
        ),
    ),
    strings=r'"""[\s\S]*?"""|[$@]{1,2}"(?:""|\\.|[^"])*"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'',
)
_KOTLIN = Look(
    (
        _pattern(
            "function",
            rf"^[ \t]*{_ANNOTATIONS}(?:\w+[ ]+)*?fun[ ]+(?:<[^(\n]*>[ ]*)?(?:[\w.<>?*, ]+\.)?(?P<name>\w+"
            rf"|`[^`\n]+`)[ ]*\(",
        ),
        _pattern(
            "type",
            rf"^[ \t]*{_ANNOTATIONS}(?!(?:return|val|var)\b)(?:\w+[ ]+)*?"
            r"(?:class|interface|(?<!companion )object)[ ]+(?P<name>\w+)",
        ),
    ),
    nested=True,
)
_OCAML_COMMENTS = {
    "line_comment": "",
    "nested": True,
    "strings": r'\{(\w*)\|[\s\S]*?\|\1\}|"(?:\\[\s\S]|[^"\\])*"|\'(?:\\.[^\']*|[^\'\\\n])\'',
}
_OCAML = Look(
    (
        _pattern(
            "function",
            r"^[ \t]*(?:let|and)(?:%[\w.]+)?(?:\s+rec(?:%[\w.]+)?)?\s+"
            r"(?!(?:class|exception|module|open|rec|type)\b)(?P<name>[a-z_][\w']*)[ ]+(?!in\b)[\w(~?{_]",
        ),
        _pattern(
            "function",
            r"^[ \t]*(?:let|and)(?:%[\w.]+)?(?:\s+rec(?:%[\w.]+)?)?\s+"
            r"(?!(?:class|exception|module|open|rec|type)\b)(?P<name>[a-z_][\w']*)\s*=\s*(?:fun|function)\b",
        ),
        _pattern("type", r"^type\s+(?:nonrec\s+)?(?:[+-]?'\w+\s+|\([^)\n]*\)\s+)?(?P<name>[a-z_][\w']*)"),
        _pattern("module", r"^[ \t]*module\s+(?!type\b)(?P<name>[A-Z][\w']*)\s*=\s*struct\b"),
    ),
    block=("(*", "*)"),
    **_OCAML_COMMENTS,  # type: ignore[arg-type]
)
_OCAML_INTERFACE = Look(
    (
        _pattern("value", r"^[ \t]*(?:val|external)\s+(?P<name>[a-z_][\w']*)\s*:"),
        _pattern("type", r"^type\s+(?:nonrec\s+)?(?:[+-]?'\w+\s+|\([^)\n]*\)\s+)?(?P<name>[a-z_][\w']*)"),
        _pattern("module", r"^[ \t]*module\s+(?!type\b)(?P<name>[A-Z][\w']*)\s*:\s*sig\b"),
    ),
    block=("(*", "*)"),
    **_OCAML_COMMENTS,  # type: ignore[arg-type]
)
_HASKELL = Look(
    (
        _pattern("function", r"^(?P<name>[a-z_][\w']*)(?:\s*,\s*[a-z_][\w']*)*\s*::"),
        _pattern(
            "type", r"^(?:data|newtype|type)\s+(?!family\b|instance\b|role\b)(?:[^=\n]*=>\s*)?(?P<name>[A-Z][\w']*)"
        ),
        _pattern("class", r"^class\s+(?:\([^=\n]*\)\s*=>\s*|[^=\n]*=>\s*)?(?P<name>[A-Z][\w']*)"),
    ),
    line_comment="--",
    block=("{-", "-}"),
    nested=True,
    strings=r'"(?:\\[\s\S]|[^"\\\n])*"',
)
_SCALA = Look(
    (
        _pattern(
            "function",
            rf"^[ \t]*{_ANNOTATIONS}(?:(?:private|protected)(?:\[\w+\])?[ ]+|(?:final|override|implicit|inline"
            rf"|transparent"
            r"|lazy|abstract|infix)[ ]+)*def[ ]+(?P<name>[\w$]+(?:_=)?|`[^`\n]+`|[-+*/<>=!?:&|^%~@#]+)",
        ),
        _pattern(
            "type",
            rf"^[ \t]*{_ANNOTATIONS}(?:(?:private|protected)(?:\[\w+\])?[ ]+|(?:final|override|implicit|sealed|abstract"
            r"|open|case|lazy)[ ]+)*(?:class|trait|object|enum)[ ]+(?P<name>[A-Za-z_]\w*)",
        ),
    ),
    nested=True,
    strings=r'"""[\s\S]*?"""+|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'',
)
_SWIFT = Look(
    (
        _pattern(
            "function",
            rf"^[ \t]*{_ANNOTATIONS}(?:\w+(?:\(set\))?[ ]+)*?func[ ]+(?P<name>\w+|`\w+`|[-+*/<>=!?&|^%~.]+)[ ]*[(<]",
        ),
        _pattern(
            "init",
            rf"^[ \t]*{_ANNOTATIONS}(?:(?:public|private|internal|fileprivate|open|package|convenience|required"
            rf"|override"
            r"|nonisolated)[ ]+)*(?P<name>init)[?!]?[ ]*(?:<[^()\n]*>)?\(",
            r"\s*(?:async\s*)?(?:throws(?:\(\w+\))?\s*|rethrows\s*)?(?:where[^{]*)?\{",
        ),
        _pattern(
            "type",
            rf"^[ \t]*{_ANNOTATIONS}(?:(?:public|private|internal|fileprivate|open|package|final|indirect"
            rf"|nonisolated)[ ]+)*"
            r"(?:class|struct|enum|protocol|actor)[ ]+(?!func\b|var\b|let\b|subscript\b)(?P<name>\w+)",
        ),
    ),
    nested=True,
    strings=r'(#*)"""[\s\S]*?"""\1|#+"[^\n]*?"#+|"(?:\\.|[^"\\\n])*"',
)
_ZIG = Look(
    (
        _pattern(
            "function",
            r'^[ \t]*(?:(?:pub|export|extern(?:[ ]+"\w*[ ]*")?|inline|noinline)[ ]+)*fn[ ]+(?P<name>\w+'
            r'|@"[^"\n]*")[ ]*\(',
        ),
        _pattern(
            "type",
            r"^[ \t]*(?:pub[ ]+)?const[ ]+(?P<name>\w+)[ ]*=[ ]*(?:packed[ ]+|extern[ ]+)?(?:struct|union|enum"
            r"|opaque)\b[^;\n]*\{",
        ),
        _pattern("test", r'^[ \t]*test[ ]+(?P<name>"[^"\n]*")[ ]*\{'),
    ),
    block=("", ""),
    strings=r'\\\\[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
)
_DART = Look(
    (
        _pattern(
            "type",
            rf"^[ \t]*{_ANNOTATIONS}(?:(?:abstract|base|final|interface|sealed|mixin|macro)[ ]+)*"
            r"(?:class|enum|mixin|extension(?:[ ]+type(?:[ ]+const)?)?)[ ]+(?!on\b|class\b)(?P<name>\w+)"
            r"(?=\s*[<({\n]|[ ]+\w)",
        ),
        _pattern(
            "function",
            rf"^[ \t]*{_ANNOTATIONS}{_NO_CALL}(?:(?:[\w.?]+(?:<[^()=;\n]*>)?\??|\([^()=;\n]*\))[ ]+){{0,5}}{_NO_CALL}"
            r"(?:\w+\.)?(?P<name>\w+)[ ]*(?:<[^()=;\n]*>)?\(",
            r"\s*(?:async\*?|sync\*)?\s*(?:\{|=>)|\s*:\s*(?:(?:super|this)\b|assert\(|[\w.]+\s*=[^=])",
        ),
        _pattern(
            "getter",
            rf"^[ \t]*{_ANNOTATIONS}"
            rf"(?:(?:[\w.?]+(?:<[^()=;\n]*>)?\??|\([^()=;\n]*\))[ ]+){{0,4}}get[ ]+(?P<name>\w+)\s*"
            r"(?:(?:async\*?|sync\*)\s*)?(?:\{|=>)",
        ),
    ),
    nested=True,
    strings=r"""r?'''[\s\S]*?'''|r?\"\"\"[\s\S]*?\"\"\"|r'[^'\n]*'|r"[^"\n]*"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\"""",
)
_GDSCRIPT = Look(
    (
        _pattern("function", r"^[ \t]*(?:@\w+(?:\([^()\n]*\))?\s+)*(?:static[ ]+)?func[ ]+(?P<name>\w+)[ ]*\("),
        _pattern("class", r"^[ \t]*class[ ]+(?P<name>\w+)"),
        _pattern("enum", r"^[ \t]*enum[ ]+(?P<name>\w+)"),
    ),
    line_comment="#",
    block=("", ""),
    strings=r"""\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""",
)
_HCL = Look(
    (
        _pattern("block", r'^(?:resource|data|ephemeral)[ ]+"[^"\n]*"[ ]+(?P<name>"[^"\n]*")[ ]*\{'),
        _pattern("block", r'^(?:module|output|provider|variable)[ ]+(?P<name>"[^"\n]*")[ ]*\{'),
    ),
    line_comment="#",
    strings=r'"(?:\\.|[^"\\\n])*"',
)
_NIX = Look(
    (
        _pattern("function", r"^[ \t]*(?:[\w'.-]+\.)?(?P<name>[\w'-]+)[ ]*=\s*[A-Za-z_][\w'-]*[ ]*:(?=\s)"),
        _pattern(
            "function",
            r"^[ \t]*(?:[\w'.-]+\.)?(?P<name>[\w'-]+)[ ]*=\s*(?:[\w'-]+[ ]*@[ ]*)?\{",
            r"\s*(?:@\s*\w+\s*)?:\s",
        ),
    ),
    line_comment="#",
    strings=r"''(?:'''|''\$|''\\.|'[^']|[^'])*''|\"(?:\\[\s\S]|[^\"\\])*\"",
)
_SOLIDITY = Look(
    (
        _pattern("type", r"^[ \t]*(?:abstract[ ]+)?(?:contract|interface|library|struct|enum)[ ]+(?P<name>\w+)"),
        _pattern("function", r"^[ \t]*function[ ]+(?P<name>\w+)\s*\("),
        _pattern("constructor", r"^[ \t]*(?P<name>constructor)\s*\("),
        _pattern("modifier", r"^[ \t]*modifier[ ]+(?P<name>\w+)"),
    ),
    strings=r"""(?:unicode|hex)?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""",
)
_F_SHARP = Look(
    (
        _pattern(
            "function",
            r"^[ \t]*(?:let|and)[ ]+(?!private[ ]*=)(?:(?:rec|inline|private|internal|public|mutable)[ ]+)*"
            r"(?!(?:private|mutable|rec|inline|internal|public)\b)(?P<name>\w+'*|``[^`\n]+``)"
            r"(?:<[^=\n]*>)?[ ]+(?![:=|])[\w(_`'{\[][^=\n]*(?:=|$)",
        ),
        _pattern(
            "member",
            r"^[ \t]*(?:static[ ]+)?(?:member|override|default)[ ]+(?!val\b)(?:(?:inline|private|internal)[ ]+)*"
            r"(?:\w+'?\.)?(?P<name>\w+|``[^`\n]+``)",
        ),
        _pattern(
            "type", r"^[ \t]*type[ ]+(?:(?:private|internal|public)[ ]+)*(?P<name>[A-Z]\w*)(?![\w.])(?![ ]+with\b)"
        ),
    ),
    block=("(*", "*)"),
    strings=r'"""[\s\S]*?"""|@"(?:""|[^"])*"|"(?:\\[\s\S]|[^"\\])*"',
)
_SQL = Look(
    (
        _pattern(
            "function",
            r"(?i)^[ \t]*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE|TRIGGER)\s+(?:IF\s+NOT\s+EXISTS\s+)?"
            r"(?:[\w@]+\.)*(?P<name>\w+)",
        ),
        _pattern(
            "table",
            r"(?i)^[ \t]*CREATE\s+(?:OR\s+REPLACE\s+)?(?:(?:GLOBAL|LOCAL|TEMP|TEMPORARY|UNLOGGED|MATERIALIZED)\s+)*"
            r"(?:TABLE|VIEW|TYPE)\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:[\w@]+\.)*(?P<name>\w+)",
        ),
    ),
    line_comment="--",
    strings=r"(\$\w*\$)[\s\S]*?\1|'(?:''|[^'])*'",
)
_COMPONENT = Look(
    (
        _pattern(
            "function", r"^[ \t]*(?:export[ ]+)?(?:default[ ]+)?(?:async[ ]+)?function\s*\*?[ ]*(?P<name>[\w$]+)\s*[(<]"
        ),
        _pattern(
            "function",
            r"^[ \t]*(?:export[ ]+)?(?:const|let|var)[ ]+(?P<name>[\w$]+)[ ]*=[ ]*(?:async[ ]+)?\(",
            r"\s*(?::[^=\n]*)?=>",
        ),
        _pattern("class", r"^[ \t]*(?:export[ ]+)?class[ ]+(?P<name>[\w$]+)"),
    ),
    strings=r"""`(?:\\[\s\S]|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""",
    scripts=re.compile(r"<script\b[^>]*>(?P<script>[\s\S]*?)</script>|\A---\n(?P<front>[\s\S]*?)^---$", re.MULTILINE),
)

LANGUAGES: Mapping[str, Look] = {
    "astro": _COMPONENT,
    "csharp": _C_SHARP,
    "dart": _DART,
    "fsharp": _F_SHARP,
    "gdscript": _GDSCRIPT,
    "haskell": _HASKELL,
    "hcl": _HCL,
    "kotlin": _KOTLIN,
    "nix": _NIX,
    "ocaml": _OCAML,
    "ocaml-interface": _OCAML_INTERFACE,
    "scala": _SCALA,
    "solidity": _SOLIDITY,
    "sql": _SQL,
    "svelte": _COMPONENT,
    "swift": _SWIFT,
    "vue": _COMPONENT,
    "zig": _ZIG,
}


def definitions(language: str, sources: Mapping[str, bytes]) -> list[Expected]:
    """The definitions of files, all of one language; `sources` has their content by path.

    Raises `KeyError` for a language without patterns.
    """
    look = LANGUAGES[language]
    return [
        definition
        for path, source in sources.items()
        for definition in _in_file(path, source.decode("utf-8", "replace").replace("\r\n", " \n"), look)
    ]


def _in_file(path: str, text: str, look: Look) -> Iterator[Expected]:
    code = bare(text, look)
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: set[int] = set()
    for pattern in look.patterns:
        for match in pattern.begins.finditer(code):
            start, end = match.span("name")
            if start in found or (pattern.after and not pattern.after.match(code, _behind(code, match.end() - 1))):
                continue
            found.add(start)
            yield Expected(path, bisect_right(starts, start), text[start:end], pattern.kind)


def bare(text: str, look: Look) -> str:
    """The text with blanks for comments, and `x` for what stands in strings; every character keeps its place."""
    if look.scripts:
        parts = [match.span(match.lastgroup or 0) for match in look.scripts.finditer(text)]
        kept = [range(start, end) for start, end in parts]
        text = "".join(
            char if char == "\n" or any(index in part for part in kept) else " " for index, char in enumerate(text)
        )
    opening = look.block[0]
    block = re.escape(opening) if opening else r"(?!)"
    line = re.escape(look.line_comment) + r"[^\n]*" if look.line_comment else r"(?!)"
    token = re.compile(rf"(?P<block>{block})|(?P<line>{line})|(?P<string>{_ungrouped(look.strings)})")
    pieces: list[str] = []
    position = 0
    while match := token.search(text, position):
        pieces.append(text[position : match.start()])
        end = _end_of_block(text, match.end(), look) if match["block"] else match.end()
        piece = text[match.start() : end]
        if match["string"]:
            quote = max(1, min(3, (len(piece) - len(piece.strip("\"'"))) // 2))
            inner = re.sub(r"[^\n]", "x", piece[quote : len(piece) - quote])
            pieces.append(piece[:quote] + inner + piece[len(piece) - quote :])
        else:
            pieces.append(re.sub(r"[^\n]", " ", piece))
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def _ungrouped(strings: str) -> str:
    """The pattern with its one numbered group where it stands behind three named ones."""
    return strings.replace("\\1", "\\4")


def _end_of_block(text: str, position: int, look: Look) -> int:
    opening, closing = look.block
    depth = 1
    for match in re.compile(f"{re.escape(opening)}|{re.escape(closing)}").finditer(text, position):
        if match[0] == closing:
            depth -= 1
        elif look.nested:
            depth += 1
        if not depth:
            return match.end()
    return len(text)


def _behind(code: str, opening: int) -> int:
    """What follows the bracket that closes the one at `opening`; the end where none does."""
    depth = 0
    for match in re.compile(r"[(\[{]|[)\]}]").finditer(code, opening):
        depth += 1 if match[0] in "([{" else -1
        if not depth:
            return match.end()
    return len(code)
