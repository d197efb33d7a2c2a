"""The definitions of source files by universal-ctags, less its known mistakes (see `recall.py`).

Written for universal-ctags 5.9 with JSON output. Of a language that is missing here ctags knows nothing, or so little
that patterns (`expected_by_lines.py`) count better: of C# it does not know members with `=>`, of OCaml it takes values
for functions, of Haskell it takes any indented line, of Kotlin it gives up inside many a class.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from expected import Expected


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
    "sql": Parser("SQL", "fptTV", ends=False),
    "tsx": Parser("TypeScript", "Gacfgim", ends=False),
    "typescript": Parser("TypeScript", "Gacfgim", ends=False),
}

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
    lines = {path: source.decode("utf-8", "replace").split("\n") for path, source in sources.items()}
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
        "ctags", "--options=NONE", "--quiet", "--output-format=json", "--sort=no", "--fields=+neKtS",
        f"--language-force={parser.name}", f"--kinds-{parser.name}={parser.kinds}", "-f", "-", "-L", "-",
    ]  # fmt: skip
    names = "".join(f"{path}\n" for path in paths if "\n" not in path)
    written = subprocess.run(command, cwd=root, input=names.encode(), check=True, capture_output=True).stdout
    for line in written.decode("utf-8", "replace").splitlines():
        tag: dict[str, str] = json.loads(line)
        if tag.get("_type") == "tag":
            yield tag


def _own_name(language: str, name: str) -> str:
    """The name without what qualifies it."""
    if language in {"lua", "powershell", "perl", "sql"}:
        return re.split(r"[.:]+", name)[-1]
    return name


def _not_one(language: str, tag: Mapping[str, str], definition: Expected, text: str) -> str:
    """Why a tag does not count, or an empty string."""
    name = definition.name
    if _ANONYMOUS.fullmatch(name) or "anonymousFunction" in name:
        return "a name that ctags made up for what has none"
    if name in _KEYWORDS:
        return "a keyword taken for a name"
    word = name.removeprefix("operator").strip().lstrip("~") or name
    if word not in text:
        return "a name that its line does not have"
    if (
        definition.kind == "typedef"
        and "__anon" not in tag.get("typeref", "")
        and re.search(rf"\}}.*\b{re.escape(name)}\b", text)
    ):
        return "a second name of a structure, which has its own"
    if (
        definition.kind == "macro"
        and language in {"c", "cpp", "cuda"}
        and not re.search(rf"\b{re.escape(name)}\(", text)
    ):
        return "a macro without parameters, which is no function"
    if language in {"javascript", "typescript", "tsx"} and definition.kind == "class":
        # What has methods is a class to ctags: functions with a prototype, objects, calls.
        if re.search(rf"\b(?:class|function)\s+{re.escape(name)}\b", text) is None:
            return "an object or a call taken for a class"
    elif language == "bash" and name.endswith(("=", "+")):
        return "an array taken for a function"
    return ""
