"""The definitions of source files by universal-ctags, less its known mistakes (see `recall.py`).

Written for universal-ctags 5.9 with JSON output. Of a language that is missing here ctags knows nothing, or so little
that patterns (`expected_by_lines.py`) count better: of C# it does not know members with `=>`, of OCaml it takes values
for functions, of Haskell it takes any indented line, of Kotlin it gives up inside many a class, and some files of SQL
keep it busy for ever.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from expected import Expected
from expected_by_lines import Look, bare


@dataclass(frozen=True, slots=True)
class Parser:
    """A parser of ctags, and those of its kinds that Fathom has units for."""

    name: str
    kinds: str
    """Letters, as in `ctags --list-kinds-full=NAME`."""
    ends: bool = True
    """Whether the last lines it gives are to be relied on."""


LANGUAGES: Mapping[str, Parser] = {
    "bash": Parser("Sh", "f", ends=False),
    "c": Parser("C", "dfgstu"),
    "cpp": Parser("C++", "cdfgstu"),
    "cuda": Parser("CUDA", "dfgstu"),
    "elixir": Parser("Elixir", "afgop", ends=False),
    "go": Parser("Go", "fist"),
    "java": Parser("Java", "acgim"),
    "javascript": Parser("JavaScript", "cfgm"),
    "julia": Parser("Julia", "fms"),
    "lua": Parser("Lua", "f"),
    "objective-c": Parser("ObjectiveC", "cimfPst", ends=False),
    "perl": Parser("Perl", "s", ends=False),
    "php": Parser("PHP", "cfit"),
    "powershell": Parser("PowerShell", "f", ends=False),
    "python": Parser("Python", "cfm"),
    "ruby": Parser("Ruby", "Scfm"),
    "rust": Parser("Rust", "MPfgist", ends=False),
    "tsx": Parser("TypeScript", "Gacfgim", ends=False),
    "typescript": Parser("TypeScript", "Gacfgim", ends=False),
}

# How comments and strings look where ctags takes what is in them for definitions.
_TEXTS = {
    "lua": Look(
        (), "--", ("--[[", "]]"), strings=r"\[(=*)\[[\s\S]*?\]\1\]|" + r'"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'"
    ),
    "powershell": Look(
        (),
        "#",
        ("<#", "#>"),
        strings=r"@'[ \t\r]*\n[\s\S]*?\n'@|@\"[ \t\r]*\n[\s\S]*?\n\"@|\"(?:`.|[^\"`])*\"|'(?:''|[^'])*'",
    ),
}
_WITH_MACROS = frozenset({"c", "cpp", "cuda"})
# A macro that takes the place of a name: ctags calls what it defines after the macro, Fathom after its arguments.
_TEST_MACRO = re.compile(r"[A-Z][A-Z0-9_]+")
_ANONYMOUS = re.compile(r"__anon\w*|[Aa]nonymous\w*|")
_KEYWORDS = frozenset("if for while switch catch return do else elif except until case when".split())


def is_there() -> bool:
    """Whether `ctags` is universal-ctags with JSON output."""
    try:
        features = subprocess.run(["ctags", "--list-features"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return any(line.startswith("json") for line in features.splitlines())


def definitions(language: str, root: Path, sources: Mapping[str, bytes], left_out: Counter[str]) -> list[Expected]:
    """The definitions of files, all of one language; `left_out` counts those that are no true ones, by reason.

    `sources` has their content by path, relative to `root`.
    """
    parser = LANGUAGES[language]
    texts = {path: source.decode("utf-8", "replace") for path, source in sources.items()}
    lines = {path: text.split("\n") for path, text in texts.items()}
    codes = {path: bare(text, _TEXTS[language]).split("\n") for path, text in texts.items() if language in _TEXTS}
    heredocs = {path: _heredocs(text) if language == "elixir" else set() for path, text in texts.items()}
    found: dict[tuple[str, int, str], Expected] = {}
    for tag in _tags(parser, root, sources):
        definition = Expected(
            tag["path"],
            int(tag["line"]),
            _own_name(language, tag["name"]),
            tag["kind"],
            int(tag.get("end", 0)) if parser.ends else 0,
        )
        text = lines[definition.path][definition.line - 1] if definition.line <= len(lines[definition.path]) else ""
        reason = _not_one(language, tag, definition, text)
        if definition.line in heredocs[definition.path]:
            reason = "code in documentation or another string"
        if codes and not reason and "function" not in codes[definition.path][definition.line - 1].lower():
            reason = "code in documentation or another string"
        if language in _WITH_MACROS and not reason and _TEST_MACRO.fullmatch(definition.name):
            name = _said_by_macro(definition.name, lines[definition.path][definition.line - 1 :])
            reason = reason if name else "a call of a macro without arguments, which is no definition"
            definition = replace(definition, name=name)
        key = definition.path, definition.line, definition.name
        if reason:
            left_out[reason] += 1
        elif key in found:
            left_out["named twice in one line"] += 1
        else:
            found[key] = definition
    return list(found.values())


def _tags(parser: Parser, root: Path, paths: Mapping[str, bytes]) -> Iterator[dict[str, str]]:
    """What ctags writes for files, without what says that a file includes another."""
    command = [
        "ctags", "--options=NONE", "--quiet", "--output-format=json", "--sort=no", "--fields=+neKtSsp",
        f"--language-force={parser.name}", f"--kinds-{parser.name}={parser.kinds}", "-f", "-", "-L", "-",
    ]  # fmt: skip
    names = "".join(f"{path}\n" for path in paths if "\n" not in path)
    written = subprocess.run(command, cwd=root, input=names.encode(), check=True, capture_output=True).stdout
    for line in written.decode("utf-8", "replace").splitlines():
        tag: dict[str, str] = json.loads(line)
        if tag.get("_type") == "tag":
            yield tag


def _heredocs(text: str) -> set[int]:
    """The lines, from 1, inside strings of several lines in triple quotes."""
    lines: set[int] = set()
    for match in re.finditer(r'("""|\'\'\')[\s\S]*?\1', text):
        first = text.count("\n", 0, match.start()) + 1
        lines.update(range(first + 1, first + match[0].count("\n") + 1))
    return lines


def _said_by_macro(name: str, lines: list[str]) -> str:
    """What a macro in the place of a name says: `Queue.Pops` of `TEST_F(Queue, Pops)`; its own name if no call."""
    call = re.search(rf"^\s*(?:\w+[ ]+)*{name}\s*\(([^()]*)\)", "\n".join(lines[:4]))
    if call is None or name not in lines[0]:
        return name
    words = [re.sub(r'^\w?"|"$', "", word.strip()) for word in call[1].split(",")]
    if not all(re.fullmatch(r"[\w:]*", word) for word in words):
        return name
    return ".".join(words) if len(words) == 2 else words[0]


def _own_name(language: str, name: str) -> str:
    """The name without what qualifies it."""
    if language == "objective-c":
        return name.partition(":")[0]
    if language in {"lua", "perl"}:
        if key := re.search(r"[\w\])](\[\w+\])$", name):
            return key[1]
        return re.split(r"[.:]+", name.strip("\"'`[]"))[-1].strip("\"'`[]")
    if language == "bash":
        return name.rpartition("::")[2]
    if language == "cuda" and name == "operator":
        return "operator()"
    if language == "julia":
        return name.partition("{")[0]
    if language == "powershell":
        return re.sub(r"(?i)^(?:global|local|private|script):", "", name)
    return name


def _not_one(language: str, tag: Mapping[str, str], definition: Expected, text: str) -> str:
    """Why a tag does not count, or an empty string."""
    name, kind = re.escape(definition.name), definition.kind
    if _ANONYMOUS.fullmatch(definition.name) or "anonymousFunction" in definition.name:
        return "a name that ctags made up for what has none"
    if definition.name in _KEYWORDS:
        return "a keyword taken for a name"
    if (definition.name.removeprefix("operator").strip().lstrip("~") or definition.name) not in text:
        return "a name that its line does not have"
    if kind in {"describe", "context"}:
        return "a group of tests, which is no definition"
    if kind == "typedef" and tag.get("scopeKind", "file") not in {"file", "namespace", "module"}:
        return "a type alias in a type or a function, which stays a part of that"
    return _not_one_of(language, tag, name, kind, text)


def _not_one_of(language: str, tag: Mapping[str, str], name: str, kind: str, text: str) -> str:
    """The same for what ctags takes wrongly in one language; `name` is a pattern."""
    checks: dict[str, list[tuple[bool, str]]] = {
        "c": [
            (
                kind == "typedef"
                and "__anon" not in tag.get("typeref", "")
                and bool(re.search(rf"\}}.*\b{name}\b", text)),
                "a second name of a structure, which has its own",
            ),
            (
                kind == "enum"
                and not re.search(rf"\benum\b(?:\s+(?:class|struct|[A-Z_]+(?:\(.*\))?))*\s+{name}\b", text),
                "a variable taken for an enumeration",
            ),
            (
                kind == "function" and bool(re.search(rf"\)\s*(?:const\s*)?{name}\s*\(", text)) and name.isupper(),
                "a macro behind arguments taken for a name",
            ),
            (
                kind == "macro" and not re.search(rf"\b{name}\(", text),
                "a macro without parameters, which is no function",
            ),
        ],
        "javascript": [
            # What has methods is a class to ctags: functions with a prototype, objects, calls.
            (
                kind == "class" and not re.search(rf"\b(?:class|function)\s+{name}\b", text),
                "an object or a call taken for a class",
            ),
            (
                bool(re.search(rf"[\w$\"']\s*[:=]\s*(?:async\s+)?function\s*\*?\s*{name}\b", text)),
                "the inner name of a function that is called by what it is bound to",
            ),
            (
                kind == "alias" and not re.match(rf"\s*(?:export\s+)?(?:declare\s+)?type\s+{name}\s*(?:<|=|$)", text),
                "an imported type, or a variable called `type`, taken for a type alias",
            ),
            (
                kind == "alias" and text.startswith((" ", "\t")),
                "a type alias in a type or a function, which stays a part of that",
            ),
        ],
        "rust": [
            (
                kind == "typedef" and text.startswith((" ", "\t")),
                "a type alias in a type or a function, which stays a part of that",
            )
        ],
        "bash": [
            (name.endswith(("=", r"\+")), "an array taken for a function"),
            (
                not re.match(rf"(?:.*[;&|{{])?\s*(?:function\s+)?[\w:.-]*{name}\s*(?:[({{]|$)", text),
                "words of a string taken for a function",
            ),
        ],
        "julia": [(bool(re.search(rf"\b{name}\.:", text)), "a module taken for the operator that is defined in it")],
        "lua": [
            (
                not re.search(rf"\bfunction\s+[\w.:]*\b{name}\s*\(|\b{name}[\"'\]]*\s*=\s*function\b", text),
                "a string, a comment or a call with a function taken for a function",
            ),
            (name == "end", "a keyword taken for a name"),
        ],
        "java": [
            (
                kind == "method" and bool(re.match(rf"\s*{name}\s*\(.*\)\s*\{{", text)) and name.isupper(),
                "a constant of an enum taken for a method",
            )
        ],
    }
    checks["cpp"] = checks["cuda"] = checks["c"]
    checks["objective-c"] = [
        *checks["c"],
        (text.lstrip().startswith("@property"), "a property without code"),
        (
            bool(re.match(r"\s*[-+]", text)) and (tag["path"].endswith(".h") or text.rstrip().endswith(";")),
            "a declaration, which stays in its interface, or in a protocol",
        ),
        (kind == "typedef" and "(^" in text, "a parameter of a block's type taken for its name"),
        (kind == "function" and text.rstrip().endswith(";"), "a declaration without a body"),
    ]
    checks["cuda"] = [*checks["c"], (name.startswith("__"), "a word of CUDA taken for a name")]
    checks["typescript"] = checks["tsx"] = checks["javascript"]
    return next((reason for holds, reason in checks.get(language, []) if holds), "")
